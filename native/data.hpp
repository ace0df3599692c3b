// The caller's arrays: read where they lie, whatever their precision, order and alignment.
#pragma once

#include <cstdint>
#include <cstring>

namespace ellnet {

/// What a number of the caller's is.
enum class Kind : int { single, twice, byte };

/// A matrix of the caller's: entry (unit, example) lies at data + unit * unit_stride + example * example_stride
/// bytes.
struct Source {
    const char* data = nullptr;
    std::int64_t unit_stride = 0;
    std::int64_t example_stride = 0;
    Kind kind = Kind::single;
};

/// Examples: inputs, targets, and weights (data null for equal ones).
struct Examples {
    Source X;
    Source Y;
    Source w;
    long m = 0;
};

template <class From>
double number_at(const char* at) {
    From x;
    std::memcpy(&x, at, sizeof x);
    return static_cast<double>(x);
}

/// One number of a source.
inline double entry(const Source& source, long unit, long example) {
    const char* at = source.data + unit * source.unit_stride + example * source.example_stride;
    if (source.kind == Kind::single) return number_at<float>(at);
    if (source.kind == Kind::twice) return number_at<double>(at);
    return number_at<std::uint8_t>(at);
}

template <class T, class From>
void copy_column(const char* at, std::int64_t stride, long units, T* out, long out_stride) {
    if (stride == static_cast<std::int64_t>(sizeof(From)) && out_stride == 1) {
        for (long i = 0; i < units; ++i) {
            From x;
            std::memcpy(&x, at + i * static_cast<long>(sizeof x), sizeof x);
            out[i] = static_cast<T>(x);
        }
        return;
    }
    for (long i = 0; i < units; ++i, at += stride, out += out_stride) {
        From x;
        std::memcpy(&x, at, sizeof x);
        *out = static_cast<T>(x);
    }
}

/// Copies one example's numbers, in the precision T, to out[0], out[out_stride], ...
template <class T>
void gather(const Source& source, long example, long units, T* out, long out_stride = 1) {
    const char* at = source.data + example * source.example_stride;
    if (source.kind == Kind::single)
        copy_column<T, float>(at, source.unit_stride, units, out, out_stride);
    else if (source.kind == Kind::twice)
        copy_column<T, double>(at, source.unit_stride, units, out, out_stride);
    else
        copy_column<T, std::uint8_t>(at, source.unit_stride, units, out, out_stride);
}

/// A parameter array (rows, columns) of the caller's, in the engine's precision.
template <class T>
struct Matrix {
    T* data;
    long row_stride;     ///< numbers from one row to the next
    long column_stride;  ///< numbers from one column to the next

    T& at(long row, long column) const { return data[row * row_stride + column * column_stride]; }
};

}  // namespace ellnet
