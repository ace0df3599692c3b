// Target avx512: AVX-512.
#include "targets.hpp"

#include <immintrin.h>
#define INLINE inline __attribute__((always_inline))
#define ELLNET_FOLDS  // this target adds up a vector without a detour through memory

namespace ellnet {
namespace {

/// Rows of a register tile.
constexpr int TILE_ROWS = 8;

#include "vectors_avx512.hpp"
#include "squares_x86.hpp"
// (vectors come first: the kernels are written over them)
#include "kernels.hpp"

}  // namespace

extern const Kernels<float> avx512_single;
extern const Kernels<double> avx512_twice;
const Kernels<float> avx512_single = table_of<F32>();
const Kernels<double> avx512_twice = table_of<F64>();

}  // namespace ellnet
