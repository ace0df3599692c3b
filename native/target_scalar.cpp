// Target scalar: one number at a time, with std::fma: what the others are held to.
#include "targets.hpp"

#define INLINE inline __attribute__((always_inline))
#define ELLNET_PLAIN

namespace ellnet {
namespace {

/// Rows of a register tile.
constexpr int TILE_ROWS = 2;

#include "vectors_scalar.hpp"
// (vectors come first: the kernels are written over them)
#include "kernels.hpp"

}  // namespace

extern const Kernels<float> scalar_single;
extern const Kernels<double> scalar_twice;
const Kernels<float> scalar_single = table_of<F32>();
const Kernels<double> scalar_twice = table_of<F64>();

}  // namespace ellnet
