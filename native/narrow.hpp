// Output layers of few units: examples lie in the lanes, and a unit's numbers beside one another.
//
// Included inside a target's own anonymous namespace. The sums over units are the very trees of `Output`: examples that do not fill a
// vector go row by row, and their bits are the same.
#pragma once

/// out[unit * PANEL + i] for rows row..row + count of the first `units` columns; count is a multiple of SQUARE.
template <class T>
INLINE void rows_to_lanes(Rows<const T> from, long row, long count, long units, T* out) {
    for (long j = 0; j < units; j += SQUARE<T>)
        for (long r = 0; r < count; r += SQUARE<T>) transpose_square(from.at(row + r, j), out + j * PANEL<T> + r);
}

/// The way back; columns up to the next multiple of SQUARE are written too.
template <class T>
INLINE void lanes_to_rows(const T* from, long row, long count, long units, Rows<T> out) {
    for (long j = 0; j < units; j += SQUARE<T>)
        for (long r = 0; r < count; r += SQUARE<T>) transpose_square(from + j * PANEL<T> + r, out.at(row + r, j));
}

/// The sum of x[0..units) by the tree of `tree`; x is used up.
template <class V>
INLINE V tree_of_units(V* x, long units) {
    for (long half = TINY / 2; half >= 1; half /= 2)
        for (long i = 0; i < half && i + half < units; ++i) x[i] = x[i] + x[i + half];
    return x[0];
}

/// What `Output` does for one example, for up to PANEL of them at once.
template <class V>
struct NarrowOutput {
    using T = typename V::T;
    static constexpr long NUMBERS = TINY * PANEL<T>;

    const Output<V> of;
    alignas(64) T Z[NUMBERS], A[NUMBERS], Y[NUMBERS], dZ[NUMBERS];

    explicit NarrowOutput(const Output<V>& output) : of(output) {
        for (T& each : dZ) each = T(0);
    }

    /// Whether an output layer is narrow: a softmax that no cost belongs to needs a sum more.
    static bool serves(const Output<V>& of) {
        return of.units <= TINY &&
               (of.activation != Activation::softmax || of.cost.name == Cost::categorical_cross_entropy);
    }

    static INLINE V at(const T* block, long k, long i) { return V::load(block + k * PANEL<T> + i); }
    INLINE V level(long k) const { return of.cost.levels ? V::broadcast(of.cost.levels[k]) : constant<V>(0.0); }

    /// A of the examples i..i + lanes; gives the largest Z and sum_j exp(Z_j - largest) of a softmax.
    INLINE void softmax_of(long i, V& most, V& total) {
        V e[TINY];
        most = at(Z, 0, i);
        for (long k = 1; k < of.units; ++k) most = larger(most, at(Z, k, i));
        for (long k = 0; k < of.units; ++k) {
            e[k] = exponential_of(at(Z, k, i) - most);
            e[k].store(A + k * PANEL<T> + i);
        }
        total = tree_of_units(e, of.units);
        const V inverse = constant<V>(1.0) / total;
        for (long k = 0; k < of.units; ++k) (at(A, k, i) * inverse).store(A + k * PANEL<T> + i);
    }

    /// The losses of the examples i..i + lanes; makes their A.
    INLINE V losses(long i) {
        V term[TINY], most, total;
        if (of.cost.name == Cost::categorical_cross_entropy) {
            softmax_of(i, most, total);
            const V log = logarithm(total);
            for (long k = 0; k < of.units; ++k) term[k] = at(Y, k, i) * (log - (at(Z, k, i) - most));
        } else if (of.cost.name == Cost::binary_cross_entropy) {
            for (long k = 0; k < of.units; ++k) {
                V a;
                term[k] = binary_cross_entropy_from_z(at(Z, k, i), at(Y, k, i), a);
                a.store(A + k * PANEL<T> + i);
            }
        } else {
            for (long k = 0; k < of.units; ++k) {
                T* a = A + k * PANEL<T> + i;
                at(Z, k, i).store(a);
                activate<V>(of.activation, a, V::lanes);
                term[k] = loss_of(of.cost, of.activation, at(Z, k, i), V::load(a), at(Y, k, i), level(k));
            }
        }
        return tree_of_units(term, of.units);
    }

    INLINE void deltas(long i, V weight) {
        for (long k = 0; k < of.units; ++k) {
            T* d = dZ + k * PANEL<T> + i;
            (delta_of(of.cost, of.activation, at(A, k, i), at(Y, k, i), level(k)) * weight).store(d);
            if (!is_fused(of.activation, of.cost.name))
                activate_backward<V>(of.activation, d, A + k * PANEL<T> + i, Z + k * PANEL<T> + i, V::lanes);
        }
    }

    /// The rows row..row + count, a multiple of the lanes.
    void block(Rows<const T> from_Z, Rows<const T> from_Y, const T* weights, long row, long count, Rows<T> to_dZ,
               double* losses_of) {
        alignas(64) T loss[PANEL<T>];
        rows_to_lanes(from_Z, row, count, of.units, Z);
        rows_to_lanes(from_Y, row, count, of.units, Y);
        for (long i = 0; i < count; i += V::lanes) {
            losses(i).store(loss + i);
            if (to_dZ.data) deltas(i, V::load(weights + row + i));
        }
        for (long i = 0; i < count; ++i)
            losses_of[row + i] = static_cast<double>(loss[i]) * static_cast<double>(weights[row + i]);
        if (to_dZ.data) lanes_to_rows(dZ, row, count, of.units, to_dZ);
    }
};

/// Losses and dZ of as many rows as fill vectors; returns their number.
template <class V>
long narrow_output(const Output<V>& of, Rows<const typename V::T> Z, Rows<const typename V::T> Y,
                   const typename V::T* weights, long rows, Rows<typename V::T> dZ, double* losses) {
    using T = typename V::T;
    if (rows < V::lanes || !NarrowOutput<V>::serves(of)) return 0;
    NarrowOutput<V> narrow(of);
    const long whole = rows / V::lanes * V::lanes;
    for (long row = 0; row < whole; row += PANEL<T>)
        narrow.block(Z, Y, weights, row, whole - row < PANEL<T> ? whole - row : PANEL<T>, dZ, losses);
    return whole;
}

/// A[L] = softmax(Z[L]) in place for as many rows as fill vectors; returns their number.
template <class V, class T = typename V::T>
long narrow_softmax(const Output<V>& of, Rows<T> Z, long rows) {
    if (rows < V::lanes || of.units > TINY) return 0;
    NarrowOutput<V> narrow(of);
    const long whole = rows / V::lanes * V::lanes;
    for (long row = 0; row < whole; row += PANEL<T>) {
        const long count = whole - row < PANEL<T> ? whole - row : PANEL<T>;
        V most, total;
        for (T& each : narrow.A) each = T(0);
        rows_to_lanes<T>(Z, row, count, of.units, narrow.Z);
        for (long i = 0; i < count; i += V::lanes) narrow.softmax_of(i, most, total);
        lanes_to_rows(narrow.A, row, count, of.units, Z);
    }
    return whole;
}
