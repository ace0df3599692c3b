// Weights between the caller's arrays and the panels of the tile path.
#pragma once

#include "data.hpp"
#include "memory.hpp"
#include "network.hpp"

namespace ellnet {

/// Copies W (units, inputs) and b (units, 1) into panels.
template <class T>
void pack(const Dense<T>& layer, const Matrix<T>& W, const Matrix<T>& b, T* panels) {
    for (long number = 0; number < layer.count(); ++number) {
        T* panel = layer.panel(panels, number);
        const long first = number * PANEL<T>, last = first + PANEL<T> < layer.units ? first + PANEL<T> : layer.units;
        for (long k = 0; k < layer.inputs; ++k)
            for (long j = first; j < last; ++j) panel[k * PANEL<T> + j - first] = W.at(j, k);
        for (long j = first; j < last; ++j) panel[layer.inputs * PANEL<T> + j - first] = b.at(j, 0);
    }
}

/// Copies panels back.
template <class T>
void unpack(const Dense<T>& layer, const T* panels, const Matrix<T>& W, const Matrix<T>& b) {
    for (long number = 0; number < layer.count(); ++number) {
        const T* panel = layer.panel(const_cast<T*>(panels), number);
        const long first = number * PANEL<T>, last = first + PANEL<T> < layer.units ? first + PANEL<T> : layer.units;
        for (long k = 0; k < layer.inputs; ++k)
            for (long j = first; j < last; ++j) W.at(j, k) = panel[k * PANEL<T> + j - first];
        for (long j = first; j < last; ++j) b.at(j, 0) = panel[layer.inputs * PANEL<T> + j - first];
    }
}

/// Fills the transposed panels from the panels.
template <class T>
void transpose(const Dense<T>& layer) {
    for (long i = 0; i < layer.input_panels(); ++i) {
        T* out = layer.transposed + i * layer.units * PANEL<T>;
        const long left = layer.inputs - i * PANEL<T>, rows = left < PANEL<T> ? left : PANEL<T>;
        for (long j = 0; j < layer.units; ++j) {
            const T* panel = layer.panel(layer.panels, j / PANEL<T>) + i * PANEL<T> * PANEL<T> + j % PANEL<T>;
            for (long k = 0; k < rows; ++k) out[j * PANEL<T> + k] = panel[k * PANEL<T>];
        }
    }
}

}  // namespace ellnet
