// Sizes of weights and of gradients on the path for ordinary networks: penalties, clipping by norm, max-norm.
//
// Included inside a target's own anonymous namespace.
#pragma once

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
