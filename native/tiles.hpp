// The path for ordinary networks: examples are rows, units lie in the lanes.
//
// Included inside a target's own anonymous namespace.
#pragma once

template <class T>
INLINE Strip<T> strip(Rows<T> rows, long row) {
    return {rows.data + row * PANEL<T>, rows.jump};
}
template <class T>
INLINE Strip<const T> strip(Rows<const T> rows, long row) {
    return {rows.data + row * PANEL<T>, rows.jump};
}

/// The activation of a panel of units, in place; Z is kept where it has a place.
template <class V, class T = typename V::T>
INLINE void activate_block(const Dense<T>& layer, long number, long rows, Rows<T> A, Rows<T> Z) {
    if (layer.activation == Activation::identity) return;
    T* const out = A.panel(number);
    each_run<V>(rows, width<T>(layer.units, number), [&](long at, long count) {
        if (Z.data)
            for (long i = at; i < at + count; i += V::lanes) V::load(out + i).store(Z.panel(number) + i);
        activate<V>(layer.activation, out + at, count);
    });
}

/// A[l] = g[l](Z[l]) for a panel of units (eq. 2.2).
template <class V, class T = typename V::T>
void forward_block(const Dense<T>& layer, long number, Rows<const T> A_prev, long rows, Rows<T> A, Rows<T> Z) {
    const long columns = width<T>(layer.units, number);
    const T* panel = layer.panel(layer.panels, number);
    T* out = A.panel(number);
    const T* next = number + 1 < layer.count() ? panel + (layer.inputs + 1) * PANEL<T> : nullptr;
    const bool rectified = layer.activation == Activation::relu;
    const long done = rectified ? 0 : narrow_linear<V>(layer, A_prev, rows, out);
    linear<V>(rows - done, columns, A_prev.from(done), panel, layer.inputs, out + done * PANEL<T>, next, rectified);
    if (!rectified) activate_block<V>(layer, number, rows, A, Z);
}

/// The same of the first layer, from lists of the inputs that are not 0, for up to LISTED_PANELS panels.
template <class V, class T = typename V::T>
void forward_listed(const Dense<T>& layer, long number, const List<T>* lists, long rows, Rows<T> A, Rows<T> Z) {
    static_assert(LISTED_PANELS == 2, "two panels, or one");
    const long end = number + LISTED_PANELS < layer.count() ? number + LISTED_PANELS : layer.count();
    const long last = width<T>(layer.units, end - 1);
    if (end - number == 2 && last > PANEL<T> / 2) {
        vector_fours<V>(PANEL<T>, [&](long at, auto C) { linear_listed<V, 2, C.value>(layer, number, at, lists, rows, A); });
    } else {
        for (long one = number; one < end; ++one)
            vector_fours<V>(width<T>(layer.units, one),
                            [&](long at, auto C) { linear_listed<V, 1, C.value>(layer, one, at, lists, rows, A); });
    }
    if (layer.activation == Activation::relu) return;
    for (long one = number; one < end; ++one) activate_block<V>(layer, one, rows, A, Z);
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
    for (long r = narrow_output<V>(out, Z, Y, weights, rows, dZ, losses); r < rows; ++r) {
        const T loss = out.loss(strip(Z, r), strip(Y, r), scratch);
        losses[r] = static_cast<double>(loss) * static_cast<double>(weights[r]);
        if (dZ.data) out.delta(strip<const T>(Z, r), scratch, strip(Y, r), weights[r], strip(dZ, r));
    }
}

template <class V, class T = typename V::T>
void output_value(Activation g, long units, Rows<T> Z, long rows) {
    const Output<V> out{g, {Cost::squared_error, T(0), nullptr}, units};
    for (long r = g == Activation::softmax ? narrow_softmax<V>(out, Z, rows) : 0; r < rows; ++r) out.value(strip(Z, r));
}

/// dZ = dA * g'(Z) of the layer below for a panel of its units (eq. 6.1).
template <class V, class T = typename V::T>
void backward_block(const Dense<T>& above, long number, Rows<const T> dZ_above, long rows, Activation g,
              Rows<const T> A, Rows<const T> Z, Rows<const T> scale, Rows<T> dZ) {
    const long columns = width<T>(above.inputs, number);
    const T* panel = above.transposed + number * above.units * PANEL<T>;
    T* const d = dZ.panel(number);
    if (!scale.data && narrow_backward<V>(above, panel, columns, dZ_above, rows, g, A.panel(number), d)) return;
    const T* next = number + 1 < above.input_panels() ? panel + above.units * PANEL<T> : nullptr;
    linear_backward_input<V>(rows, columns, dZ_above, panel, above.units, d, next);
    each_run<V>(rows, columns, [&](long at, long count) {
        if (scale.data)
            for (long i = at; i < at + count; i += V::lanes)
                (V::load(d + i) * V::load(scale.panel(number) + i)).store(d + i);
        activate_backward<V>(g, d + at, A.panel(number) + at, Z.data ? Z.panel(number) + at : nullptr, count);
    });
}

template <class V, class T = typename V::T>
void finish_backward(long units, long rows, Rows<const T> A, Rows<T> dZ) {
    for (long r = 0; r < rows; ++r) softmax_backward<V>(strip(dZ, r), strip(A, r), units);
}

template <class V, class T = typename V::T>
void multiply(const T* A, const T* scale, long count, T* out) {
    for (long i = 0; i < count; i += V::lanes) (V::load(A + i) * V::load(scale + i)).store(out + i);
}
