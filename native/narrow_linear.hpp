// Z = W A + b for layers of very few units: rows lie in the lanes, which would be idle otherwise.
//
// Included inside a target's own anonymous namespace. The chains are those of `linear.hpp`, element by element.
#pragma once

/// Most units, and fewest inputs, of a layer for which turning the rows is worth its while.
constexpr int NARROW_UNITS = 4;
constexpr long NARROW_INPUTS = 16;

/// Blocks of PANEL rows that go on together.
constexpr long NARROW_BLOCKS = TILE_ROWS >= 8 ? 2 : 1;

/// PANEL rows of a panel of inputs, turned: one input a row. Columns up to the next multiple of SQUARE are there too.
template <class T>
INLINE void turn_rows(const T* rows, long columns, T* out) {
    for (long k = 0; k < columns; k += SQUARE<T>)
        for (long r = 0; r < PANEL<T>; r += SQUARE<T>) transpose_square(rows + r * PANEL<T> + k, out + k * PANEL<T> + r);
}

/// Z of B blocks of PANEL rows from `row` on.
template <class V, int B, class T = typename V::T>
INLINE void narrow_blocks(const Dense<T>& layer, Rows<const T> A_prev, long row, T* Z) {
    constexpr int C = static_cast<int>(PANEL<T> / V::lanes);
    alignas(64) T turned[B][PANEL<T> * PANEL<T>], sums[B][SQUARE<T> * PANEL<T>];
    const T* panel = layer.panels;
    for (int b = 0; b < B; ++b)
        for (long j = 0; j < SQUARE<T>; ++j)
            for (long i = 0; i < PANEL<T>; ++i) sums[b][j * PANEL<T> + i] = j < layer.units ? panel[layer.inputs * PANEL<T> + j] : T(0);
    for (long begin = 0; begin < layer.inputs; begin += PANEL<T>, panel += PANEL<T> * PANEL<T>) {
        const long columns = layer.inputs - begin < PANEL<T> ? layer.inputs - begin : PANEL<T>;
        for (int b = 0; b < B; ++b) turn_rows(A_prev.at(row + b * PANEL<T>, begin), columns, turned[b]);
        for (long j = 0; j < layer.units; ++j) {
            V z[B][C];
            UNROLL for (int b = 0; b < B; ++b)
                UNROLL for (int c = 0; c < C; ++c) z[b][c] = V::load(sums[b] + j * PANEL<T> + c * V::lanes);
            for (long k = 0; k < columns; ++k) {
                const V w = V::broadcast(panel[k * PANEL<T> + j]);
                UNROLL for (int b = 0; b < B; ++b)
                    UNROLL for (int c = 0; c < C; ++c) z[b][c] = fma(w, V::load(turned[b] + k * PANEL<T> + c * V::lanes), z[b][c]);
            }
            UNROLL for (int b = 0; b < B; ++b)
                UNROLL for (int c = 0; c < C; ++c) z[b][c].store(sums[b] + j * PANEL<T> + c * V::lanes);
        }
    }
    for (int b = 0; b < B; ++b)
        for (long r = 0; r < PANEL<T>; r += SQUARE<T>) transpose_square(sums[b] + r, Z + (row + b * PANEL<T> + r) * PANEL<T>);
}

/// Z of as many rows as fill blocks, or none where the layer is not so narrow; returns their number.
template <class V, class T = typename V::T>
long narrow_linear(const Dense<T>& layer, Rows<const T> A_prev, long rows, T* Z) {
    if (layer.units > NARROW_UNITS || layer.inputs < NARROW_INPUTS) return 0;
    long row = 0;
    for (; row + NARROW_BLOCKS * PANEL<T> <= rows; row += NARROW_BLOCKS * PANEL<T>)
        narrow_blocks<V, NARROW_BLOCKS>(layer, A_prev, row, Z);
    for (; row + PANEL<T> <= rows; row += PANEL<T>) narrow_blocks<V, 1>(layer, A_prev, row, Z);
    return row;
}

/// `linear_backward_input` of a layer of so few units and the derivative below it in one go, for a panel of inputs; returns whether
/// it did it. That is where A says enough, and nothing goes over whole rows.
template <class V, class T = typename V::T>
bool narrow_backward(const Dense<T>& above, const T* panel, long columns, Rows<const T> dZ_above, long rows, Activation g,
                     const T* A, T* dZ) {
    if (above.units > NARROW_UNITS || needs_z(g)) return false;
    bool done = false;
    with_activation(g, [&](auto, auto backward) {
        done = true;
        with_rows<NARROW_UNITS>(static_cast<int>(above.units), [&](auto U) {
            for (long i = 0; i < columns; i += V::lanes) {
                V w[U.value];
                UNROLL for (int j = 0; j < U.value; ++j) w[j] = V::load(panel + j * PANEL<T> + i);
                for (long r = 0; r < rows; ++r) {
                    const T* d = dZ_above.data + r * PANEL<T>;
                    V dA = constant<V>(0.0);
                    UNROLL for (int j = 0; j < U.value; ++j) dA = fma(V::broadcast(d[j]), w[j], dA);
                    const V a = V::load(A + r * PANEL<T> + i);
                    backward(dA, a, a).store(dZ + r * PANEL<T> + i);
                }
            }
        });
    });
    return done;
}
