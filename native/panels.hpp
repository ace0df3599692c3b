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

/// Copies W (units, inputs) and b (units, 1) into panels, panel by panel. Returns false where it was stopped between two.
template <class T>
bool pack(const Dense<T>& layer, const Matrix<T>& W, const Matrix<T>& b, T* panels, Stop stop = {}) {
    for (long first = 0; first < layer.units; first += PANEL<T>) {
        Dense<T> part = layer;
        part.units = std::min(PANEL<T>, layer.units - first);
        const Matrix<T> below{&W.at(first, 0), W.row_stride, W.column_stride}, bias{&b.at(first, 0), b.row_stride, b.column_stride};
        T* out = layer.panel(panels, first / PANEL<T>);
        each_weight(part, below, [&](long j, long k, long at) { out[at] = k < part.inputs ? below.at(j, k) : bias.at(j, 0); });
        if (stop()) return false;
    }
    return true;
}

/// Copies panels back.
template <class T>
void unpack(const Dense<T>& layer, const T* panels, const Matrix<T>& W, const Matrix<T>& b) {
    each_weight(layer, W, [&](long j, long k, long at) { (k < layer.inputs ? W.at(j, k) : b.at(j, 0)) = panels[at]; });
}

/// Fills the transposed panels from the panels. Returns false where it was stopped between two.
template <class T>
bool transpose(const Dense<T>& layer, Stop stop = {}) {
    for (long i = 0; i < layer.input_panels(); ++i) {
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
