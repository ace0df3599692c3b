// How much of a panel is in use.
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

/// Calls `each(at, count)` for the runs of numbers of `columns` columns of a panel: a whole panel's rows are one.
template <class V, class Each, class T = typename V::T>
INLINE void each_run(long rows, long columns, Each&& each) {
    const long used = whole_vectors<V>(columns);
    if (used == PANEL<T>) return each(0L, rows * PANEL<T>);
    for (long r = 0; r < rows; ++r) each(r * PANEL<T>, used);
}
