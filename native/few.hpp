// Few examples: every weight is read once, as the caller has it, and that is what takes the time.
//
// Included inside a target's own anonymous namespace. A unit is summed input by input, as the tiles do it: the bits are theirs.
#pragma once

/// Vectors that are summed at a time: so many that no chain waits for itself, and that the registers hold them.
constexpr int CHAINS = TILE_ROWS > 8 ? 24 : 2 * TILE_ROWS;

/// Examples that share a reading of the weights.
constexpr int SHARING = 4;

/// Inputs whose weights are asked for ahead of their turn, and the size of W from which that pays: each input's lie in a page of their
/// own, which the processor does not foresee.
constexpr long FORESIGHT = 8;
constexpr long FAR_AWAY = 1 << 20;

/// Some vectors of units beside one another: where they begin, and how many units the first and the last of them have.
struct Span {
    long begin, first, last;
};

/// The vectors that the units of a layer are cut into.
///
/// A vector that lies across two lines of the cache takes two accesses, so the first one ends where a line ends: each input's
/// weights lie as the first's do, where they are whole vectors.
template <class V>
struct Cut {
    using T = typename V::T;
    long units, head;  ///< of the first vector; 0 where it is whole

    explicit INLINE Cut(const FewJob<T>& job) : units(job.units), head(0) {
        constexpr auto bytes = static_cast<long>(sizeof(T)) * V::lanes;
        const long across = static_cast<long>(reinterpret_cast<std::uintptr_t>(job.W) % bytes);
        if (across == 0 || units * static_cast<long>(sizeof(T)) % bytes != 0 || across % sizeof(T) != 0) return;
        head = (bytes - across) / static_cast<long>(sizeof(T));
    }
    INLINE long vectors() const { return (head > 0) + (units - head + V::lanes - 1) / V::lanes; }
    INLINE Span span(long vector, long count) const {
        return {first(vector), end(vector) - first(vector), end(vector + count - 1) - first(vector + count - 1)};
    }

    INLINE long first(long vector) const {
        if (head == 0) return vector * V::lanes;
        return vector == 0 ? 0 : head + (vector - 1) * V::lanes;
    }
    INLINE long end(long vector) const {
        const long next = first(vector + 1);
        return next < units ? next : units;
    }
};

/// Loads and stores vectors c = 0..C of a span; WHOLE where none is short.
template <class V, int C, bool WHOLE>
struct Window {
    using T = typename V::T;
    const Span of;

    INLINE long at(int c) const { return WHOLE || c == 0 ? c * V::lanes : of.first + (c - 1) * V::lanes; }
    INLINE long count(int c) const { return c == 0 ? of.first : c == C - 1 ? of.last : V::lanes; }
    INLINE V load(const T* p, int c) const {
        return WHOLE || (c > 0 && c < C - 1) ? V::load(p + at(c)) : V::load_first(p + at(c), count(c));
    }
    INLINE void store(const T* z, T* out) const {
        for (int c = 0; c < C; ++c)
            for (long i = 0; i < count(c); ++i) out[at(c) + i] = z[c * V::lanes + i];
    }
};

/// C vectors of units for R examples, from weights that are asked for ahead where they are FAR.
template <class V, int R, int C, bool WHOLE, bool FAR, class T = typename V::T>
void few_block(const FewJob<T>& job, const Span& span, const T* a, T* out) {
    const Window<V, C, WHOLE> window{span};
    const T *w = job.W + span.begin, *const b = job.b + span.begin, *const end = w + job.inputs * job.units;
    V sums[R][C];
    UNROLL for (int c = 0; c < C; ++c)
        UNROLL for (int r = 0; r < R; ++r) sums[r][c] = window.load(b, c);
    for (const T* x = a; w != end; w += job.units, ++x) {
        UNROLL for (int c = 0; FAR && c < C; ++c) __builtin_prefetch(w + FORESIGHT * job.units + c * V::lanes, 0, 2);
        V each[R];
        UNROLL for (int r = 0; r < R; ++r) each[r] = V::broadcast(x[r * job.stride]);
        UNROLL for (int c = 0; c < C; ++c) {
            const V weights = window.load(w, c);
            UNROLL for (int r = 0; r < R; ++r) sums[r][c] = fma(each[r], weights, sums[r][c]);
        }
    }
    alignas(64) T z[C * V::lanes];
    for (int r = 0; r < R; ++r) {
        UNROLL for (int c = 0; c < C; ++c) sums[r][c].store(z + c * V::lanes);
        if (job.activation != Activation::softmax) activate<V>(job.activation, z, C * V::lanes);
        window.store(z, out + r * job.stride + span.begin);
    }
}

/// `count` vectors, of which the registers hold C or more.
template <class V, int R, int C, class T = typename V::T>
INLINE void few_vectors(const FewJob<T>& job, const Cut<V>& cut, long vector, long count, const T* a, T* out) {
    if constexpr (C > 1)
        if (count < C) return few_vectors<V, R, C - 1>(job, cut, vector, count, a, out);
    const Span span = cut.span(vector, C);
    const bool far_away = job.inputs * job.units * static_cast<long>(sizeof(T)) > FAR_AWAY;
    if (span.first < V::lanes || span.last < V::lanes)
        few_block<V, R, C, false, false>(job, span, a, out);
    else if (far_away)
        few_block<V, R, C, true, true>(job, span, a, out);
    else
        few_block<V, R, C, true, false>(job, span, a, out);
}

/// Vectors from..end for R examples, block by block of much the same size.
template <class V, int R, class T = typename V::T>
void few_rows(const FewJob<T>& job, const Cut<V>& cut, long from, long end, long row) {
    constexpr long MOST = CHAINS / R < 10 ? CHAINS / R : 10;
    const long count = end - from, blocks = (count + MOST - 1) / MOST;
    for (long block = 0; block < blocks; ++block) {
        const long vector = from + count * block / blocks, next = from + count * (block + 1) / blocks;
        few_vectors<V, R, static_cast<int>(MOST)>(job, cut, vector, next - vector, job.a + row * job.stride,
                                                  job.out + row * job.stride);
    }
}

template <class V, class T = typename V::T>
void forward_few(const FewJob<T>& job, long part, long parts) {
    const Cut<V> cut(job);
    const long vectors = cut.vectors(), from = vectors * part / parts, end = vectors * (part + 1) / parts;
    long row = 0;
    for (; row + SHARING <= job.rows; row += SHARING) few_rows<V, SHARING>(job, cut, from, end, row);
    for (; row < job.rows; ++row) few_rows<V, 1>(job, cut, from, end, row);
}
