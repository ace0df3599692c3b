// Weights between the caller's arrays and the panels of the tile path.
#pragma once

#include <algorithm>

#include "data.hpp"
#include "memory.hpp"
#include "network.hpp"
#include "stop.hpp"

namespace ellnet {

/// Calls `each(j, k, at)` for every weight and bias of a layer: unit j, input k, place in the panels; k = inputs is the bias.
///
/// It goes in blocks of PANEL by PANEL, and inside them along the caller's rows or columns, whichever lie side by side in memory.
template <class T, class Each>
void each_weight(const Dense<T>& layer, const Matrix<T>& W, Each&& each) {
    const bool by_input = W.row_stride <= W.column_stride;
    for (long first = 0; first < layer.units; first += PANEL<T>) {
        const long end = std::min(first + PANEL<T>, layer.units), panel = first * (layer.inputs + 1) - first;
        for (long begin = 0; begin <= layer.inputs; begin += PANEL<T>) {
            const long last = std::min(begin + PANEL<T>, layer.inputs + 1);
            for (long k = begin; by_input && k < last; ++k)
                for (long j = first; j < end; ++j) each(j, k, panel + k * PANEL<T> + j);
            for (long j = first; !by_input && j < end; ++j)
                for (long k = begin; k < last; ++k) each(j, k, panel + k * PANEL<T> + j);
        }
    }
}

/// Panels from one number up to another: what one thread copies.
struct Share {
    long begin, end;
};

inline Share share_of(long panels, int thread, int threads) {
    return {panels * thread / threads, panels * (thread + 1) / threads};
}

/// Calls `each(part, W, b, panel)` for every panel of a share: its units as a layer, and their weights and biases.
template <class T, class Each>
bool each_panel(const Dense<T>& layer, const Matrix<T>& W, const Matrix<T>& b, T* panels, Share share, Each&& each) {
    for (long number = share.begin; number < share.end; ++number) {
        const long first = number * PANEL<T>;
        Dense<T> part = layer;
        part.units = std::min(PANEL<T>, layer.units - first);
        const Matrix<T> below{&W.at(first, 0), W.row_stride, W.column_stride}, bias{&b.at(first, 0), b.row_stride, b.column_stride};
        if (!each(part, below, bias, layer.panel(panels, number))) return false;
    }
    return true;
}

/// Copies W (units, inputs) and b (units, 1) into panels, panel by panel, with zeros beside the units that there are. Returns
/// false where it was stopped between two.
template <class T>
bool pack(const Dense<T>& layer, const Matrix<T>& W, const Matrix<T>& b, T* panels, Stop stop, Share share) {
    return each_panel(layer, W, b, panels, share, [&](const Dense<T>& part, const Matrix<T>& below, const Matrix<T>& bias, T* out) {
        if (part.units < PANEL<T>) std::fill_n(out, part.size(), T(0));
        each_weight(part, below, [&](long j, long k, long at) { out[at] = k < part.inputs ? below.at(j, k) : bias.at(j, 0); });
        return !stop();
    });
}

/// Copies panels back.
template <class T>
void unpack(const Dense<T>& layer, T* panels, const Matrix<T>& W, const Matrix<T>& b, Share share) {
    each_panel(layer, W, b, panels, share, [&](const Dense<T>& part, const Matrix<T>& below, const Matrix<T>& bias, const T* from) {
        each_weight(part, below, [&](long j, long k, long at) { (k < part.inputs ? below.at(j, k) : bias.at(j, 0)) = from[at]; });
        return true;
    });
}

/// Fills transposed panels from the panels. Returns false where it was stopped between two.
template <class T>
bool transpose(const Dense<T>& layer, Stop stop, Share share) {
    for (long i = share.begin; i < share.end; ++i) {
        T* out = layer.transposed + i * layer.units * PANEL<T>;
        const long left = layer.inputs - i * PANEL<T>, rows = left < PANEL<T> ? left : PANEL<T>;
        for (long j = 0; j < layer.units; ++j) {
            const T* panel = layer.panel(layer.panels, j / PANEL<T>) + i * PANEL<T> * PANEL<T> + j % PANEL<T>;
            for (long k = 0; k < rows; ++k) out[j * PANEL<T> + k] = panel[k * PANEL<T>];
        }
        if (stop()) return false;
    }
    return true;
}

}  // namespace ellnet
