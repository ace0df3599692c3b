// Z = W A + b and its derivatives as products of a register tile: R rows by C vectors.
//
// Included inside a target's own anonymous namespace. Every element is one chain of fused multiply-adds.
#pragma once

/// out[r][c] = from[c] + sum over k of a[r, k] p[k, c], for R rows and C vectors of columns.
///
/// Across: a[r, k] = a[r * stride + k], rows of A or dZ (eq. 2.1, 6.4). Else a[r, k] = a[k * stride + r]:
/// the sum goes over the examples (eq. 6.2). p[k] begins at p + k * p_stride. `from` may be null, for 0.
template <class V, int R, int C, bool Across>
void product(const typename V::T* a, long stride, const typename V::T* p, long p_stride, long K,
             const typename V::T* from, typename V::T* out, long out_stride) {
    V sums[R][C];
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 32
        for (int c = 0; c < C; ++c)
            sums[r][c] = from ? V::load(from + c * V::lanes) : constant<V>(0.0);
    for (long k = 0; k < K; ++k) {
        V w[C];
#pragma GCC unroll 32
        for (int c = 0; c < C; ++c) w[c] = V::load(p + c * V::lanes);
#pragma GCC unroll 32
        for (int r = 0; r < R; ++r) {
            const V x = V::broadcast(a[Across ? r * stride : r]);
#pragma GCC unroll 32
            for (int c = 0; c < C; ++c) sums[r][c] = fma(x, w[c], sums[r][c]);
        }
        a += Across ? 1 : stride;
        p += p_stride;
    }
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 32
        for (int c = 0; c < C; ++c) sums[r][c].store(out + r * out_stride + c * V::lanes);
}

/// A product whose number of rows, 1..TILE_ROWS, is known as it runs.
template <class V, int C, bool Across, int R = TILE_ROWS>
INLINE void product_of(int rows, const typename V::T* a, long stride, const typename V::T* p,
                       long p_stride, long K, const typename V::T* from, typename V::T* out,
                       long out_stride) {
    if constexpr (R > 1) {
        if (rows < R)
            return product_of<V, C, Across, R - 1>(rows, a, stride, p, p_stride, K, from, out,
                                                   out_stride);
    }
    product<V, R, C, Across>(a, stride, p, p_stride, K, from, out, out_stride);
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

/// A product of any number of rows with the first `columns` columns of a panel, in vectors.
template <class V, bool Across>
INLINE void panel_product(long rows, long columns, const typename V::T* a, long stride,
                          const typename V::T* p, long p_stride, long K, const typename V::T* from,
                          typename V::T* out, long out_stride) {
    const long vectors = (columns + V::lanes - 1) / V::lanes;
    row_blocks(rows, [&](long first, int count) {
        const typename V::T* block = a + first * (Across ? stride : 1);
        long c = 0;
        for (; c + 2 <= vectors; c += 2)
            product_of<V, 2, Across>(count, block, stride, p + c * V::lanes, p_stride, K,
                                     from ? from + c * V::lanes : nullptr,
                                     out + first * out_stride + c * V::lanes, out_stride);
        if (c < vectors)
            product_of<V, 1, Across>(count, block, stride, p + c * V::lanes, p_stride, K,
                                     from ? from + c * V::lanes : nullptr,
                                     out + first * out_stride + c * V::lanes, out_stride);
    });
}
