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
