// The path for ordinary networks: examples are rows, units lie in the lanes.
//
// Included inside a target's own anonymous namespace.
#pragma once

/// Units of panel `number` that exist.
template <class T>
INLINE long width(long units, long number) {
    const long left = units - number * PANEL<T>;
    return left < PANEL<T> ? left : PANEL<T>;
}

template <class V>
INLINE long whole_vectors(long count) {
    return (count + V::lanes - 1) / V::lanes * V::lanes;
}

template <class V, class T = typename V::T>
void forward(const Dense<T>& layer, long number, Rows<const T> A_prev, long rows, Rows<T> A, Rows<T> Z) {
    const long columns = width<T>(layer.units, number);
    const T* panel = layer.panel(layer.panels, number);
    T* out = A.data + number * PANEL<T>;
    panel_product<V, true>(rows, columns, A_prev.data, A_prev.stride, panel, PANEL<T>, layer.inputs,
                           panel + layer.inputs * PANEL<T>, out, A.stride);
    for (long r = 0; r < rows; ++r) {
        T* z = out + r * A.stride;
        if (Z.data)
            for (long i = 0; i < whole_vectors<V>(columns); i += V::lanes)
                V::load(z + i).store(Z[r] + number * PANEL<T> + i);
        activate<V>(layer.activation, z, whole_vectors<V>(columns));
    }
}

/// Four vectors of columns at a time, so that one example's chains do not wait for one another.
template <class V, class T = typename V::T>
void forward_few(long inputs, long units, const T* W, const T* b, Activation g, Rows<const T> A_prev,
                 long rows, Rows<T> A) {
    for (long r = 0; r < rows; ++r) {
        long j = 0;
        for (; j + 8 * V::lanes <= units; j += 8 * V::lanes)
            product<V, 1, 8, true>(A_prev[r], 0, W + j, units, inputs, b + j, A[r] + j, 0);
        for (; j + V::lanes <= units; j += V::lanes)
            product<V, 1, 1, true>(A_prev[r], 0, W + j, units, inputs, b + j, A[r] + j, 0);
        if (j < units) {
            V z = V::load_first(b + j, units - j);
            for (long k = 0; k < inputs; ++k)
                z = fma(V::broadcast(A_prev[r][k]), V::load_first(W + k * units + j, units - j), z);
            z.store(A[r] + j);
        }
        if (g != Activation::softmax) activate<V>(g, A[r], whole_vectors<V>(units));
    }
}

template <class V, class T = typename V::T>
void finish(const Dense<T>& layer, long rows, Rows<T> A) {
    T top, total;
    for (long r = 0; r < rows; ++r) {
        if (layer.activation == Activation::softmax) softmax<V>(A[r], layer.units, &top, &total);
        A[r][layer.units] = T(1);
    }
}

template <class V, class T = typename V::T>
void output(Activation g, const CostOf<T>& cost, long units, Rows<T> Z, Rows<const T> Y, const T* weights, long rows,
            T* scratch, Rows<T> dZ, double* losses) {
    const Output<V> out{g, cost, units};
    for (long r = 0; r < rows; ++r) {
        losses[r] = static_cast<double>(out.loss(Z[r], Y[r], scratch)) * static_cast<double>(weights[r]);
        if (dZ.data) out.delta(Z[r], scratch, Y[r], weights[r], dZ[r]);
    }
}

template <class V, class T = typename V::T>
void output_value(Activation g, long units, Rows<T> Z, long rows) {
    for (long r = 0; r < rows; ++r) Output<V>{g, {Cost::squared_error, T(0), nullptr}, units}.value(Z[r]);
}

template <class V, class T = typename V::T>
void backward(const Dense<T>& above, long number, Rows<const T> dZ_above, long rows, Activation g,
              Rows<const T> A, Rows<const T> Z, Rows<const T> scale, Rows<T> dZ) {
    const long columns = width<T>(above.inputs, number), begin = number * PANEL<T>;
    const T* panel = above.transposed + number * above.units * PANEL<T>;
    panel_product<V, true>(rows, columns, dZ_above.data, dZ_above.stride, panel, PANEL<T>, above.units,
                           nullptr, dZ.data + begin, dZ.stride);
    for (long r = 0; r < rows; ++r) {
        T* d = dZ[r] + begin;
        if (scale.data)
            for (long i = 0; i < whole_vectors<V>(columns); i += V::lanes)
                (V::load(d + i) * V::load(scale[r] + begin + i)).store(d + i);
        activate_backward<V>(g, d, A[r] + begin, Z.data ? Z[r] + begin : nullptr, whole_vectors<V>(columns));
    }
}

template <class V, class T = typename V::T>
void finish_backward(long units, long rows, Rows<const T> A, Rows<T> dZ) {
    for (long r = 0; r < rows; ++r) softmax_backward<V>(dZ[r], A[r], units);
}

/// Writes the weights of a tile into the transposed panels.
template <class T>
INLINE void refresh_transposed(Dense<T>& layer, const Tile& tile, const T* weights) {
    if (!layer.transposed) return;
    const long columns = width<T>(layer.units, tile.panel);
    const long rows = tile.row + tile.rows > layer.inputs ? layer.inputs - tile.row : tile.rows;
    const long panel = tile.row / PANEL<T>, at = tile.row % PANEL<T>;
    T* out = layer.transposed + (panel * layer.units + tile.panel * PANEL<T>) * PANEL<T> + at;
    for (long j = 0; j < columns; ++j)
        for (long k = 0; k < rows; ++k) out[j * PANEL<T> + k] = weights[k * PANEL<T> + j];
}

template <class T>
INLINE void prefetch_rows(const T* data, long rows) {
    for (long i = 0; i < rows * PANEL<T>; i += 64 / static_cast<long>(sizeof(T)))
        __builtin_prefetch(data + i, 1);
}

/// The same step without what weights alone have: penalties and decay.
template <class T>
INLINE Step<T> for_bias(Step<T> step) {
    step.l2 = step.l1 = T(0);
    step.decay = T(1);
    return step;
}

/// The optimizer's step for a tile, from the sums of its gradients: (rows, PANEL).
template <class V, class T = typename V::T>
INLINE void step_tile(Dense<T>& layer, const Tile& tile, const Step<T>& step, const T* sums) {
    const long used = whole_vectors<V>(width<T>(layer.units, tile.panel));
    const long at = tile.panel * (layer.inputs + 1) * PANEL<T> + tile.row * PANEL<T>;
    const Step<T> biased = for_bias(step);
    const Steps<V> steps(step), bias_steps(biased);
    const Gradient<V> gradient(step), bias_gradient(biased);
    with_optimizer(step.optimizer, [&](auto o) {
        for (long r = 0; r < tile.rows; ++r) {
            const long i = at + r * PANEL<T>;
            T *m = layer.moments[0] ? layer.moments[0] + i : nullptr, *v = layer.moments[1] ? layer.moments[1] + i : nullptr;
            const bool bias = tile.row + r == layer.inputs;
            step_run<V>(o, bias ? bias_gradient : gradient, bias ? bias_steps : steps, used, sums + r * PANEL<T>,
                        layer.panels + i, m, v);
        }
    });
    refresh_transposed(layer, tile, layer.panels + at);
}

template <class V, class T = typename V::T>
void update(Dense<T>& layer, const Tile& tile, Rows<const T> A_prev, Rows<const T> dZ, long examples,
            bool first, const Step<T>* step) {
    alignas(64) T sums[BLOCK * PANEL<T>];
    const long columns = width<T>(layer.units, tile.panel), used = whole_vectors<V>(columns);
    const long at = tile.panel * (layer.inputs + 1) * PANEL<T> + tile.row * PANEL<T>;
    T* kept = layer.gradients ? layer.gradients + at : nullptr;
    if (step) {
        prefetch_rows(layer.panels + at, tile.rows);
        for (const T* each : layer.moments)
            if (each) prefetch_rows(each + at, tile.rows);
    }
    panel_product<V, false>(tile.rows, columns, A_prev.data + tile.row, A_prev.stride,
                            dZ.data + tile.panel * PANEL<T>, dZ.stride, examples, nullptr, sums, PANEL<T>);
    for (long r = 0; r < tile.rows && !(first && step); ++r)
        for (long i = r * PANEL<T>; i < r * PANEL<T> + used; i += V::lanes) {
            const V total = first ? V::load(sums + i) : V::load(kept + i) + V::load(sums + i);
            total.store(step ? sums + i : kept + i);
        }
    if (step) step_tile<V>(layer, tile, *step, sums);
}

template <class V, class T = typename V::T>
void apply(Dense<T>& layer, const Tile& tile, const Step<T>& step) {
    step_tile<V>(layer, tile, step,
                 layer.gradients + tile.panel * (layer.inputs + 1) * PANEL<T> + tile.row * PANEL<T>);
}

/// Calls `each(k, c, at)` for the vectors of a panel: row k, vector c of the row, place in the panel.
template <class V, class T = typename V::T, class Each>
INLINE void each_of_panel(long rows, Each&& each) {
    for (long k = 0; k < rows; ++k)
        for (int c = 0; c < static_cast<int>(PANEL<T> / V::lanes); ++c) each(k, c, k * PANEL<T> + c * V::lanes);
}

template <class V, class T = typename V::T>
void penalties(const Dense<T>& layer, long number, T* squares, T* magnitudes) {
    constexpr int vectors = static_cast<int>(PANEL<T> / V::lanes);
    const T* panel = layer.panel(layer.panels, number);
    V square[vectors], size[vectors];
    for (int c = 0; c < vectors; ++c) square[c] = size[c] = constant<V>(0.0);
    each_of_panel<V>(layer.inputs, [&](long, int c, long at) {
        const V w = V::load(panel + at);
        square[c] = fma(w, w, square[c]);
        size[c] = size[c] + magnitude(w);
    });
    for (int c = 0; c < vectors; ++c) {
        square[c].store(squares + c * V::lanes);
        size[c].store(magnitudes + c * V::lanes);
    }
}

template <class V, class T = typename V::T>
void norms(const Dense<T>& layer, long number, const Step<T>& step, T peak, T* squares, T* largest_of) {
    constexpr int vectors = static_cast<int>(PANEL<T> / V::lanes);
    const T *panel = layer.panel(layer.panels, number), *sums = layer.panel(layer.gradients, number);
    const Gradient<V> gradient(step), bias_gradient(for_bias(step));
    V square[vectors], most[vectors];
    for (int c = 0; c < vectors; ++c) square[c] = most[c] = constant<V>(0.0);
    each_of_panel<V>(layer.inputs + 1, [&](long k, int c, long at) {
        const Gradient<V>& of = k == layer.inputs ? bias_gradient : gradient;
        const V g = of.unclipped(V::load(panel + at), V::load(sums + at));
        const V part = g / V::broadcast(peak);
        square[c] = fma(part, part, square[c]);
        most[c] = larger(most[c], magnitude(g));
    });
    for (int c = 0; c < vectors; ++c) {
        square[c].store(squares + c * V::lanes);
        most[c].store(largest_of + c * V::lanes);
    }
}

/// What weights are multiplied by so that their norm, peak * root(squares), is within `most` (eq. 14.5).
template <class V>
INLINE V bound(V peak, V squares, V most) {
    const V one = constant<V>(1.0), norm = peak * root(squares);
    return choose(greater(norm, most), most / norm, one);
}

template <class V, class T = typename V::T>
void max_norm(Dense<T>& layer, long number, T most) {
    constexpr int vectors = static_cast<int>(PANEL<T> / V::lanes);
    T* panel = layer.panel(layer.panels, number);
    V peak[vectors], square[vectors];
    for (int c = 0; c < vectors; ++c) peak[c] = square[c] = constant<V>(0.0);
    each_of_panel<V>(layer.inputs, [&](long, int c, long at) {
        peak[c] = larger(peak[c], magnitude(V::load(panel + at)));
    });
    for (int c = 0; c < vectors; ++c)
        peak[c] = choose(greater(peak[c], constant<V>(0.0)), peak[c], constant<V>(1.0));
    each_of_panel<V>(layer.inputs, [&](long, int c, long at) {
        const V w = V::load(panel + at) / peak[c];
        square[c] = fma(w, w, square[c]);
    });
    for (int c = 0; c < vectors; ++c) square[c] = bound(peak[c], square[c], V::broadcast(most));
    each_of_panel<V>(layer.inputs, [&](long, int c, long at) {
        (V::load(panel + at) * square[c]).store(panel + at);
    });
    for (long row = 0; row < layer.inputs; row += BLOCK) {
        const Tile tile{0, number, row, layer.inputs - row < BLOCK ? layer.inputs - row : BLOCK};
        refresh_transposed(layer, tile, panel + row * PANEL<T>);
    }
}

template <class V, class T = typename V::T>
void multiply(const T* A, const T* scale, long count, T* out) {
    for (long i = 0; i < count; i += V::lanes) (V::load(A + i) * V::load(scale + i)).store(out + i);
}
