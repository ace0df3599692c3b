// Vectors of eight floats or four doubles in AVX2 registers.
//
// Included inside a target's own anonymous namespace: nothing here has a name outside of one object file.
#pragma once

/// Eight floats.
struct F32 {
    using T = float;
    using Mask = __m256;
    static constexpr int lanes = 8;
    __m256 v;

    static INLINE F32 load(const T* p) { return {_mm256_loadu_ps(p)}; }
    static INLINE F32 load_first(const T* p, long count) {
        return {_mm256_maskload_ps(p, _mm256_castps_si256(first(count)))};
    }
    static INLINE F32 broadcast(T x) { return {_mm256_set1_ps(x)}; }
    static INLINE Mask first(long count) {
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const int n = static_cast<int>(count < lanes ? count : lanes);
        return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
    }
    INLINE void store(T* p) const { _mm256_storeu_ps(p, v); }
};

INLINE F32 operator+(F32 a, F32 b) { return {_mm256_add_ps(a.v, b.v)}; }
INLINE F32 operator-(F32 a, F32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
INLINE F32 operator*(F32 a, F32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
INLINE F32 operator/(F32 a, F32 b) { return {_mm256_div_ps(a.v, b.v)}; }
INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
INLINE F32 fnma(F32 a, F32 b, F32 c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
INLINE F32 larger(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
INLINE F32 smaller(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }
INLINE F32 root(F32 a) { return {_mm256_sqrt_ps(a.v)}; }
INLINE F32 magnitude(F32 a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.v)}; }
INLINE F32 with_sign(F32 a, F32 sign) {
    const __m256 s = _mm256_set1_ps(-0.0F);
    return {_mm256_or_ps(_mm256_and_ps(s, sign.v), _mm256_andnot_ps(s, a.v))};
}
INLINE __m256 greater(F32 a, F32 b) { return _mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ); }
INLINE F32 choose(__m256 m, F32 yes, F32 no) { return {_mm256_blendv_ps(no.v, yes.v, m)}; }

/// A bit for each lane that is not 0, and for one that is no number.
INLINE unsigned filled_lanes(F32 x) {
    return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(x.v, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
}

/// Returns 2^n, where `shifted` is n + 1.5 * 2^23 and -126 <= n <= 127.
INLINE F32 power_of_two(F32 shifted) {
    const __m256i n = _mm256_add_epi32(_mm256_castps_si256(shifted.v), _mm256_set1_epi32(127));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(n, 23))};
}

/// Splits a positive normal number into a mantissa from 1 to below 2 and its exponent.
INLINE F32 split(F32 x, F32& exponent) {
    const __m256i bits = _mm256_castps_si256(x.v);
    const __m256i e = _mm256_or_si256(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(0x4B000000));
    exponent = F32{_mm256_castsi256_ps(e)} - F32::broadcast(8388608.0F + 127.0F);
    const __m256i m = _mm256_and_si256(bits, _mm256_set1_epi32(0x007FFFFF));
    return {_mm256_castsi256_ps(_mm256_or_si256(m, _mm256_set1_epi32(0x3F800000)))};
}

/// Sums sixteen rows of sixteen by the tree of `tree`, eight at once: out[i] is the sum of row i.
INLINE void sum_rows(const float* x, float* out) {
    for (int i = 0; i < 16; i += 8) {
        const auto row = [x, i](int r) {
            const float* p = x + 16 * (i + r);
            return _mm256_add_ps(_mm256_load_ps(p), _mm256_load_ps(p + 8));
        };
        __m256 quarters[4];
        for (int q = 0; q < 4; ++q) {
            const __m256 a = row(q), b = row(4 + q);
            quarters[q] =
                _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
        }
        __m256 pairs[2];
        for (int h = 0; h < 2; ++h) {
            const __m256 a = quarters[2 * h], b = quarters[2 * h + 1];
            pairs[h] = _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xEE));
        }
        _mm256_storeu_ps(out + i, _mm256_add_ps(_mm256_shuffle_ps(pairs[0], pairs[1], 0x88),
                                                _mm256_shuffle_ps(pairs[0], pairs[1], 0xDD)));
    }
}

/// Four doubles.
struct F64 {
    using T = double;
    using Mask = __m256d;
    static constexpr int lanes = 4;
    __m256d v;

    static INLINE F64 load(const T* p) { return {_mm256_loadu_pd(p)}; }
    static INLINE F64 load_first(const T* p, long count) {
        return {_mm256_maskload_pd(p, _mm256_castpd_si256(first(count)))};
    }
    static INLINE F64 broadcast(T x) { return {_mm256_set1_pd(x)}; }
    static INLINE Mask first(long count) {
        const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
        return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x(count), lane));
    }
    INLINE void store(T* p) const { _mm256_storeu_pd(p, v); }
};

INLINE F64 operator+(F64 a, F64 b) { return {_mm256_add_pd(a.v, b.v)}; }
INLINE F64 operator-(F64 a, F64 b) { return {_mm256_sub_pd(a.v, b.v)}; }
INLINE F64 operator*(F64 a, F64 b) { return {_mm256_mul_pd(a.v, b.v)}; }
INLINE F64 operator/(F64 a, F64 b) { return {_mm256_div_pd(a.v, b.v)}; }
INLINE F64 fma(F64 a, F64 b, F64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
INLINE F64 fnma(F64 a, F64 b, F64 c) { return {_mm256_fnmadd_pd(a.v, b.v, c.v)}; }
INLINE F64 larger(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }
INLINE F64 smaller(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }
INLINE F64 root(F64 a) { return {_mm256_sqrt_pd(a.v)}; }
INLINE F64 magnitude(F64 a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v)}; }
INLINE F64 with_sign(F64 a, F64 sign) {
    const __m256d s = _mm256_set1_pd(-0.0);
    return {_mm256_or_pd(_mm256_and_pd(s, sign.v), _mm256_andnot_pd(s, a.v))};
}
INLINE __m256d greater(F64 a, F64 b) { return _mm256_cmp_pd(a.v, b.v, _CMP_GT_OQ); }
INLINE F64 choose(__m256d m, F64 yes, F64 no) { return {_mm256_blendv_pd(no.v, yes.v, m)}; }

/// A bit for each lane that is not 0, and for one that is no number.
INLINE unsigned filled_lanes(F64 x) {
    return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(x.v, _mm256_setzero_pd(), _CMP_NEQ_UQ)));
}

/// Returns 2^n, where `shifted` is n + 1.5 * 2^52 and -1022 <= n <= 1023.
INLINE F64 power_of_two(F64 shifted) {
    const __m256i n = _mm256_add_epi64(_mm256_castpd_si256(shifted.v), _mm256_set1_epi64x(1023));
    return {_mm256_castsi256_pd(_mm256_slli_epi64(n, 52))};
}

/// Splits a positive normal number into a mantissa from 1 to below 2 and its exponent.
INLINE F64 split(F64 x, F64& exponent) {
    const __m256i bits = _mm256_castpd_si256(x.v);
    const __m256i e =
        _mm256_or_si256(_mm256_srli_epi64(bits, 52), _mm256_set1_epi64x(0x4330000000000000));
    exponent = F64{_mm256_castsi256_pd(e)} - F64::broadcast(4503599627370496.0 + 1023.0);
    const __m256i m = _mm256_and_si256(bits, _mm256_set1_epi64x(0x000FFFFFFFFFFFFF));
    return {_mm256_castsi256_pd(_mm256_or_si256(m, _mm256_set1_epi64x(0x3FF0000000000000)))};
}
