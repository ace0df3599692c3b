// The first layer of examples of which most inputs are 0: sums over the others, from lists of them.
//
// Included inside a target's own anonymous namespace. The sums are the chains of `linear.hpp` without the terms that are 0.
#pragma once

/// Entries of the numbers of an example that are not 0. Returns how many.
template <class V, class T = typename V::T>
long list(const T* example, long inputs, Entry<T>* entries) {
    constexpr long most = 64;
    Entry<T>* out = entries;
    for (long first = 0; first < inputs; first += most) {
        const long count = inputs - first < most ? inputs - first : most;
        std::uint64_t bits = 0;
        for (long k = 0; k < count; k += V::lanes)
            bits |= static_cast<std::uint64_t>(filled_lanes(V::load_first(example + first + k, count - k))) << k;
        for (; bits; bits &= bits - 1) {
            const long k = first + __builtin_ctzll(bits);
            *out++ = {static_cast<std::int32_t>(k * PANEL<T>), example[k]};
        }
    }
    return out - entries;
}

/// Calls `each(c, count)` for the vectors of `columns` columns, four at a time where there are as many, `count` as a constant.
template <class V, class Each>
INLINE void vector_fours(long columns, Each&& each) {
    constexpr int most = static_cast<int>(PANEL<typename V::T> / V::lanes);
    const long vectors = (columns + V::lanes - 1) / V::lanes;
    long c = 0;
    if constexpr (most >= 4)
        for (; c + 4 <= vectors; c += 4) each(c * V::lanes, Constant<4>{});
    vector_pairs<V>(columns - c * V::lanes, [&](long at, auto C) { each(c * V::lanes + at, C); });
}

/// sums[p][c] += x of[p][at], over a list.
template <class V, int P, int C, class T = typename V::T>
INLINE void add_listed(const List<T>& list, const T* const (&of)[P], V (&sums)[P][C]) {
    for (const Entry<T>& entry : list) {
        const V x = V::broadcast(entry.x);
        UNROLL for (int p = 0; p < P; ++p)
            UNROLL for (int c = 0; c < C; ++c) sums[p][c] = fma(x, V::load(of[p] + entry.at + c * V::lanes), sums[p][c]);
    }
}

/// `linear` for C vectors of each of P panels of the first layer, or relu of it.
template <class V, int P, int C, class T = typename V::T>
INLINE void linear_listed(const Dense<T>& layer, long number, long at, const List<T>* lists, long rows, Rows<T> Z) {
    const T *panels[P], *bias[P];
    for (int p = 0; p < P; ++p) {
        panels[p] = layer.panel(layer.panels, number + p) + at;
        bias[p] = panels[p] + layer.inputs * PANEL<T>;
    }
    const bool rectified = layer.activation == Activation::relu;
    for (long r = 0; r < rows; ++r) {
        V sums[P][C];
        UNROLL for (int p = 0; p < P; ++p)
            UNROLL for (int c = 0; c < C; ++c) sums[p][c] = V::load(bias[p] + c * V::lanes);
        add_listed<V>(lists[r], panels, sums);
        UNROLL for (int p = 0; p < P; ++p)
            UNROLL for (int c = 0; c < C; ++c)
                (rectified ? relu(sums[p][c]) : sums[p][c]).store(Z.panel(number + p) + r * PANEL<T> + at + c * V::lanes);
    }
}

/// sums[c] += p[row], over all rows: the bias is the weight of an input that is always 1.
template <class V, int C, class T = typename V::T>
INLINE void add_all(long rows, const T* p, V (&sums)[C]) {
    for (long r = 0; r < rows; ++r, p += PANEL<T>)
        UNROLL for (int c = 0; c < C; ++c) sums[c] = sums[c] + V::load(p + c * V::lanes);
}

/// `add_listed` for two lists: the chains of one go on while those of the other wait.
template <class V, int C, class T = typename V::T>
INLINE void add_two_listed(const List<T> (&lists)[2], const T* p, V (&sums)[2][C]) {
    const long both = lists[0].count < lists[1].count ? lists[0].count : lists[1].count;
    for (long i = 0; i < both; ++i)
        UNROLL for (int of = 0; of < 2; ++of) {
            const Entry<T>& entry = lists[of].entries[i];
            const V x = V::broadcast(entry.x);
            UNROLL for (int c = 0; c < C; ++c) sums[of][c] = fma(x, V::load(p + entry.at + c * V::lanes), sums[of][c]);
        }
    const T* const from[1] = {p};
    UNROLL for (int of = 0; of < 2; ++of) {
        V rest[1][C];
        UNROLL for (int c = 0; c < C; ++c) rest[0][c] = sums[of][c];
        add_listed<V>(List<T>{lists[of].entries + both, lists[of].count - both}, from, rest);
        UNROLL for (int c = 0; c < C; ++c) sums[of][c] = rest[0][c];
    }
}

/// The sums for the inputs k and k + 1 and C vectors of a panel; the second may be past the last.
template <class V, int C, class T = typename V::T>
INLINE void listed_pair(const TileJob<T>& job, long k, bool two, const T* dZ, long examples, T* out) {
    V sums[2][C];
    UNROLL for (int of = 0; of < 2; ++of)
        UNROLL for (int c = 0; c < C; ++c) sums[of][c] = constant<V>(0.0);
    const long inputs = job.layer->inputs;
    for (int part = 0; part < job.parts && k < inputs; ++part) {
        const List<T> none{nullptr, 0};
        const List<T> lists[2] = {job.columns[part].of(k), two && k + 1 < inputs ? job.columns[part].of(k + 1) : none};
        add_two_listed(lists, dZ, sums);
    }
    if (k == inputs) add_all(examples, dZ, sums[0]);
    if (k + 1 == inputs && two) add_all(examples, dZ, sums[1]);
    UNROLL for (int c = 0; c < C; ++c) sums[0][c].store(out + c * V::lanes);
    if (two)
        UNROLL for (int c = 0; c < C; ++c) sums[1][c].store(out + PANEL<T> + c * V::lanes);
}

/// `linear_backward` for a tile of the first layer. `between` is called twice an input.
template <class V, class Between, class T = typename V::T>
INLINE void listed_sums_of(const TileJob<T>& job, long examples, T* out, Between& between) {
    const long columns = width<T>(job.layer->units, job.tile.panel), end = job.tile.row + job.tile.rows;
    const T* dZ = job.dZ.panel(job.tile.panel);
    for (long k = job.tile.row; k < end; k += 2, out += 2 * PANEL<T>) {
        vector_fours<V>(columns, [&](long at, auto C) {
            listed_pair<V, C.value>(job, k, k + 1 < end, dZ + at, examples, out + at);
        });
        for (int i = 0; i < 4; ++i) between();
    }
}
