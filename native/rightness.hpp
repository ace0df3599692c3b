// Which predictions are right: what an accuracy counts.
#pragma once

#include "data.hpp"
#include "forward.hpp"
#include "shape.hpp"

namespace ellnet {

/// The number of the largest of `units` numbers, the first of those that are equal.
template <class At>
long largest_of(long units, const At& at) {
    long best = 0;
    for (long k = 1; k < units; ++k)
        if (at(k) > at(best)) best = k;
    return best;
}

/// Says of the examples first..first + count whether A[L], one example a row, is right: of a softmax the most probable class
/// is that of Y, the first where several are equally so; of other units each is above 1/2 where Y is, and nowhere else.
template <class T>
void mark_right(const Shape& shape, Table<T> A, const Source& Y, long first, long count, unsigned char* right) {
    const long units = shape.n.back();
    const bool softmax = shape.activations.back() == Activation::softmax;
    for (long i = 0; i < count; ++i) {
        const T* a = A.data + i * A.stride;
        const auto y = [&](long k) { return entry(Y, k, first + i); };
        bool same = true;
        if (softmax)
            same = largest_of(units, y) == largest_of(units, [a](long k) { return a[k]; });
        else
            for (long k = 0; k < units && same; ++k) same = (a[k] > T(0.5)) == (y(k) > 0.5);
        right[i] = same ? 1 : 0;
    }
}

}  // namespace ellnet
