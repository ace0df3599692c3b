// Z = W A + b and its derivatives as products of a register tile: R rows by C vectors.
//
// Included inside a target's own anonymous namespace. Every element is one chain of fused multiply-adds. Both operands and the
// result lie in panels, rows PANEL apart, so that every address inside the loops is a constant from its start.
#pragma once

/// A panel of so many cache lines or fewer stays in the nearest cache by itself.
constexpr long LINES_OF_L1 = 512;

#define UNROLL _Pragma("GCC unroll 32")

/// R rows of C vectors that add up in registers.
template <class V, int R, int C>
struct Sums {
    using T = typename V::T;
    V of[R][C];

    explicit INLINE Sums(const T* from) {
        UNROLL for (int r = 0; r < R; ++r)
            UNROLL for (int c = 0; c < C; ++c) of[r][c] = from ? V::load(from + c * V::lanes) : constant<V>(0.0);
    }
    /// of[r][c] += a[r * stride] * p[c].
    INLINE void add(const T* a, long stride, const T* p) {
        V w[C];
        UNROLL for (int c = 0; c < C; ++c) w[c] = V::load(p + c * V::lanes);
        UNROLL for (int r = 0; r < R; ++r) {
            const V x = V::broadcast(a[r * stride]);
            UNROLL for (int c = 0; c < C; ++c) of[r][c] = fma(x, w[c], of[r][c]);
        }
    }
    INLINE void rectify() {
        UNROLL for (int r = 0; r < R; ++r)
            UNROLL for (int c = 0; c < C; ++c) of[r][c] = relu(of[r][c]);
    }
    INLINE void store(T* out) const {
        UNROLL for (int r = 0; r < R; ++r)
            UNROLL for (int c = 0; c < C; ++c) of[r][c].store(out + r * PANEL<T> + c * V::lanes);
    }
};

/// Memory that will be wanted soon: asked for a few lines at a time, so that what is wanted now need not wait.
struct Ahead {
    const char* at;
    long lines;  ///< to ask for each time; 0 for none

    INLINE void ask() {
        for (long i = 0; i < lines; ++i, at += 64) __builtin_prefetch(at, 0, 2);
    }
};

/// out[r] = from + sum over k of a[r, k] p[k]: rows of A or dZ, which jump from panel to panel, times a panel of K weights.
/// `from` may be null, for 0.
template <class V, int R, int C, class T = typename V::T>
void product_across(const T* a, long jump, const T* p, long K, const T* from, T* out, bool rectified, Ahead& ahead) {
    Sums<V, R, C> sums(from);
    for (; K > 0; K -= PANEL<T>, a += jump) {
        const long columns = K < PANEL<T> ? K : PANEL<T>;
        for (long k = 0; k < columns; ++k, p += PANEL<T>) sums.add(a + k, PANEL<T>, p);
        ahead.ask();
    }
    if (rectified) sums.rectify();
    sums.store(out);
}

/// Nothing to do between the parts of a sum over examples.
struct Nothing {
    static constexpr int parts = 1;
    INLINE void operator()() const {}
};

/// out[r] = sum over examples e of a[e, r] p[e]: columns of A times a panel of dZ. `between()` is called after each of its
/// parts: divisions and roots of another tile's step go on beside the products, as long as nothing has to leave the registers.
template <class V, int R, int C, class Between, class T = typename V::T>
INLINE void product_down(const T* a, const T* p, long examples, T* out, Between& between) {
    constexpr int parts = Between::parts;
    Sums<V, R, C> sums(nullptr);
    for (int part = 0; part < parts; ++part) {
        const long count = examples * (part + 1) / parts - examples * part / parts;
        for (long e = 0; e < count; ++e, a += PANEL<T>, p += PANEL<T>) sums.add(a, 1, p);
        between();
    }
    sums.store(out);
}

/// Calls `each` with the number of rows, 1..TILE_ROWS, as a constant.
template <int R = TILE_ROWS, class Each>
INLINE void with_rows(int rows, Each&& each) {
    if constexpr (R > 1) {
        if (rows < R) return with_rows<R - 1>(rows, each);
    }
    each(Constant<R>{});
}

/// Calls `each(first, rows)` for balanced blocks of at most TILE_ROWS rows: 20 are 7 + 7 + 6, not 8 + 8 + 4.
template <class Each>
INLINE void row_blocks(long rows, Each&& each) {
    const long blocks = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (long i = 0; i < blocks; ++i) {
        const long first = rows * i / blocks;
        each(first, static_cast<int>(rows * (i + 1) / blocks - first));
    }
}

/// Calls `each(c, count)` for the vectors of `columns` columns, two at a time and a last one alone, `count` as a constant.
template <class V, class Each>
INLINE void vector_pairs(long columns, Each&& each) {
    const long vectors = (columns + V::lanes - 1) / V::lanes;
    long c = 0;
    for (; c + 2 <= vectors; c += 2) each(c * V::lanes, Constant<2>{});
    if (c < vectors) each(c * V::lanes, Constant<1>{});
}

/// `product_across` for any number of rows and the first `columns` columns of a panel; `next` is the panel that comes after, or null.
template <class V, class T = typename V::T>
INLINE void panel_across(long rows, long columns, Rows<const T> A, const T* panel, long K, const T* from, T* out,
                         const T* next, bool rectified = false) {
    const long calls = (rows + TILE_ROWS - 1) / TILE_ROWS * panels_of<T>(K);
    const long lines = K * PANEL<T> * static_cast<long>(sizeof(T)) / 64;
    Ahead ahead{reinterpret_cast<const char*>(next), next && lines > LINES_OF_L1 ? (lines + calls - 1) / calls : 0};
    row_blocks(rows, [&](long first, int count) {
        vector_pairs<V>(columns, [&](long at, auto C) {
            with_rows(count, [&](auto R) {
                product_across<V, R.value, C.value>(A.data + first * PANEL<T>, A.jump, panel + at, K,
                                                    from ? from + at : nullptr, out + first * PANEL<T> + at, rectified,
                                                    ahead);
            });
        });
    });
}

/// Z[l] = W[l] A[l-1] + b[l] for the first `columns` units of a panel (eq. 2.1); b[l] lies under the weights.
/// `rectified` makes A = relu(Z) of it while it is in registers.
template <class V, class T = typename V::T>
INLINE void linear(long rows, long columns, Rows<const T> A_prev, const T* panel, long inputs, T* Z, const T* next,
                   bool rectified) {
    panel_across<V>(rows, columns, A_prev, panel, inputs, panel + inputs * PANEL<T>, Z, next, rectified);
}

/// dA[l-1] = W[l]^T dZ[l] for the first `columns` inputs of a transposed panel (eq. 6.4).
template <class V, class T = typename V::T>
INLINE void linear_backward_input(long rows, long columns, Rows<const T> dZ, const T* panel, long units, T* dA,
                                  const T* next) {
    const T* none = nullptr;
    panel_across<V>(rows, columns, dZ, panel, units, none, dA, next);
}

/// The sums of dW[l] = (1/m) dZ[l] A[l-1]^T (eq. 6.2) and db[l] = (1/m) sum dZ[l] (eq. 6.3) for rows of inputs, of which
/// the last is always 1, and the first `columns` units of a panel.
template <class V, class T = typename V::T>
void linear_backward(long rows, long columns, const T* a, const T* dZ, long examples, T* out) {
    const Nothing nothing;
    row_blocks(rows, [&](long first, int count) {
        vector_pairs<V>(columns, [&](long at, auto C) {
            with_rows(count, [&](auto R) {
                product_down<V, R.value, C.value>(a + first, dZ + at, examples, out + first * PANEL<T> + at, nothing);
            });
        });
    });
}

/// How BLOCK rows of a whole panel are cut into products.
template <class V>
struct WholeTile {
    static constexpr int vectors = static_cast<int>(PANEL<typename V::T> / V::lanes);
    static constexpr int C = vectors < 2 ? 1 : 2;
    static constexpr int blocks = (static_cast<int>(BLOCK) + TILE_ROWS - 1) / TILE_ROWS;
    static constexpr int R = static_cast<int>(BLOCK) / blocks;
    static constexpr int products = blocks * vectors / C;
    static_assert(R * blocks == BLOCK && C * (vectors / C) == vectors, "a tile is whole products");
};

/// `linear_backward` for BLOCK rows and a whole panel, with other work between the parts.
template <class V, class Between, class T = typename V::T>
INLINE void linear_backward_whole(const T* a, const T* dZ, long examples, T* out, Between& between) {
    using Cut = WholeTile<V>;
    for (int first = 0; first < BLOCK; first += Cut::R)
        for (long at = 0; at < PANEL<T>; at += Cut::C * V::lanes)
            product_down<V, Cut::R, Cut::C>(a + first, dZ + at, examples, out + first * PANEL<T> + at, between);
}
