// Squares of numbers transposed in AVX registers, for both targets that have them.
//
// Included inside a target's own anonymous namespace.
#pragma once

/// out[j * PANEL + k] = in[k * PANEL + j] for a square of SQUARE by SQUARE.
INLINE void transpose_square(const float* in, float* out) {
    __m256 row[8], pair[8], four[8];
    for (int i = 0; i < 8; ++i) row[i] = _mm256_loadu_ps(in + i * PANEL<float>);
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int half = 0; half < 2; ++half) {
            four[i + 2 * half] = _mm256_shuffle_ps(pair[i + half], pair[i + 2 + half], 0x44);
            four[i + 2 * half + 1] = _mm256_shuffle_ps(pair[i + half], pair[i + 2 + half], 0xEE);
        }
    for (int i = 0; i < 4; ++i) {
        _mm256_storeu_ps(out + i * PANEL<float>, _mm256_permute2f128_ps(four[i], four[i + 4], 0x20));
        _mm256_storeu_ps(out + (i + 4) * PANEL<float>, _mm256_permute2f128_ps(four[i], four[i + 4], 0x31));
    }
}

INLINE void transpose_square(const double* in, double* out) {
    __m256d row[4], pair[4];
    for (int i = 0; i < 4; ++i) row[i] = _mm256_loadu_pd(in + i * PANEL<double>);
    for (int i = 0; i < 4; i += 2) {
        pair[i] = _mm256_unpacklo_pd(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_pd(row[i], row[i + 1]);
    }
    for (int i = 0; i < 2; ++i) {
        _mm256_storeu_pd(out + i * PANEL<double>, _mm256_permute2f128_pd(pair[i], pair[i + 2], 0x20));
        _mm256_storeu_pd(out + (i + 2) * PANEL<double>, _mm256_permute2f128_pd(pair[i], pair[i + 2], 0x31));
    }
}
