// Vectors of sixteen floats or eight doubles in AVX-512 registers.
//
// Included inside a target's own anonymous namespace: nothing here has a name outside of one object file.
#pragma once

/// Sixteen floats.
struct F32 {
    using T = float;
    using Mask = __mmask16;
    static constexpr int lanes = 16;
    __m512 v;

    static INLINE F32 load(const T* p) { return {_mm512_loadu_ps(p)}; }
    static INLINE F32 load_first(const T* p, long count) {
        return {_mm512_maskz_loadu_ps(first(count), p)};
    }
    static INLINE F32 broadcast(T x) { return {_mm512_set1_ps(x)}; }
    static INLINE Mask first(long count) {
        return static_cast<Mask>(count >= lanes ? 0xFFFFu : (1u << count) - 1u);
    }
    INLINE void store(T* p) const { _mm512_storeu_ps(p, v); }
};

INLINE F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
INLINE F32 operator-(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
INLINE F32 operator*(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
INLINE F32 operator/(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
INLINE F32 fnma(F32 a, F32 b, F32 c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
INLINE F32 larger(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
INLINE F32 smaller(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
INLINE F32 root(F32 a) { return {_mm512_sqrt_ps(a.v)}; }
INLINE F32 magnitude(F32 a) { return {_mm512_abs_ps(a.v)}; }
INLINE F32 with_sign(F32 a, F32 sign) {
    const __m512i s = _mm512_set1_epi32(static_cast<int>(0x80000000u));
    return {_mm512_castsi512_ps(_mm512_ternarylogic_epi32(
        s, _mm512_castps_si512(sign.v), _mm512_castps_si512(a.v), 0xCA))};
}
INLINE __mmask16 greater(F32 a, F32 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ); }
INLINE F32 choose(__mmask16 m, F32 yes, F32 no) { return {_mm512_mask_blend_ps(m, no.v, yes.v)}; }

/// A bit for each lane that is not 0, and for one that is no number.
INLINE unsigned filled_lanes(F32 x) { return _mm512_cmp_ps_mask(x.v, _mm512_setzero_ps(), _CMP_NEQ_UQ); }

/// Returns 2^n, where `shifted` is n + 1.5 * 2^23 and -126 <= n <= 127.
INLINE F32 power_of_two(F32 shifted) {
    const __m512i n = _mm512_add_epi32(_mm512_castps_si512(shifted.v), _mm512_set1_epi32(127));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(n, 23))};
}

/// Splits a positive normal number into a mantissa from 1 to below 2 and its exponent.
INLINE F32 split(F32 x, F32& exponent) {
    const __m512i bits = _mm512_castps_si512(x.v);
    const __m512i e = _mm512_or_si512(_mm512_srli_epi32(bits, 23), _mm512_set1_epi32(0x4B000000));
    exponent = F32{_mm512_castsi512_ps(e)} - F32::broadcast(8388608.0F + 127.0F);
    const __m512i m = _mm512_and_si512(bits, _mm512_set1_epi32(0x007FFFFF));
    return {_mm512_castsi512_ps(_mm512_or_si512(m, _mm512_set1_epi32(0x3F800000)))};
}

/// The sum of sixteen numbers by the tree of `tree`.
INLINE float fold(F32 x) {
    const __m256 eight =
        _mm256_add_ps(_mm512_castps512_ps256(x.v), _mm512_extractf32x8_ps(x.v, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// The largest of sixteen numbers.
INLINE float fold_largest(F32 x) {
    const __m256 eight =
        _mm256_max_ps(_mm512_castps512_ps256(x.v), _mm512_extractf32x8_ps(x.v, 1));
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// [a's pairs i + i + 8 | b's].
INLINE __m512 halves(__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
}

/// Sums sixteen rows of sixteen by the tree of `tree`, all at once: out[i] is the sum of row i.
INLINE void sum_rows(const float* x, float* out) {
    const auto row = [x](int i) { return _mm512_load_ps(x + 16 * i); };
    __m512 quarters[4];
    for (int q = 0; q < 4; ++q) {
        const __m512 a = halves(row(q), row(4 + q)), b = halves(row(8 + q), row(12 + q));
        quarters[q] =
            _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
    }
    __m512 pairs[2];
    for (int h = 0; h < 2; ++h) {
        const __m512 a = quarters[2 * h], b = quarters[2 * h + 1];
        pairs[h] = _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
    }
    _mm512_storeu_ps(out, _mm512_add_ps(_mm512_shuffle_ps(pairs[0], pairs[1], 0x88),
                                        _mm512_shuffle_ps(pairs[0], pairs[1], 0xDD)));
}

/// Eight doubles.
struct F64 {
    using T = double;
    using Mask = __mmask8;
    static constexpr int lanes = 8;
    __m512d v;

    static INLINE F64 load(const T* p) { return {_mm512_loadu_pd(p)}; }
    static INLINE F64 load_first(const T* p, long count) {
        return {_mm512_maskz_loadu_pd(first(count), p)};
    }
    static INLINE F64 broadcast(T x) { return {_mm512_set1_pd(x)}; }
    static INLINE Mask first(long count) {
        return static_cast<Mask>(count >= lanes ? 0xFFu : (1u << count) - 1u);
    }
    INLINE void store(T* p) const { _mm512_storeu_pd(p, v); }
};

INLINE F64 operator+(F64 a, F64 b) { return {_mm512_add_pd(a.v, b.v)}; }
INLINE F64 operator-(F64 a, F64 b) { return {_mm512_sub_pd(a.v, b.v)}; }
INLINE F64 operator*(F64 a, F64 b) { return {_mm512_mul_pd(a.v, b.v)}; }
INLINE F64 operator/(F64 a, F64 b) { return {_mm512_div_pd(a.v, b.v)}; }
INLINE F64 fma(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
INLINE F64 fnma(F64 a, F64 b, F64 c) { return {_mm512_fnmadd_pd(a.v, b.v, c.v)}; }
INLINE F64 larger(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }
INLINE F64 smaller(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }
INLINE F64 root(F64 a) { return {_mm512_sqrt_pd(a.v)}; }
INLINE F64 magnitude(F64 a) { return {_mm512_abs_pd(a.v)}; }
INLINE F64 with_sign(F64 a, F64 sign) {
    const __m512i s = _mm512_set1_epi64(static_cast<long long>(0x8000000000000000ull));
    return {_mm512_castsi512_pd(_mm512_ternarylogic_epi64(
        s, _mm512_castpd_si512(sign.v), _mm512_castpd_si512(a.v), 0xCA))};
}
INLINE __mmask8 greater(F64 a, F64 b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_GT_OQ); }
INLINE F64 choose(__mmask8 m, F64 yes, F64 no) { return {_mm512_mask_blend_pd(m, no.v, yes.v)}; }

/// A bit for each lane that is not 0, and for one that is no number.
INLINE unsigned filled_lanes(F64 x) { return _mm512_cmp_pd_mask(x.v, _mm512_setzero_pd(), _CMP_NEQ_UQ); }

/// Returns 2^n, where `shifted` is n + 1.5 * 2^52 and -1022 <= n <= 1023.
INLINE F64 power_of_two(F64 shifted) {
    const __m512i n = _mm512_add_epi64(_mm512_castpd_si512(shifted.v), _mm512_set1_epi64(1023));
    return {_mm512_castsi512_pd(_mm512_slli_epi64(n, 52))};
}

/// Splits a positive normal number into a mantissa from 1 to below 2 and its exponent.
INLINE F64 split(F64 x, F64& exponent) {
    const __m512i bits = _mm512_castpd_si512(x.v);
    const __m512i e =
        _mm512_or_si512(_mm512_srli_epi64(bits, 52), _mm512_set1_epi64(0x4330000000000000));
    exponent = F64{_mm512_castsi512_pd(e)} - F64::broadcast(4503599627370496.0 + 1023.0);
    const __m512i m = _mm512_and_si512(bits, _mm512_set1_epi64(0x000FFFFFFFFFFFFF));
    return {_mm512_castsi512_pd(_mm512_or_si512(m, _mm512_set1_epi64(0x3FF0000000000000)))};
}
