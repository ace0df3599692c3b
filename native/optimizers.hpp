// Optimizers: how a gradient becomes a step, for one vector of weights and its moments.
//
// Included inside a target's own anonymous namespace.
#pragma once

/// The numbers of a step, one a vector.
template <class V>
struct Steps {
    V rate, here, decay, momentum, one_less_beta_1, beta_2, one_less_beta_2, root_scale, epsilon;

    explicit INLINE Steps(const Step<typename V::T>& s)
        : rate(V::broadcast(s.rate)),
          here(V::broadcast(s.here)),
          decay(V::broadcast(s.decay)),
          momentum(V::broadcast(s.momentum)),
          one_less_beta_1(V::broadcast(s.one_less_beta_1)),
          beta_2(V::broadcast(s.beta_2)),
          one_less_beta_2(V::broadcast(s.one_less_beta_2)),
          root_scale(V::broadcast(s.root_scale)),
          epsilon(V::broadcast(s.epsilon)) {}
};

/// theta := theta - alpha dtheta (eq. 5.1).
struct gradient_descent {
    static constexpr int moments = 0;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V&, V&) {
        return fnma(s.rate, dtheta, theta);
    }
};

/// theta := theta - alpha v with v := mu v + dtheta (eq. 13.2).
struct momentum {
    static constexpr int moments = 1;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& v, V&) {
        v = fma(s.momentum, v, dtheta);
        return fnma(s.rate, v, theta);
    }
};

/// theta := theta - alpha m' / (sqrt(v') + epsilon) (eq. 13.1).
struct adam {
    static constexpr int moments = 2;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& m, V& v) {
        m = fma(s.momentum, m, s.one_less_beta_1 * dtheta);
        v = fma(s.beta_2, v, s.one_less_beta_2 * (dtheta * dtheta));
        const V q = m / fma(root(v), s.root_scale, s.epsilon);
        return fnma(s.rate, q, theta);
    }
};

/// Adam from theta (1 - alpha lambda) (eq. 13.6).
struct adamw {
    static constexpr int moments = 2;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& m, V& v) {
        return adam::step(s, theta * s.decay, dtheta, m, v);
    }
};

/// theta := theta - alpha (dtheta + mu v), v := mu v + dtheta (eq. 13.3).
struct nesterov {
    static constexpr int moments = 1;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& v, V&) {
        v = fma(s.momentum, v, dtheta);
        return fnma(s.rate, fma(s.momentum, v, dtheta), theta);
    }
};

/// theta := theta - alpha dtheta / (sqrt(v) + epsilon), v := rho v + (1 - rho) dtheta^2 (eq. 13.4).
struct rmsprop {
    static constexpr int moments = 1;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& v, V&) {
        v = fma(s.beta_2, v, s.one_less_beta_2 * (dtheta * dtheta));
        return fnma(s.rate, dtheta / (root(v) + s.epsilon), theta);
    }
};

/// theta := theta - alpha dtheta / (sqrt(v) + epsilon), v := v + dtheta^2 (eq. 13.5).
struct adagrad {
    static constexpr int moments = 1;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& v, V&) {
        v = fma(dtheta, dtheta, v);
        return fnma(s.rate, dtheta / (root(v) + s.epsilon), theta);
    }
};

/// theta := theta - alpha (mu_t' m + mu_t dtheta) / (sqrt(v') + epsilon) (eq. 13.7).
struct nadam {
    static constexpr int moments = 2;
    template <class V>
    static INLINE V step(const Steps<V>& s, V theta, V dtheta, V& m, V& v) {
        m = fma(s.momentum, m, s.one_less_beta_1 * dtheta);
        v = fma(s.beta_2, v, s.one_less_beta_2 * (dtheta * dtheta));
        const V below = fma(root(v), s.root_scale, s.epsilon);
        return fnma(s.here, dtheta / below, fnma(s.rate, m / below, theta));
    }
};

/// Calls `visit` with the optimizer of that name.
template <class Visit>
INLINE void with_optimizer(Optimizer name, Visit&& visit) {
    switch (name) {
        case Optimizer::gradient_descent: return visit(gradient_descent{});
        case Optimizer::momentum: return visit(momentum{});
        case Optimizer::adam: return visit(adam{});
        case Optimizer::adamw: return visit(adamw{});
        case Optimizer::nesterov: return visit(nesterov{});
        case Optimizer::nadam: return visit(nadam{});
        case Optimizer::rmsprop: return visit(rmsprop{});
        case Optimizer::adagrad: return visit(adagrad{});
    }
}

/// (lambda/m) theta, added to dtheta (eq. 14.2).
template <class V>
INLINE V l2_backward(V theta, V l2, V dtheta) {
    return fma(l2, theta, dtheta);
}

/// (lambda/m) sign theta, added to dtheta (eq. 14.4).
template <class V>
INLINE V l1_backward(V theta, V l1, V dtheta) {
    return fma(l1, sign(theta), dtheta);
}

/// The gradient of weights from their sums over the examples, with penalties and clipping.
template <class V>
struct Gradient {
    V inverse_m, clip, l2, l1;
    bool penalised_by_sign, clipped;

    explicit INLINE Gradient(const Step<typename V::T>& s)
        : inverse_m(V::broadcast(s.inverse_m)),
          clip(V::broadcast(s.clip)),
          l2(V::broadcast(s.l2)),
          l1(V::broadcast(s.l1)),
          penalised_by_sign(s.l1 != 0),
          clipped(s.clip != 1) {}

    INLINE V unclipped(V theta, V sum) const {
        const V dtheta = l2_backward(theta, l2, sum * inverse_m);
        return penalised_by_sign ? l1_backward(theta, l1, dtheta) : dtheta;
    }
    INLINE V operator()(V theta, V sum) const {
        const V dtheta = unclipped(theta, sum);
        return clipped ? clip * dtheta : dtheta;
    }
};

/// One step for a run of `count` weights, a multiple of the lanes, from their summed gradients.
template <class V, class O>
INLINE void step_run(O, const Gradient<V>& gradient, const Steps<V>& steps, long count, const typename V::T* sums,
                     typename V::T* theta, typename V::T* first, typename V::T* second) {
    for (long i = 0; i < count; i += V::lanes) {
        const V old = V::load(theta + i);
        const V dtheta = gradient(old, V::load(sums + i));
        V m = O::moments > 0 ? V::load(first + i) : old, v = O::moments > 1 ? V::load(second + i) : old;
        O::step(steps, old, dtheta, m, v).store(theta + i);
        if (O::moments > 0) m.store(first + i);
        if (O::moments > 1) v.store(second + i);
    }
}
