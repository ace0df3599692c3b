// The path for tiny networks: examples lie in the lanes, thirty-two slots side by side for each unit.
//
// Included inside a target's own anonymous namespace. B is the number of sixteens of slots in use, 1 or 2.
#pragma once

/// Sums the sixteen chains of each of sixteen rows where a target has nothing better.
INLINE void sum_rows(const double* x, double* out) {
    for (int i = 0; i < 16; ++i) out[i] = tree(x + 16 * i);
}
#ifdef ELLNET_PLAIN
INLINE void sum_rows(const float* x, float* out) {
    for (int i = 0; i < 16; ++i) out[i] = tree(x + 16 * i);
}
#endif

/// The slots of one unit.
template <class V, int B>
struct Slots {
    static constexpr int count = 16 * B / V::lanes;
    V part[count];

    static INLINE Slots load(const typename V::T* p) {
        Slots s;
#pragma GCC unroll 8
        for (int i = 0; i < count; ++i) s.part[i] = V::load(p + i * V::lanes);
        return s;
    }
    static INLINE Slots broadcast(typename V::T x) {
        Slots s;
#pragma GCC unroll 8
        for (int i = 0; i < count; ++i) s.part[i] = V::broadcast(x);
        return s;
    }
    INLINE void store(typename V::T* p) const {
#pragma GCC unroll 8
        for (int i = 0; i < count; ++i) part[i].store(p + i * V::lanes);
    }
    /// this + w * a.
    INLINE void add(typename V::T w, const Slots& a) {
        const V x = V::broadcast(w);
#pragma GCC unroll 8
        for (int i = 0; i < count; ++i) part[i] = fma(x, a.part[i], part[i]);
    }
};

/// Calls `f` for each vector of the slots of `units` units.
template <class V, int B, class F>
INLINE void each_vector(long units, F&& f) {
    for (long j = 0; j < units; ++j)
#pragma GCC unroll 8
        for (int i = 0; i < 16 * B; i += V::lanes) f(j * SLOTS + i);
}

/// What softmax leaves beside A: the largest Z of each slot, and the sum of exp(Z - largest).
template <class T>
struct Peaks {
    alignas(64) T top[SLOTS];
    alignas(64) T total[SLOTS];
};

/// A = g(Z) in place for all units of a layer, eq. 2.2, softmax included.
template <class V, int B, class T = typename V::T>
INLINE void tiny_activate(Activation g, long units, T* Z, Peaks<T>& peaks) {
    with_activation(g, [&](auto value, auto) {
        each_vector<V, B>(units, [&](long i) { value(V::load(Z + i)).store(Z + i); });
    });
    if (g != Activation::softmax) return;
    for (int i = 0; i < 16 * B; i += V::lanes) {
        V most = V::load(Z + i), total = constant<V>(0.0);
        for (long j = 1; j < units; ++j) most = larger(most, V::load(Z + j * SLOTS + i));
        for (long j = 0; j < units; ++j) {
            const V e = exponential_of(V::load(Z + j * SLOTS + i) - most);
            e.store(Z + j * SLOTS + i);
            total = total + e;
        }
        const V inverse = constant<V>(1.0) / total;
        for (long j = 0; j < units; ++j)
            (V::load(Z + j * SLOTS + i) * inverse).store(Z + j * SLOTS + i);
        most.store(peaks.top + i);
        total.store(peaks.total + i);
    }
}

/// Rows of slots that add up in registers beside one another, so that what is multiplied is loaded once for all of them.
constexpr int BESIDE = TILE_ROWS > 8 ? 8 : 4;

/// out[j] = from[j] + sum over k of w[j * row + k * column] a[k], for J rows of slots; `from` may be null, for 0.
template <class V, int B, int J, class T = typename V::T>
INLINE void tiny_product(long K, const T* w, long row, long column, const T* from, const T* a, T* out) {
    Slots<V, B> sums[J];
    for (int j = 0; j < J; ++j) sums[j] = Slots<V, B>::broadcast(from ? from[j * row] : T(0));
    for (long k = 0; k < K; ++k) {
        const Slots<V, B> x = Slots<V, B>::load(a + k * SLOTS);
        for (int j = 0; j < J; ++j) sums[j].add(w[j * row + k * column], x);
    }
    for (int j = 0; j < J; ++j) sums[j].store(out + j * SLOTS);
}

/// `tiny_product` for `rows` rows, J at the most.
template <class V, int B, int J, class T = typename V::T>
INLINE void tiny_rows(long rows, long K, const T* w, long row, long column, const T* from, const T* a, T* out) {
    if constexpr (J > 1)
        if (rows < J) return tiny_rows<V, B, J - 1>(rows, K, w, row, column, from, a, out);
    tiny_product<V, B, J>(K, w, row, column, from, a, out);
}

/// `tiny_product` for any number of rows.
template <class V, int B, class T = typename V::T>
void tiny_products(long rows, long K, const T* w, long row, long column, const T* from, const T* a, T* out) {
    for (long j = 0; j < rows; j += BESIDE)
        tiny_rows<V, B, BESIDE>(rows - j, K, w + j * row, row, column, from ? from + j * row : from, a, out + j * SLOTS);
}

/// Z[l] of a layer from what it is given, eq. 2.1.
template <class V, int B, class T = typename V::T>
INLINE void tiny_linear(long inputs, long units, const T* theta, const T* given, T* Z) {
    tiny_products<V, B>(units, inputs, theta, inputs + 1, 1, theta + inputs, given, Z);
}

/// A[1..L]; the output layer stays at Z[L] where `keep_output` says so. `given` is A times `scale`.
template <class V, int B, class T = typename V::T>
INLINE void tiny_layers(const Tiny<T>& net, const T* theta, T* A, const T* scale, T* given, bool keep_output,
                        T* Z, Peaks<T>& peaks) {
    long at = 0;
    for (long l = 1; l <= net.L; ++l) {
        const long inputs = net.n[l - 1], units = net.n[l], below = at;
        if (scale)
            each_vector<V, B>(inputs, [&](long i) {
                (V::load(A + below + i) * V::load(scale + below + i)).store(given + below + i);
            });
        at += inputs * SLOTS;
        tiny_linear<V, B>(inputs, units, theta, given + below, A + at);
        if (l == net.L && keep_output) break;
        if (needs_z(net.activations[l - 1]))
            each_vector<V, B>(units, [&](long i) { V::load(A + at + i).store(Z + at + i); });
        tiny_activate<V, B>(net.activations[l - 1], units, A + at, peaks);
        theta += units * (inputs + 1);
    }
}

/// Numbers in a block of (n[l], 32) for each layer 0..L.
template <class T>
INLINE long slots_of(const Tiny<T>& net) {
    long total = 0;
    for (long l = 0; l <= net.L; ++l) total += net.n[l] * SLOTS;
    return total;
}

template <class V, class T = typename V::T>
void tiny_forward(const Tiny<T>& net, const T* theta, long slots, T* A) {
    Peaks<T> peaks;
    T* Z = A + 2 * slots_of(net);
    const T* no_scale = nullptr;
    if (slots <= 16)
        tiny_layers<V, 1>(net, theta, A, no_scale, A, false, Z, peaks);
    else
        tiny_layers<V, 2>(net, theta, A, no_scale, A, false, Z, peaks);
}

/// dZ of dA in place for all units of a layer, eq. 6.1, softmax included.
template <class V, int B, class T = typename V::T>
INLINE void tiny_activate_backward(Activation g, long units, T* dA, const T* A, const T* Z) {
    if (!needs_z(g)) Z = A;
    with_activation(g, [&](auto, auto backward) {
        each_vector<V, B>(units, [&](long i) {
            backward(V::load(dA + i), V::load(A + i), V::load(Z + i)).store(dA + i);
        });
    });
    if (g != Activation::softmax) return;
    for (int i = 0; i < 16 * B; i += V::lanes) {
        V total = constant<V>(0.0);
        for (long at = i; at < units * SLOTS; at += SLOTS)
            total = fma(V::load(A + at), V::load(dA + at), total);
        for (long at = i; at < units * SLOTS; at += SLOTS)
            (V::load(A + at) * (V::load(dA + at) - total)).store(dA + at);
    }
}

/// The losses of one vector of slots from Z[L] and A[L], unit after unit.
template <class V, class T = typename V::T>
INLINE V tiny_losses(const Tiny<T>& net, const T* A, const T* Z, const T* Y, V top, V log_sum) {
    const long end = net.n[net.L] * SLOTS;
    V loss = constant<V>(0.0);
    for (long at = 0, k = 0; at < end; at += SLOTS, ++k) {
        const V y = V::load(Y + at);
        if (net.cost.name == Cost::categorical_cross_entropy) {
            loss = fma(y, log_sum - (V::load(Z + at) - top), loss);
            continue;
        }
        const V q = net.cost.levels ? V::broadcast(net.cost.levels[k]) : constant<V>(0.0);
        loss = loss + loss_of(net.cost, net.activations[net.L - 1], V::load(Z + at), V::load(A + at), y, q);
    }
    return loss;
}

/// Losses, A[L] in the place of Z[L], and dZ[L] times the weights; Z receives Z[L].
template <class V, int B, class T = typename V::T>
INLINE void tiny_output(const Tiny<T>& net, T* A, T* Z, const T* Y, const T* weights, T* dZ, T* losses) {
    const Activation g = net.activations[net.L - 1];
    const long units = net.n[net.L], end = units * SLOTS;
    const bool binary = net.cost.name == Cost::binary_cross_entropy;
    Peaks<T> peaks;
    if (!binary) {
        each_vector<V, B>(units, [&](long i) { V::load(A + i).store(Z + i); });
        tiny_activate<V, B>(g, units, A, peaks);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 16 * B; i += V::lanes) {
        V loss = constant<V>(0.0);
        for (long at = i; binary && at < end; at += SLOTS) {
            V a;
            loss = loss + binary_cross_entropy_from_z(V::load(A + at), V::load(Y + at), a);
            a.store(A + at);
        }
        if (!binary) {
            const bool softmax_pair = net.cost.name == Cost::categorical_cross_entropy;
            const V zero = constant<V>(0.0), top = softmax_pair ? V::load(peaks.top + i) : zero;
            const V log_sum = softmax_pair ? logarithm(V::load(peaks.total + i)) : zero;
            loss = tiny_losses<V>(net, A + i, Z + i, Y + i, top, log_sum);
        }
        const V weight = V::load(weights + i);
        for (long at = i, k = 0; at < end; at += SLOTS, ++k) {
            const V q = net.cost.levels ? V::broadcast(net.cost.levels[k]) : constant<V>(0.0);
            (delta_of(net.cost, g, V::load(A + at), V::load(Y + at), q) * weight).store(dZ + at);
        }
        (loss * weight).store(losses + i);
    }
    if (!is_fused(g, net.cost.name)) tiny_activate_backward<V, B>(g, units, dZ, A, Z);
}

/// dA[l-1] = W[l]^T dZ[l], eq. 6.4.
template <class V, int B, class T = typename V::T>
INLINE void tiny_backward_input(long inputs, long units, const T* theta, const T* dZ, T* dA) {
    const T* none = nullptr;
    tiny_products<V, B>(inputs, units, theta, 1, inputs + 1, none, dZ, dA);
}

/// Adds dz * a of every slot to sixteen chains; begins them where `first` says so.
template <class V, int B, class T = typename V::T>
INLINE void add_to_chains(const Slots<V, B>& dz, const Slots<V, B>& a, bool first, T* chains) {
    constexpr int one = Sixteen<V>::count;
#pragma GCC unroll 8
    for (int i = 0; i < one; ++i) {
        V s = first ? constant<V>(0.0) : V::load(chains + i * V::lanes);
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) s = fma(dz.part[b * one + i], a.part[b * one + i], s);
        s.store(chains + i * V::lanes);
    }
}

/// dW[l] and db[l], eq. 6.2, 6.3 as sixteen chains each.
template <class V, int B, class T = typename V::T>
INLINE void tiny_gradients(long inputs, long units, const T* dZ, const T* given, bool first, T* chains) {
    const Slots<V, B> ones = Slots<V, B>::broadcast(T(1));
    for (long j = 0; j < units; ++j) {
        const Slots<V, B> dz = Slots<V, B>::load(dZ + j * SLOTS);
        for (long k = 0; k < inputs; ++k, chains += 16)
            add_to_chains(dz, Slots<V, B>::load(given + k * SLOTS), first, chains);
        add_to_chains(dz, ones, first, chains);
        chains += 16;
    }
}

template <class V, int B, class T = typename V::T>
void tiny_step_of(const Tiny<T>& net, const T* theta, T* A, const T* scale, const T* Y, const T* weights, T* dZ,
                  T* losses, T* chains, bool first) {
    Peaks<T> peaks;
    const long total = slots_of(net);
    long count = 0;
    for (long l = 1; l <= net.L; ++l) count += net.n[l] * (net.n[l - 1] + 1);
    T *given = scale ? A + total : A, *Z = A + 2 * total;
    tiny_layers<V, B>(net, theta, A, scale, given, true, Z, peaks);
    long at = total - net.n[net.L] * SLOTS;
    tiny_output<V, B>(net, A + at, Z + at, Y, weights, dZ + at, losses);
    if (!chains) return;
    add_to_chains(Slots<V, B>::load(losses), Slots<V, B>::broadcast(T(1)), first, chains + 16 * count);
    theta += count;
    chains += 16 * count;
    for (long l = net.L; l >= 1; --l) {
        const long inputs = net.n[l - 1], units = net.n[l], below = at - inputs * SLOTS;
        theta -= units * (inputs + 1);
        chains -= 16 * units * (inputs + 1);
        tiny_gradients<V, B>(inputs, units, dZ + at, given + below, first, chains);
        if (l == 1) break;
        tiny_backward_input<V, B>(inputs, units, theta, dZ + at, dZ + below);
        if (scale)
            each_vector<V, B>(inputs, [&](long i) {
                (V::load(dZ + below + i) * V::load(scale + below + i)).store(dZ + below + i);
            });
        tiny_activate_backward<V, B>(net.activations[l - 2], inputs, dZ + below, A + below, Z + below);
        at = below;
    }
}

template <class V, class T = typename V::T>
void tiny_step(const Tiny<T>& net, const T* theta, long slots, T* A, const T* scale, const T* Y,
               const T* weights, T* dZ, T* losses, T* chains, bool first) {
    if (slots <= 16)
        tiny_step_of<V, 1>(net, theta, A, scale, Y, weights, dZ, losses, chains, first);
    else
        tiny_step_of<V, 2>(net, theta, A, scale, Y, weights, dZ, losses, chains, first);
}

/// `count` is a multiple of sixteen.
template <class V, class T = typename V::T>
void tiny_sums(long count, const T* chains, bool first, T* sums) {
    alignas(64) T added[16];
    for (long i = 0; i < count; i += 16) {
        sum_rows(chains + 16 * i, first ? sums + i : added);
        if (first) continue;
        for (int lane = 0; lane < 16; lane += V::lanes)
            (V::load(sums + i + lane) + V::load(added + lane)).store(sums + i + lane);
    }
}

/// The gradient of a vector of parameters, of which some are weights and some biases.
template <class V, class T = typename V::T>
INLINE V tiny_gradient(const Gradient<V>& of, V is, V theta, V sum) {
    const V dtheta = l2_backward(theta, of.l2 * is, sum * of.inverse_m);
    return of.penalised_by_sign ? l1_backward(theta, of.l1 * is, dtheta) : dtheta;
}

/// `count` is a multiple of sixteen; penalties and decay spare the biases.
template <class V, class T = typename V::T>
void tiny_update(long count, const Step<T>& step, const T* sums, const T* is_weight, T* theta, T* first,
                 T* second) {
    Steps<V> steps(step);
    const Gradient<V> of(step);
    const V decay = V::broadcast(step.decay), one = constant<V>(1.0);
    with_optimizer(step.optimizer, [&](auto o) {
        for (long i = 0; i < count; i += V::lanes) {
            const V old = V::load(theta + i), is = V::load(is_weight + i);
            V dtheta = tiny_gradient(of, is, old, V::load(sums + i));
            if (of.clipped) dtheta = of.clip * dtheta;
            V m = o.moments > 0 ? V::load(first + i) : old, v = o.moments > 1 ? V::load(second + i) : old;
            steps.decay = choose(greater(is, constant<V>(0.0)), decay, one);
            o.step(steps, old, dtheta, m, v).store(theta + i);
            if (o.moments > 0) m.store(first + i);
            if (o.moments > 1) v.store(second + i);
        }
    });
}

template <class V, class T = typename V::T>
void tiny_penalties(long count, const T* theta, const T* is_weight, double* squares, double* magnitudes) {
    Sixteen<V> square = Sixteen<V>::broadcast(T(0)), size = square;
    for (long i = 0; i < count; i += 16)
        for (int p = 0; p < Sixteen<V>::count; ++p) {
            const V w = V::load(theta + i + p * V::lanes) * V::load(is_weight + i + p * V::lanes);
            square.part[p] = fma(w, w, square.part[p]);
            size.part[p] = size.part[p] + magnitude(w);
        }
    *squares = static_cast<double>(sum(square));
    *magnitudes = static_cast<double>(sum(size));
}

template <class V, class T = typename V::T>
void tiny_norm(long count, const Step<T>& step, const T* sums, const T* is_weight, const T* theta, T peak,
               double* squares, T* largest_of) {
    const Gradient<V> of(step);
    Sixteen<V> square = Sixteen<V>::broadcast(T(0)), most = square;
    for (long i = 0; i < count; i += 16)
        for (int p = 0; p < Sixteen<V>::count; ++p) {
            const long at = i + p * V::lanes;
            const V g = tiny_gradient(of, V::load(is_weight + at), V::load(theta + at), V::load(sums + at));
            const V part = g / V::broadcast(peak);
            square.part[p] = fma(part, part, square.part[p]);
            most.part[p] = larger(most.part[p], magnitude(g));
        }
    *squares = static_cast<double>(sum(square));
    *largest_of = largest(most);
}

/// One number at a time in the lanes: a unit has few weights.
template <class V, class T = typename V::T>
void tiny_max_norm(long inputs, T* weights, T most) {
    V peak = constant<V>(0.0), square = peak;
    for (long k = 0; k < inputs; ++k) peak = larger(peak, magnitude(V::broadcast(weights[k])));
    peak = choose(greater(peak, constant<V>(0.0)), peak, constant<V>(1.0));
    for (long k = 0; k < inputs; ++k) {
        const V w = V::broadcast(weights[k]) / peak;
        square = fma(w, w, square);
    }
    alignas(64) T factor[16];
    bound(peak, square, V::broadcast(most)).store(factor);
    for (long k = 0; k < inputs; ++k) weights[k] *= factor[0];
}
