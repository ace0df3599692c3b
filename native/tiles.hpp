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

template <class T>
INLINE Strip<T> strip(Rows<T> rows, long row) {
    return {rows.data + row * PANEL<T>, rows.jump};
}
template <class T>
INLINE Strip<const T> strip(Rows<const T> rows, long row) {
    return {rows.data + row * PANEL<T>, rows.jump};
}

/// A[l] = g[l](Z[l]) for a panel of units (eq. 2.2).
template <class V, class T = typename V::T>
void forward_block(const Dense<T>& layer, long number, Rows<const T> A_prev, long rows, Rows<T> A, Rows<T> Z) {
    const long columns = width<T>(layer.units, number), used = whole_vectors<V>(columns);
    const T* panel = layer.panel(layer.panels, number);
    T* out = A.panel(number);
    const T* next = number + 1 < layer.count() ? panel + (layer.inputs + 1) * PANEL<T> : nullptr;
    const bool rectified = layer.activation == Activation::relu;
    linear<V>(rows, columns, A_prev, panel, layer.inputs, out, next, rectified);
    if (rectified || layer.activation == Activation::identity) return;
    for (long r = 0; r < rows; ++r, out += PANEL<T>) {
        if (Z.data)
            for (long i = 0; i < used; i += V::lanes)
                V::load(out + i).store(Z.panel(number) + r * PANEL<T> + i);
        activate<V>(layer.activation, out, used);
    }
}

/// Eight vectors of columns at a time, so that one example's chains do not wait for one another.
template <class V, int C, class T = typename V::T>
INLINE long few_columns(long inputs, long units, const T* W, const T* b, const T* a, long j, T* out) {
    for (; j + C * V::lanes <= units; j += C * V::lanes) {
        Sums<V, 1, C> sums(b + j);
        for (long k = 0; k < inputs; ++k) sums.add(a + k, 0, W + k * units + j);
        sums.store(out + j);
    }
    return j;
}

template <class V, class T = typename V::T>
void forward_few(long inputs, long units, const T* W, const T* b, Activation g, const T* a, T* out) {
    long j = few_columns<V, 8>(inputs, units, W, b, a, 0, out);
    j = few_columns<V, 1>(inputs, units, W, b, a, j, out);
    if (j < units) {
        V z = V::load_first(b + j, units - j);
        for (long k = 0; k < inputs; ++k) z = fma(V::broadcast(a[k]), V::load_first(W + k * units + j, units - j), z);
        z.store(out + j);
    }
    if (g != Activation::softmax) activate<V>(g, out, whole_vectors<V>(units));
}

template <class V, class T = typename V::T>
void finish(const Dense<T>& layer, long rows, Rows<T> A) {
    T top, total;
    for (long r = 0; r < rows; ++r) {
        if (layer.activation == Activation::softmax) softmax<V>(strip(A, r), layer.units, &top, &total);
        *A.at(r, layer.units) = T(1);
    }
}

template <class V, class T = typename V::T>
void output(Activation g, const CostOf<T>& cost, long units, Rows<T> Z, Rows<const T> Y, const T* weights, long rows,
            T* scratch, Rows<T> dZ, double* losses) {
    const Output<V> out{g, cost, units};
    for (long r = 0; r < rows; ++r) {
        const T loss = out.loss(strip(Z, r), strip(Y, r), scratch);
        losses[r] = static_cast<double>(loss) * static_cast<double>(weights[r]);
        if (dZ.data) out.delta(strip<const T>(Z, r), scratch, strip(Y, r), weights[r], strip(dZ, r));
    }
}

template <class V, class T = typename V::T>
void output_value(Activation g, long units, Rows<T> Z, long rows) {
    const Output<V> out{g, {Cost::squared_error, T(0), nullptr}, units};
    for (long r = 0; r < rows; ++r) out.value(strip(Z, r));
}

/// dZ = dA * g'(Z) of the layer below for a panel of its units (eq. 6.1).
template <class V, class T = typename V::T>
void backward_block(const Dense<T>& above, long number, Rows<const T> dZ_above, long rows, Activation g,
              Rows<const T> A, Rows<const T> Z, Rows<const T> scale, Rows<T> dZ) {
    const long columns = width<T>(above.inputs, number), used = whole_vectors<V>(columns);
    const T* panel = above.transposed + number * above.units * PANEL<T>;
    T* d = dZ.panel(number);
    const T* next = number + 1 < above.input_panels() ? panel + above.units * PANEL<T> : nullptr;
    linear_backward_input<V>(rows, columns, dZ_above, panel, above.units, d, next);
    for (long r = 0; r < rows; ++r, d += PANEL<T>) {
        const long row = r * PANEL<T>;
        if (scale.data)
            for (long i = 0; i < used; i += V::lanes)
                (V::load(d + i) * V::load(scale.panel(number) + row + i)).store(d + i);
        activate_backward<V>(g, d, A.panel(number) + row, Z.data ? Z.panel(number) + row : nullptr, used);
    }
}

template <class V, class T = typename V::T>
void finish_backward(long units, long rows, Rows<const T> A, Rows<T> dZ) {
    for (long r = 0; r < rows; ++r) softmax_backward<V>(strip(dZ, r), strip(A, r), units);
}

/// Writes the weights of a tile into the transposed panels.
template <class T>
INLINE void refresh_transposed(Dense<T>& layer, const Tile& tile) {
    if (!layer.transposed) return;
    const T* weights = layer.panels + (tile.panel * (layer.inputs + 1) + tile.row) * PANEL<T>;
    const long columns = width<T>(layer.units, tile.panel);
    const long rows = tile.row + tile.rows > layer.inputs ? layer.inputs - tile.row : tile.rows;
    const long panel = tile.row / PANEL<T>, at = tile.row % PANEL<T>;
    T* out = layer.transposed + (panel * layer.units + tile.panel * PANEL<T>) * PANEL<T> + at;
    for (long j = 0; j < columns; ++j)
        for (long k = 0; k < rows; ++k) out[j * PANEL<T> + k] = weights[k * PANEL<T> + j];
}

/// The same step without what weights alone have: penalties and decay.
template <class T>
INLINE Step<T> for_bias(Step<T> step) {
    step.l2 = step.l1 = T(0);
    step.decay = T(1);
    return step;
}

/// Where a tile's numbers begin in the arrays of its layer.
template <class T>
INLINE long place_of(const Dense<T>& layer, const Tile& tile) {
    return (tile.panel * (layer.inputs + 1) + tile.row) * PANEL<T>;
}

/// The optimizer's step for one row after another of a tile, from the sums of its gradients.
template <class V>
struct Stepper {
    using T = typename V::T;
    const Step<T> weights, biases;
    const Steps<V> weight_steps, bias_steps;
    const Gradient<V> weight_gradient, bias_gradient;

    explicit Stepper(const Step<T>& step)
        : weights(step),
          biases(for_bias(step)),
          weight_steps(weights),
          bias_steps(biases),
          weight_gradient(weights),
          bias_gradient(biases) {}

    /// Row `row` of the tile, whose sums lie at `sums`.
    INLINE void operator()(Dense<T>& layer, const Tile& tile, long row, const T* sums) const {
        const long at = place_of(layer, tile) + row * PANEL<T>;
        const bool bias = tile.row + row == layer.inputs;
        T *m = layer.moments[0] ? layer.moments[0] + at : nullptr, *v = layer.moments[1] ? layer.moments[1] + at : nullptr;
        with_optimizer(weights.optimizer, [&](auto o) {
            step_run<V>(o, bias ? bias_gradient : weight_gradient, bias ? bias_steps : weight_steps,
                        whole_vectors<V>(width<T>(layer.units, tile.panel)), sums, layer.panels + at, m, v);
        });
    }
};

template <class T>
INLINE void prefetch_panel_row(const T* row) {
    if (!row) return;
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + PANEL<T> / 2, 1);
}

/// Asks for a row of a tile's weights and moments.
template <class T>
INLINE void prefetch_row(const Dense<T>& layer, const Tile& tile, long row) {
    if (row >= tile.rows) return;
    const long at = place_of(layer, tile) + row * PANEL<T>;
    prefetch_panel_row(layer.panels + at);
    for (const T* each : layer.moments)
        if (each) prefetch_panel_row(each + at);
}

/// Adds the sums of the chunks before, and keeps the sums where more chunks come.
template <class V, class T = typename V::T>
INLINE void join_chunks(const Dense<T>& layer, const Tile& tile, bool first, bool last, T* sums) {
    T* kept = layer.gradients + place_of(layer, tile);
    const long used = whole_vectors<V>(width<T>(layer.units, tile.panel));
    for (long r = 0; r < tile.rows; ++r)
        for (long i = r * PANEL<T>; i < r * PANEL<T> + used; i += V::lanes) {
            const V total = first ? V::load(sums + i) : V::load(kept + i) + V::load(sums + i);
            total.store(last ? sums + i : kept + i);
        }
}

/// The step of a tile is taken between the products of the next: its divisions and roots cost nothing there.
template <class V, class T = typename V::T>
void update(const TileJob<T>* jobs, long count, long examples, bool first, const Step<T>* step) {
    alignas(64) T sums[2][BLOCK * PANEL<T>];
    const Stepper<V> stepper(step ? *step : Step<T>{});
    const TileJob<T>* before = nullptr;
    const auto step_row = [&](long row, const T* of) {
        if (before && row < before->tile.rows) stepper(*before->layer, before->tile, row, of + row * PANEL<T>);
    };
    for (long i = 0; i < count; ++i) {
        const TileJob<T>& job = jobs[i];
        const Tile& tile = job.tile;
        T *now = sums[i % 2], *old = sums[(i + 1) % 2];
        linear_backward<V>(tile.rows, width<T>(job.layer->units, tile.panel), job.A_prev.at(0, tile.row),
                      job.dZ.panel(tile.panel), examples, now, [&](int part) {
                          step_row(part, old);
                          if (step && part < PARTS / 2) {
                              prefetch_row(*job.layer, tile, 2 * part);
                              prefetch_row(*job.layer, tile, 2 * part + 1);
                          }
                      });
        if (before) refresh_transposed(*before->layer, before->tile);
        if (!(first && step)) join_chunks<V>(*job.layer, tile, first, step != nullptr, now);
        before = step ? &job : nullptr;
    }
    for (long row = 0; row < BLOCK; ++row) step_row(row, sums[(count + 1) % 2]);
    if (before) refresh_transposed(*before->layer, before->tile);
}

template <class V, class T = typename V::T>
void apply(Dense<T>& layer, const Tile& tile, const Step<T>& step) {
    const Stepper<V> stepper(step);
    const T* sums = layer.gradients + place_of(layer, tile);
    for (long row = 0; row < tile.rows; ++row) stepper(layer, tile, row, sums + row * PANEL<T>);
    refresh_transposed(layer, tile);
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

/// What weights are multiplied by so that their norm, peak * root(squares), is within `most`, eq. 14.5.
template <class V>
INLINE V bound(V peak, V squares, V most) {
    const V one = constant<V>(1.0), norm = peak * root(squares);
    return choose(greater(norm, most), most / norm, one);
}

/// W_j := W_j min(1, most / |W_j|) for the weights into each unit of a panel (eq. 14.5).
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
        refresh_transposed(layer, tile);
    }
}

template <class V, class T = typename V::T>
void multiply(const T* A, const T* scale, long count, T* out) {
    for (long i = 0; i < count; i += V::lanes) (V::load(A + i) * V::load(scale + i)).store(out + i);
}
