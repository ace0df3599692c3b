// Target avx2: AVX2 with fused multiply-add.
#include "targets.hpp"

#include <immintrin.h>
#define INLINE inline __attribute__((always_inline))

namespace ellnet {
namespace {

/// Rows of a register tile.
constexpr int TILE_ROWS = 6;

#include "vectors_avx2.hpp"
#include "squares_x86.hpp"
// (vectors come first: the kernels are written over them)
#include "kernels.hpp"

}  // namespace

extern const Kernels<float> avx2_single;
extern const Kernels<double> avx2_twice;
const Kernels<float> avx2_single = table_of<F32>();
const Kernels<double> avx2_twice = table_of<F64>();

}  // namespace ellnet
