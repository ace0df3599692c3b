// exp, log and their kin: our own polynomials, of the same operations on every instruction set.
//
// Included inside a target's own anonymous namespace.
#pragma once

template <class V>
INLINE V constant(double x) {
    return V::broadcast(static_cast<typename V::T>(x));
}

/// A number that is known as the program is compiled.
template <int N>
struct Constant {
    static constexpr int value = N;
};

/// 1, 0 or -1; 0 for NaN.
template <class V>
INLINE V sign(V x) {
    const V one = constant<V>(1.0), zero = constant<V>(0.0);
    return choose(greater(magnitude(x), zero), with_sign(one, x), zero);
}

/// x held between two bounds; NaN stays NaN.
template <class V>
INLINE V held(V x, V least, V most) {
    return smaller(most, larger(least, x));
}

/// What depends on the precision: where exp ends, how long the polynomials are.
template <class T>
struct Precision;

template <>
struct Precision<float> {
    static constexpr double shift = 12582912.0;  // 1.5 * 2^23: what is added to it is rounded to a whole
    static constexpr double exp_least = -104.0, exp_most = 88.8;
    static constexpr double ln2_high = 0.693145751953125, ln2_low = 1.42860682030941723212e-6;
    static constexpr int exp_terms = 7, log_terms = 5;
    static constexpr double smallest = 1.17549435082228750797e-38;  // the smallest normal number
    static constexpr double log_smallest = -87.33654475055310898657;
};

template <>
struct Precision<double> {
    static constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr double exp_least = -746.0, exp_most = 709.8;
    static constexpr double ln2_high = 0.69314718036912381649, ln2_low = 1.90821492927058770002e-10;
    static constexpr int exp_terms = 13, log_terms = 11;
    static constexpr double smallest = 2.22507385850720138309e-308;
    static constexpr double log_smallest = -708.39641853226410622441;
};

/// 1 / k! for k = 0, 1, ...
constexpr double INVERSE_FACTORIAL[] = {1.0,
                                        1.0,
                                        1.0 / 2,
                                        1.0 / 6,
                                        1.0 / 24,
                                        1.0 / 120,
                                        1.0 / 720,
                                        1.0 / 5040,
                                        1.0 / 40320,
                                        1.0 / 362880,
                                        1.0 / 3628800,
                                        1.0 / 39916800,
                                        1.0 / 479001600,
                                        1.0 / 6227020800};

/// x log2(e), rounded to a whole number that lies in the last bits of what is returned.
template <class V>
INLINE V shifted_exponent(V x) {
    return fma(x, constant<V>(1.44269504088896340736), constant<V>(Precision<typename V::T>::shift));
}

/// exp(r) - 1 of r = x - n ln(2), |r| <= ln(2) / 2.
template <class V>
INLINE V exponential_of_rest(V x, V n) {
    using P = Precision<typename V::T>;
    V r = fnma(n, constant<V>(P::ln2_high), x);
    r = fnma(n, constant<V>(P::ln2_low), r);
    V p = constant<V>(INVERSE_FACTORIAL[P::exp_terms]);
#pragma GCC unroll 16
    for (int k = P::exp_terms - 1; k >= 2; --k) p = fma(p, r, constant<V>(INVERSE_FACTORIAL[k]));
    return fma(p, r * r, r);
}

/// exp(x) - 1 as 2^n (q + 1) - 1 with 2^n in two factors: exp cannot be held back by the exponent's ends.
template <class V>
struct Reduced {
    V q;       ///< exp(r) - 1, |r| <= ln(2) / 2
    V first;   ///< 2^h
    V second;  ///< 2^(n - h)
};

template <class V>
INLINE Reduced<V> reduce(V x) {
    using P = Precision<typename V::T>;
    const V shift = constant<V>(P::shift);
    x = held(x, constant<V>(P::exp_least), constant<V>(P::exp_most));
    const V n = shifted_exponent(x) - shift;
    const V q = exponential_of_rest(x, n);
    const V half = fma(n, constant<V>(0.5), shift);
    return {q, power_of_two(half), power_of_two((n - (half - shift)) + shift)};
}

/// exp(x); 0 where it would be subnormal, infinite where it overflows, NaN for NaN.
template <class V>
INLINE V exponential_of(V x) {
    const Reduced<V> e = reduce(x);
    return fma(e.q, e.first, e.first) * e.second;
}

/// exp(x) - 1, to the last digits also where x is small; for x that does not overflow.
template <class V>
INLINE V exponential_less_one(V x) {
    const Reduced<V> e = reduce(x);
    const V scale = e.first * e.second;
    return fma(scale, e.q, scale - constant<V>(1.0));
}

/// The same for 0 <= x <= 40, where 2^n is far from the exponent's ends.
template <class V>
INLINE V exponential_less_one_within(V x) {
    const V shifted = shifted_exponent(x), scale = power_of_two(shifted);
    const V q = exponential_of_rest(x, shifted - constant<V>(Precision<typename V::T>::shift));
    return fma(scale, q, scale - constant<V>(1.0));
}

/// exp(x) - 1 for x <= 0.
template <class V>
INLINE V exponential_less_one_below(V x) {
    return exponential_less_one(smaller(constant<V>(0.0), x));
}

/// log(x) of a positive normal number; NaN or infinity for those.
template <class V>
INLINE V logarithm(V x) {
    using P = Precision<typename V::T>;
    const V one = constant<V>(1.0);
    V exponent;
    V m = split(x, exponent);
    const auto above = greater(m, constant<V>(1.41421356237309504880));
    m = choose(above, m * constant<V>(0.5), m);
    exponent = choose(above, exponent + one, exponent);
    const V f = m - one;
    const V s = f / (f + constant<V>(2.0));
    const V z = s * s;
    V p = constant<V>(2.0 / (2 * P::log_terms + 1));
#pragma GCC unroll 16
    for (int k = P::log_terms - 1; k >= 1; --k) p = fma(p, z, constant<V>(2.0 / (2 * k + 1)));
    const V low = fma(exponent, constant<V>(P::ln2_low), s * z * p);
    const V log = fma(exponent, constant<V>(P::ln2_high), fma(constant<V>(2.0), s, low));
    return log + (x - x);
}

/// log(1 + e) for 0 <= e <= 1, to the last digits also where e is small.
template <class V>
INLINE V logarithm_of_one_more(V e) {
    const V u = constant<V>(1.0) + e;
    return logarithm(u) + (e - (u - constant<V>(1.0))) / u;
}

/// Sixteen numbers side by side, in as many registers as they take.
template <class V>
struct Sixteen {
    static constexpr int count = 16 / V::lanes;
    V part[count];

    static INLINE Sixteen broadcast(typename V::T x) {
        Sixteen s;
        for (V& each : s.part) each = V::broadcast(x);
        return s;
    }
    static INLINE Sixteen load(const typename V::T* p) {
        Sixteen s;
        for (int i = 0; i < count; ++i) s.part[i] = V::load(p + i * V::lanes);
        return s;
    }
    INLINE void store(typename V::T* p) const {
        for (int i = 0; i < count; ++i) part[i].store(p + i * V::lanes);
    }
};

/// The sum of sixteen numbers by a fixed tree: i and i + 8, then + 4, + 2, + 1.
template <class T>
INLINE T tree(const T* x) {
    T eight[8], four[4];
    for (int i = 0; i < 8; ++i) eight[i] = x[i] + x[i + 8];
    for (int i = 0; i < 4; ++i) four[i] = eight[i] + eight[i + 4];
    return (four[0] + four[2]) + (four[1] + four[3]);
}

template <class V>
INLINE typename V::T sum(const Sixteen<V>& s) {
#ifdef ELLNET_FOLDS
    if constexpr (V::lanes == 16) return fold(s.part[0]);
#endif
    alignas(64) typename V::T x[16];
    s.store(x);
    return tree(x);
}

template <class V>
INLINE typename V::T largest(const Sixteen<V>& s) {
#ifdef ELLNET_FOLDS
    if constexpr (V::lanes == 16) return fold_largest(s.part[0]);
#endif
    alignas(64) typename V::T x[16];
    s.store(x);
    typename V::T most = x[0];
    for (int i = 1; i < 16; ++i) most = most > x[i] ? most : x[i];
    return most;
}
