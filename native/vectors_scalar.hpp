// Vectors of sixteen numbers, calculated one after another with std::fma's rounding: the oracle.
//
// Included inside a target's own anonymous namespace: nothing here has a name outside of one object file.
#pragma once

INLINE float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
INLINE double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
INLINE float root_of(float a) { return __builtin_sqrtf(a); }
INLINE double root_of(double a) { return __builtin_sqrt(a); }
INLINE float sign_of(float a, float sign) { return __builtin_copysignf(a, sign); }
INLINE double sign_of(double a, double sign) { return __builtin_copysign(a, sign); }

/// Which of sixteen lanes.
struct Lanes {
    bool is[16];
};

/// Sixteen numbers, one at a time.
template <class Number>
struct Plain {
    using T = Number;
    using Mask = Lanes;
    static constexpr int lanes = 16;
    T v[16];

    static INLINE Plain load(const T* p) { return load_first(p, lanes); }
    static INLINE Plain load_first(const T* p, long count) {
        Plain x;
        for (int i = 0; i < lanes; ++i) x.v[i] = i < count ? p[i] : T(0);
        return x;
    }
    static INLINE Plain broadcast(T a) {
        Plain x;
        for (T& each : x.v) each = a;
        return x;
    }
    static INLINE Mask first(long count) {
        Lanes m;
        for (int i = 0; i < lanes; ++i) m.is[i] = i < count;
        return m;
    }
    INLINE void store(T* p) const {
        for (int i = 0; i < lanes; ++i) p[i] = v[i];
    }
};

using F32 = Plain<float>;
using F64 = Plain<double>;

#define ELLNET_EACH(EXPRESSION)                           \
    Plain<T> x;                                           \
    for (int i = 0; i < 16; ++i) x.v[i] = (EXPRESSION);   \
    return x
template <class T>
INLINE Plain<T> operator+(const Plain<T>& a, const Plain<T>& b) {
    ELLNET_EACH(a.v[i] + b.v[i]);
}
template <class T>
INLINE Plain<T> operator-(const Plain<T>& a, const Plain<T>& b) {
    ELLNET_EACH(a.v[i] - b.v[i]);
}
template <class T>
INLINE Plain<T> operator*(const Plain<T>& a, const Plain<T>& b) {
    ELLNET_EACH(a.v[i] * b.v[i]);
}
template <class T>
INLINE Plain<T> operator/(const Plain<T>& a, const Plain<T>& b) {
    ELLNET_EACH(a.v[i] / b.v[i]);
}
template <class T>
INLINE Plain<T> fma(const Plain<T>& a, const Plain<T>& b, const Plain<T>& c) {
    ELLNET_EACH(fused(a.v[i], b.v[i], c.v[i]));
}
template <class T>
INLINE Plain<T> fnma(const Plain<T>& a, const Plain<T>& b, const Plain<T>& c) {
    ELLNET_EACH(fused(-a.v[i], b.v[i], c.v[i]));
}
template <class T>
INLINE Plain<T> larger(const Plain<T>& a, const Plain<T>& b) {
    ELLNET_EACH(a.v[i] > b.v[i] ? a.v[i] : b.v[i]);
}
template <class T>
INLINE Plain<T> smaller(const Plain<T>& a, const Plain<T>& b) {
    ELLNET_EACH(a.v[i] < b.v[i] ? a.v[i] : b.v[i]);
}
template <class T>
INLINE Plain<T> root(const Plain<T>& a) {
    ELLNET_EACH(root_of(a.v[i]));
}
template <class T>
INLINE Plain<T> magnitude(const Plain<T>& a) {
    ELLNET_EACH(sign_of(a.v[i], T(1)));
}
template <class T>
INLINE Plain<T> with_sign(const Plain<T>& a, const Plain<T>& sign) {
    ELLNET_EACH(sign_of(a.v[i], sign.v[i]));
}
template <class T>
INLINE Plain<T> choose(const Lanes& m, const Plain<T>& yes, const Plain<T>& no) {
    ELLNET_EACH(m.is[i] ? yes.v[i] : no.v[i]);
}
#undef ELLNET_EACH
template <class T>
INLINE Lanes greater(const Plain<T>& a, const Plain<T>& b) {
    Lanes m;
    for (int i = 0; i < 16; ++i) m.is[i] = a.v[i] > b.v[i];
    return m;
}

/// A bit for each lane that is not 0, and for one that is no number.
template <class T>
INLINE unsigned filled_lanes(const Plain<T>& x) {
    unsigned bits = 0;
    for (int i = 0; i < 16; ++i) bits |= static_cast<unsigned>(x.v[i] != T(0)) << i;
    return bits;
}

INLINE unsigned bits_of(float x) {
    unsigned bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}
INLINE unsigned long long bits_of(double x) {
    unsigned long long bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}
INLINE float number_of(unsigned bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}
INLINE double number_of(unsigned long long bits) {
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/// Returns 2^n, where `shifted` is n + 1.5 * 2^23 and -126 <= n <= 127.
INLINE F32 power_of_two(const F32& shifted) {
    F32 x;
    for (int i = 0; i < 16; ++i) x.v[i] = number_of((bits_of(shifted.v[i]) + 127u) << 23);
    return x;
}

/// Returns 2^n, where `shifted` is n + 1.5 * 2^52 and -1022 <= n <= 1023.
INLINE F64 power_of_two(const F64& shifted) {
    F64 x;
    for (int i = 0; i < 16; ++i) x.v[i] = number_of((bits_of(shifted.v[i]) + 1023ull) << 52);
    return x;
}

/// Splits a positive normal number into a mantissa from 1 to below 2 and its exponent.
INLINE F32 split(const F32& x, F32& exponent) {
    F32 m;
    for (int i = 0; i < 16; ++i) {
        const unsigned bits = bits_of(x.v[i]);
        exponent.v[i] = static_cast<float>(static_cast<int>(bits >> 23) - 127);
        m.v[i] = number_of((bits & 0x007FFFFFu) | 0x3F800000u);
    }
    return m;
}

/// Splits a positive normal number into a mantissa from 1 to below 2 and its exponent.
INLINE F64 split(const F64& x, F64& exponent) {
    F64 m;
    for (int i = 0; i < 16; ++i) {
        const unsigned long long bits = bits_of(x.v[i]);
        exponent.v[i] = static_cast<double>(static_cast<int>(bits >> 52) - 1023);
        m.v[i] = number_of((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
    }
    return m;
}

/// out[j * PANEL + k] = in[k * PANEL + j] for a square of SQUARE by SQUARE.
template <class T>
INLINE void transpose_square(const T* in, T* out) {
    for (long j = 0; j < SQUARE<T>; ++j)
        for (long k = 0; k < SQUARE<T>; ++k) out[j * PANEL<T> + k] = in[k * PANEL<T> + j];
}
