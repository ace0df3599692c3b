// Activations and their derivatives, on a run of numbers or on a row of units.
//
// Included inside a target's own anonymous namespace. A value makes A of Z; a backward makes dZ of dA and A, or of dA, A
// and Z where A does not say enough (`needs_z`).
#pragma once

constexpr double SELU_SLOPE = 1.0507009873554805, SELU_FLOOR = 1.7580993408473766;
constexpr double GELU_SLOPE = 1.59576912160573071176, GELU_CUBE = 0.044715;

/// A = Z (eq. 9.9).
template <class V>
INLINE V identity(V Z) {
    return Z;
}

/// dZ = dA (eq. 9.10).
template <class V>
INLINE V identity_backward(V dA, V, V) {
    return dA;
}

/// A = max(Z, 0) (eq. 9.5).
template <class V>
INLINE V relu(V Z) {
    return larger(constant<V>(0.0), Z);
}

/// dZ = dA where Z > 0, else 0 (eq. 9.6).
template <class V>
INLINE V relu_backward(V dA, V A, V) {
    return choose(greater(A, constant<V>(0.0)), dA, constant<V>(0.0));
}

/// A = Z where Z > 0, else 0.01 Z (eq. 9.7).
template <class V>
INLINE V leaky_relu(V Z) {
    return larger(constant<V>(0.01) * Z, Z);
}

/// dZ = dA where Z > 0, else 0.01 dA (eq. 9.8).
template <class V>
INLINE V leaky_relu_backward(V dA, V A, V) {
    return choose(greater(A, constant<V>(0.0)), dA, constant<V>(0.01) * dA);
}

template <class V>
INLINE V sigmoid_of(V Z, V e) {
    const V r = constant<V>(1.0) / (constant<V>(1.0) + e);
    return choose(greater(constant<V>(0.0), Z), e * r, r);
}

/// A = 1 / (1 + exp(-Z)) (eq. 9.1), from exp(-|Z|), which cannot overflow.
template <class V>
INLINE V sigmoid(V Z) {
    return sigmoid_of(Z, exponential_of(constant<V>(0.0) - magnitude(Z)));
}

/// dZ = dA * A (1 - A) (eq. 9.2).
template <class V>
INLINE V sigmoid_backward(V dA, V A, V) {
    return dA * (A * (constant<V>(1.0) - A));
}

/// A = tanh(Z) (eq. 9.3), as t / (t + 2) with t = exp(2|Z|) - 1 and Z's sign.
template <class V>
INLINE V tanh(V Z) {
    const V most = constant<V>(sizeof(typename V::T) == 4 ? 10.0 : 20.0);
    const V a = smaller(most, magnitude(Z));
    const V t = exponential_less_one_within(a + a);
    return with_sign(t / (t + constant<V>(2.0)), Z);
}

/// dZ = dA * (1 - A^2) (eq. 9.4).
template <class V>
INLINE V tanh_backward(V dA, V A, V) {
    return dA * fnma(A, A, constant<V>(1.0));
}

/// A = Z where Z > 0, else exp(Z) - 1 (eq. 9.13).
template <class V>
INLINE V elu(V Z) {
    return choose(greater(Z, constant<V>(0.0)), Z, exponential_less_one_below(Z));
}

/// dZ = dA where Z > 0, else dA * exp(Z), which is A + 1 (eq. 9.14).
template <class V>
INLINE V elu_backward(V dA, V A, V) {
    return choose(greater(A, constant<V>(0.0)), dA, fma(dA, A, dA));
}

/// A = s Z where Z > 0, else s a (exp(Z) - 1) (eq. 9.15).
template <class V>
INLINE V selu(V Z) {
    return choose(greater(Z, constant<V>(0.0)), constant<V>(SELU_SLOPE) * Z,
                  constant<V>(SELU_FLOOR) * exponential_less_one_below(Z));
}

/// dZ = s dA where Z > 0, else s a exp(Z) dA, and s a exp(Z) is A + s a (eq. 9.16).
template <class V>
INLINE V selu_backward(V dA, V A, V) {
    return dA * choose(greater(A, constant<V>(0.0)), constant<V>(SELU_SLOPE), A + constant<V>(SELU_FLOOR));
}

template <class V>
INLINE V gelu_gate(V Z) {
    const V cubed = Z * Z * Z;
    return sigmoid(constant<V>(GELU_SLOPE) * fma(constant<V>(GELU_CUBE), cubed, Z));
}

/// A = (Z/2) (1 + tanh(sqrt(2/pi) (Z + 0.044715 Z^3))) (eq. 9.17), as Z sigmoid(2 sqrt(2/pi) (...)).
template <class V>
INLINE V gelu(V Z) {
    return Z * gelu_gate(Z);
}

/// dZ = dA * (S + A (1 - S) U'), U' = 2 sqrt(2/pi) (1 + 0.134145 Z^2) (eq. 9.18).
template <class V>
INLINE V gelu_backward(V dA, V A, V Z) {
    const V one = constant<V>(1.0), S = gelu_gate(Z);
    const V steepness = constant<V>(GELU_SLOPE) * fma(constant<V>(3.0 * GELU_CUBE), Z * Z, one);
    return dA * fma(A * (one - S), steepness, S);
}

/// A = Z sigmoid(Z) (eq. 9.19).
template <class V>
INLINE V silu(V Z) {
    return Z * sigmoid(Z);
}

/// dZ = dA * (S + A (1 - S)), S = sigmoid(Z) (eq. 9.20).
template <class V>
INLINE V silu_backward(V dA, V A, V Z) {
    const V S = sigmoid(Z);
    return dA * fma(A, constant<V>(1.0) - S, S);
}

/// A = log(1 + exp(Z)) (eq. 9.23), as max(Z, 0) + log(1 + exp(-|Z|)).
template <class V>
INLINE V softplus(V Z) {
    const V zero = constant<V>(0.0);
    return larger(zero, Z) + logarithm_of_one_more(exponential_of(zero - magnitude(Z)));
}

/// dZ = dA * sigmoid(Z), which is 1 - exp(-A) (eq. 9.24).
template <class V>
INLINE V softplus_backward(V dA, V A, V) {
    const V zero = constant<V>(0.0);
    return dA * (zero - exponential_less_one_below(zero - A));
}

/// A = Z tanh(log(1 + exp(Z))) (eq. 9.21).
template <class V>
INLINE V mish(V Z) {
    return Z * tanh(softplus(Z));
}

/// dZ = dA * (T + Z (1 - T^2) sigmoid(Z)), T = tanh(softplus(Z)) (eq. 9.22).
template <class V>
INLINE V mish_backward(V dA, V, V Z) {
    const V T = tanh(softplus(Z));
    return dA * fma(Z * fnma(T, T, constant<V>(1.0)), sigmoid(Z), T);
}

/// A = Z / (1 + |Z|) (eq. 9.25).
template <class V>
INLINE V softsign(V Z) {
    return Z / (constant<V>(1.0) + magnitude(Z));
}

/// dZ = dA / (1 + |Z|)^2, which is dA (1 - |A|)^2 (eq. 9.26).
template <class V>
INLINE V softsign_backward(V dA, V A, V) {
    const V rest = constant<V>(1.0) - magnitude(A);
    return dA * (rest * rest);
}

/// A = Z / 6 + 1/2, held between 0 and 1 (eq. 9.27).
template <class V>
INLINE V hard_sigmoid(V Z) {
    return held(Z / constant<V>(6.0) + constant<V>(0.5), constant<V>(0.0), constant<V>(1.0));
}

/// dZ = dA / 6 where 0 < A < 1, else 0 (eq. 9.28).
template <class V>
INLINE V hard_sigmoid_backward(V dA, V A, V) {
    const V zero = constant<V>(0.0), sixth = dA / constant<V>(6.0);
    return choose(greater(A, zero), choose(greater(constant<V>(1.0), A), sixth, zero), zero);
}

/// A = exp(Z) (eq. 9.29).
template <class V>
INLINE V exponential(V Z) {
    return exponential_of(Z);
}

/// dZ = dA * A (eq. 9.30).
template <class V>
INLINE V exponential_backward(V dA, V A, V) {
    return dA * A;
}

/// Calls `visit` with the two functions of an activation; the identity has nothing to do, and softmax is none of one number.
template <class Visit>
INLINE void with_activation(Activation name, Visit&& visit) {
#define ELLNET_ROW(g)                                    \
    case Activation::g:                                  \
        return visit([](auto Z) { return g(Z); },        \
                     [](auto dA, auto A, auto Z) { return g##_backward(dA, A, Z); })
    switch (name) {
        ELLNET_ROW(relu);
        ELLNET_ROW(leaky_relu);
        ELLNET_ROW(sigmoid);
        ELLNET_ROW(tanh);
        ELLNET_ROW(elu);
        ELLNET_ROW(selu);
        ELLNET_ROW(gelu);
        ELLNET_ROW(silu);
        ELLNET_ROW(mish);
        ELLNET_ROW(softplus);
        ELLNET_ROW(softsign);
        ELLNET_ROW(hard_sigmoid);
        ELLNET_ROW(exponential);
        case Activation::identity:
        case Activation::softmax: return;
    }
#undef ELLNET_ROW
}

/// A = g(Z) in place, for `count` numbers, a multiple of the lanes.
template <class V>
void activate(Activation name, typename V::T* Z, long count) {
    with_activation(name, [&](auto value, auto) {
        for (long i = 0; i < count; i += V::lanes) value(V::load(Z + i)).store(Z + i);
    });
}

/// dZ = dA * g'(Z) in place, for `count` numbers, a multiple of the lanes. Z may be null where A says enough.
template <class V>
void activate_backward(Activation name, typename V::T* dA, const typename V::T* A, const typename V::T* Z, long count) {
    if (!needs_z(name)) Z = A;
    with_activation(name, [&](auto, auto backward) {
        for (long i = 0; i < count; i += V::lanes)
            backward(V::load(dA + i), V::load(A + i), V::load(Z + i)).store(dA + i);
    });
}

/// The row of one example: unit i lies at at(i), whole vectors from multiples of the lanes on.
template <class T>
struct Strip {
    T* data;
    long jump;

    INLINE T* at(long i) const { return data + i / PANEL<T> * jump + i % PANEL<T>; }
};

/// Calls `each(i, mask)` for the vectors of `units` units, each with the lanes that are units.
template <class V, class Each>
INLINE void each_vector_of(long units, Each&& each) {
    for (long i = 0; i < units; i += V::lanes) each(i, V::first(units - i));
}

/// Which register of sixteen chains unit i adds to: chain i mod 16.
template <class V>
INLINE int chain(long i) {
    return static_cast<int>(i / V::lanes % Sixteen<V>::count);
}

/// A_k = exp(Z_k) / sum_j exp(Z_j) over the units of one example (eq. 9.11), in place.
///
/// Unit k adds to chain k mod 16 of the sum. Gives the largest Z and sum_j exp(Z_j - largest) too.
template <class V, class T = typename V::T>
void softmax(Strip<T> Z, long units, T* largest_Z, T* total_e) {
    Sixteen<V> most = Sixteen<V>::broadcast(*Z.at(0)), chains = Sixteen<V>::broadcast(T(0));
    each_vector_of<V>(units, [&](long i, typename V::Mask is) {
        V& part = most.part[chain<V>(i)];
        part = larger(part, choose(is, V::load(Z.at(i)), part));
    });
    *largest_Z = largest(most);
    const V top = V::broadcast(*largest_Z);
    each_vector_of<V>(units, [&](long i, typename V::Mask is) {
        const V e = choose(is, exponential_of(V::load(Z.at(i)) - top), constant<V>(0.0));
        chains.part[chain<V>(i)] = chains.part[chain<V>(i)] + e;
        e.store(Z.at(i));
    });
    *total_e = sum(chains);
    const V inverse = V::broadcast(T(1) / *total_e);
    each_vector_of<V>(units, [&](long i, typename V::Mask) { (V::load(Z.at(i)) * inverse).store(Z.at(i)); });
}

/// dZ = A * (dA - sum_j A_j dA_j) over the units of one example (eq. 9.12), in place.
template <class V, class T = typename V::T>
void softmax_backward(Strip<T> dA, Strip<const T> A, long units) {
    Sixteen<V> chains = Sixteen<V>::broadcast(T(0));
    each_vector_of<V>(units, [&](long i, typename V::Mask is) {
        const V a = choose(is, V::load(A.at(i)), constant<V>(0.0));
        V& part = chains.part[chain<V>(i)];
        part = fma(a, choose(is, V::load(dA.at(i)), constant<V>(0.0)), part);
    });
    const V total = V::broadcast(sum(chains));
    each_vector_of<V>(units, [&](long i, typename V::Mask is) {
        choose(is, V::load(A.at(i)) * (V::load(dA.at(i)) - total), constant<V>(0.0)).store(dA.at(i));
    });
}
