// Costs of one example and their derivatives, from the output layer's Z[L].
//
// Included inside a target's own anonymous namespace. A cost of two numbers has a loss and a backward; one that belongs to an output
// activation has both from Z. Unit k adds to chain k mod 16 of the example's loss.
#pragma once

/// -sum_k (Y_k log A_k + (1 - Y_k) log(1 - A_k)), A = sigmoid(Z), from Z (eq. 11.3).
///
/// Written as max(Z, 0) - Y Z + log(1 + exp(-|Z|)); makes A of Z on the way.
template <class V>
INLINE V binary_cross_entropy_from_z(V Z, V Y, V& A) {
    const V zero = constant<V>(0.0);
    const V e = exponential_of(zero - magnitude(Z));
    A = sigmoid_of(Z, e);
    return fnma(Y, Z, larger(zero, Z)) + logarithm_of_one_more(e);
}

/// dZ[L] = A[L] - Y (eq. 6.6).
template <class V>
INLINE V cross_entropy_delta(V A, V Y) {
    return A - Y;
}

/// (1/2) sum_k (A_k - Y_k)^2 (eq. 11.7), one term of it.
template <class V>
INLINE V squared_error(V A, V Y) {
    const V D = A - Y;
    return constant<V>(0.5) * D * D;
}

/// dA = A - Y (eq. 11.8).
template <class V>
INLINE V squared_error_backward(V A, V Y) {
    return A - Y;
}

/// sum_k |A_k - Y_k| (eq. 11.11), one term of it.
template <class V>
INLINE V absolute_error(V A, V Y) {
    return magnitude(A - Y);
}

/// dA = sign(A - Y) (eq. 11.12).
template <class V>
INLINE V absolute_error_backward(V A, V Y) {
    return sign(A - Y);
}

/// C (D - C/2), D = A - Y, C = D held between -t and t (eq. 11.13), one term of it.
template <class V>
INLINE V huber(V A, V Y, V threshold) {
    const V D = A - Y, C = held(D, constant<V>(0.0) - threshold, threshold);
    return C * fnma(constant<V>(0.5), C, D);
}

/// dA = A - Y, held between -t and t (eq. 11.14).
template <class V>
INLINE V huber_backward(V A, V Y, V threshold) {
    return held(A - Y, constant<V>(0.0) - threshold, threshold);
}

/// log(x) of x >= 0, with a finite one for 0: 0 log 0 is 0.
template <class V>
INLINE V finite_logarithm(V x) {
    return logarithm(larger(constant<V>(Precision<typename V::T>::smallest), x));
}

/// exp(Z) - Y + Y (log Y - Z) (eq. 11.17), one term of it; A is exp(Z).
template <class V>
INLINE V poisson_from_z(V Z, V A, V Y) {
    return fma(Y, finite_logarithm(Y) - Z, A - Y);
}

/// A - Y + Y (log Y - log A) of A = softplus(Z) (eq. 11.18), one term of it.
template <class V>
INLINE V poisson_of_softplus_from_z(V Z, V A, V Y) {
    using P = Precision<typename V::T>;
    const V below = smaller(constant<V>(0.0), Z - constant<V>(P::log_smallest));
    return fma(Y, finite_logarithm(Y) - (finite_logarithm(A) + below), A - Y);
}

/// dZ[L] = S - Y S / A, S = 1 - exp(-A) (eq. 11.19).
template <class V>
INLINE V poisson_of_softplus_delta(V A, V Y) {
    const V zero = constant<V>(0.0), least = larger(constant<V>(Precision<typename V::T>::smallest), A);
    const V quotient = exponential_less_one_below(zero - least) / least;
    return fma(Y, quotient, zero - exponential_less_one_below(zero - A));
}

/// max(q (Y - A), (q - 1) (Y - A)) (eq. 11.20), one term of it.
template <class V>
INLINE V quantile(V A, V Y, V q) {
    const V D = Y - A;
    return larger(q * D, (q - constant<V>(1.0)) * D);
}

/// dA = 1 - q where A > Y, -q where A < Y, else 0 (eq. 11.21).
template <class V>
INLINE V quantile_backward(V A, V Y, V q) {
    const V zero = constant<V>(0.0);
    return choose(greater(A, Y), constant<V>(1.0) - q, choose(greater(Y, A), zero - q, zero));
}

/// Whether the output and the cost are one, so that dZ[L] needs no derivative of the activation.
constexpr bool is_fused(Activation g, Cost cost) {
    return cost == Cost::binary_cross_entropy || cost == Cost::categorical_cross_entropy || cost == Cost::poisson ||
           (cost == Cost::squared_error && g == Activation::identity);
}

/// The loss of one vector of units from Z, A = g(Z) and Y; `q` holds their quantiles. Categorical cross-entropy has its own way.
template <class V>
INLINE V loss_of(const CostOf<typename V::T>& cost, Activation g, V Z, V A, V Y, V q) {
    switch (cost.name) {
        case Cost::absolute_error: return absolute_error(A, Y);
        case Cost::huber: return huber(A, Y, V::broadcast(cost.threshold));
        case Cost::poisson:
            return g == Activation::softplus ? poisson_of_softplus_from_z(Z, A, Y) : poisson_from_z(Z, A, Y);
        case Cost::quantile: return quantile(A, Y, q);
        default: return squared_error(A, Y);
    }
}

/// dZ[L] where output and cost are fused, else dA[L].
template <class V>
INLINE V delta_of(const CostOf<typename V::T>& cost, Activation g, V A, V Y, V q) {
    switch (cost.name) {
        case Cost::absolute_error: return absolute_error_backward(A, Y);
        case Cost::huber: return huber_backward(A, Y, V::broadcast(cost.threshold));
        case Cost::poisson:
            return g == Activation::softplus ? poisson_of_softplus_delta(A, Y) : cross_entropy_delta(A, Y);
        case Cost::quantile: return quantile_backward(A, Y, q);
        case Cost::squared_error: return squared_error_backward(A, Y);
        default: return cross_entropy_delta(A, Y);
    }
}

/// One example's loss, A[L] in the place of Z[L], and dZ[L] times the example's weight.
template <class V>
struct Output {
    using T = typename V::T;
    Activation activation;
    CostOf<T> cost;
    long units;

    /// Adds what `term(i)` gives for every vector of the row, chain by chain.
    template <class Term>
    INLINE T total(Term&& term) const {
        Sixteen<V> chains = Sixteen<V>::broadcast(T(0));
        each_vector_of<V>(units, [&](long i, typename V::Mask is) {
            V& part = chains.part[chain<V>(i)];
            part = part + choose(is, term(i), constant<V>(0.0));
        });
        return sum(chains);
    }

    INLINE V levels(long i) const { return cost.levels ? V::load(cost.levels + i) : constant<V>(0.0); }

    /// sum_k Y_k (log sum_j exp(Z_j) - Z_k) (eq. 11.6), and A = softmax(Z) in the place of Z.
    T categorical_cross_entropy_from_z(Strip<T> Z, Strip<const T> Y, const T* old_Z) const {
        T top, total_e;
        softmax<V>(Z, units, &top, &total_e);
        const V most = V::broadcast(top), log = logarithm(V::broadcast(total_e));
        return total([&](long i) { return V::load(Y.at(i)) * (log - (V::load(old_Z + i) - most)); });
    }

    /// Makes A of Z and returns the loss; `old_Z` receives Z.
    T loss(Strip<T> Z, Strip<const T> Y, T* old_Z) const {
        for (long i = 0; i < units; i += V::lanes) V::load(Z.at(i)).store(old_Z + i);
        if (cost.name == Cost::categorical_cross_entropy) return categorical_cross_entropy_from_z(Z, Y, old_Z);
        if (cost.name == Cost::binary_cross_entropy)
            return total([&](long i) {
                V A;
                const V term = binary_cross_entropy_from_z(V::load(old_Z + i), V::load(Y.at(i)), A);
                A.store(Z.at(i));
                return term;
            });
        value(Z);
        return total([&](long i) {
            return loss_of(cost, activation, V::load(old_Z + i), V::load(Z.at(i)), V::load(Y.at(i)), levels(i));
        });
    }

    /// A = g[L](Z) in place.
    void value(Strip<T> Z) const {
        T top, total_e;
        if (activation == Activation::softmax) return softmax<V>(Z, units, &top, &total_e);
        for (long i = 0; i < units; i += V::lanes) activate<V>(activation, Z.at(i), V::lanes);
    }

    /// dZ[L] of A[L], Z[L] and Y, times the weight of the example; what is past the last unit is 0.
    void delta(Strip<const T> A, const T* Z, Strip<const T> Y, T weight, Strip<T> dZ) const {
        each_vector_of<V>(units, [&](long i, typename V::Mask is) {
            const V D = delta_of(cost, activation, V::load(A.at(i)), V::load(Y.at(i)), levels(i));
            choose(is, D * V::broadcast(weight), constant<V>(0.0)).store(dZ.at(i));
        });
        if (is_fused(activation, cost.name)) return;
        if (activation == Activation::softmax) return softmax_backward<V>(dZ, A, units);
        each_vector_of<V>(units, [&](long i, typename V::Mask is) {
            activate_backward<V>(activation, dZ.at(i), A.at(i), Z + i, V::lanes);
            choose(is, V::load(dZ.at(i)), constant<V>(0.0)).store(dZ.at(i));
        });
    }
};
