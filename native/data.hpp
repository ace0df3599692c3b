// The caller's arrays: read where they lie, whatever their precision, order and alignment.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "network.hpp"

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

template <class From, class To = double>
To number_at(const char* at) {
    From x;
    std::memcpy(&x, at, sizeof x);
    return static_cast<To>(x);
}

/// One number of a source.
inline double entry(const Source& source, long unit, long example) {
    const char* at = source.data + unit * source.unit_stride + example * source.example_stride;
    if (source.kind == Kind::single) return number_at<float>(at);
    if (source.kind == Kind::twice) return number_at<double>(at);
    return number_at<std::uint8_t>(at);
}

template <class T, class From>
void copy_column(const char* at, std::int64_t stride, long units, T* out) {
    const bool contiguous = stride == static_cast<std::int64_t>(sizeof(From));
    if (contiguous && std::is_same_v<T, From>) {
        std::memcpy(out, at, static_cast<std::size_t>(units) * sizeof(T));
        return;
    }
    if (contiguous) {
        for (long i = 0; i < units; ++i) {
            From x;
            std::memcpy(&x, at + i * static_cast<long>(sizeof x), sizeof x);
            out[i] = static_cast<T>(x);
        }
        return;
    }
    for (long i = 0; i < units; ++i, at += stride) {
        From x;
        std::memcpy(&x, at, sizeof x);
        out[i] = static_cast<T>(x);
    }
}

/// Copies one example's numbers, in the precision T, to out[0], out[1], ...
template <class T>
void gather(const Source& source, long example, long units, T* out) {
    const char* at = source.data + example * source.example_stride;
    if (source.kind == Kind::single)
        copy_column<T, float>(at, source.unit_stride, units, out);
    else if (source.kind == Kind::twice)
        copy_column<T, double>(at, source.unit_stride, units, out);
    else
        copy_column<T, std::uint8_t>(at, source.unit_stride, units, out);
}

/// Whether an example's numbers are of the precision T, side by side.
template <class T>
bool in_rows(const Source& source) {
    return source.kind == (sizeof(T) == 4 ? Kind::single : Kind::twice) && source.unit_stride == static_cast<std::int64_t>(sizeof(T));
}

/// One example's numbers where they lie, or null where they are of another precision, apart, or not aligned.
template <class T>
const T* in_place(const Source& source, long example) {
    if (!in_rows<T>(source)) return nullptr;
    const char* at = source.data + example * source.example_stride;
    return reinterpret_cast<std::uintptr_t>(at) % alignof(T) == 0 ? reinterpret_cast<const T*>(at) : nullptr;
}

/// Copies one example to a slot: `units` numbers, or K of them side by side where K is not 0.
template <class T, class From, int K>
inline void gather_slot(const char* at, std::int64_t stride, long units, T* out) {
    if constexpr (K > 0) stride = sizeof(From);
#pragma GCC unroll 4
    for (long k = 0; k < (K > 0 ? K : units); ++k) {
        From x;
        std::memcpy(&x, at + k * stride, sizeof x);
        out[k * SLOTS] = static_cast<T>(x);
    }
}

template <class T, class From, int K>
void gather_slots_of(const Source& source, const std::uint32_t* order, long first, long units, long slots, long end,
                     T* out) {
    const char* data = source.data;
    const std::int64_t jump = source.example_stride, stride = source.unit_stride;
    for (long s = 0; s < slots; ++s) {
        const long place = first + s;
        if (order && place + SLOTS < end) __builtin_prefetch(data + static_cast<long>(order[place + SLOTS]) * jump);
        gather_slot<T, From, K>(data + (order ? static_cast<long>(order[place]) : place) * jump, stride, units, out + s);
    }
    for (long s = slots; s < SLOTS; ++s)
        for (long k = 0; k < units; ++k) out[k * SLOTS + s] = out[k * SLOTS + slots - 1];
}

/// The numbers of units that small tables have most, side by side in memory, without a loop.
template <class T, class From>
void gather_slots(const Source& source, const std::uint32_t* order, long first, long units, long slots, long end, T* out) {
    auto* gather = gather_slots_of<T, From, 0>;
    if (units == 1 || source.unit_stride == static_cast<std::int64_t>(sizeof(From)))
        gather = units == 1   ? gather_slots_of<T, From, 1>
                 : units == 2 ? gather_slots_of<T, From, 2>
                 : units == 3 ? gather_slots_of<T, From, 3>
                 : units == 4 ? gather_slots_of<T, From, 4>
                              : gather;
    gather(source, order, first, units, slots, end, out);
}

/// Copies examples to slots, unit by unit: out[unit * SLOTS + slot]. Slots without an example hold the last one again: numbers
/// that are as finite as its own. The order has `end` entries, of which those after these are asked for ahead.
template <class T>
void gather_slots(const Source& source, const std::uint32_t* order, long first, long units, long slots, long end, T* out) {
    if (source.kind == Kind::single)
        gather_slots<T, float>(source, order, first, units, slots, end, out);
    else if (source.kind == Kind::twice)
        gather_slots<T, double>(source, order, first, units, slots, end, out);
    else
        gather_slots<T, std::uint8_t>(source, order, first, units, slots, end, out);
}

/// Copies up to PANEL numbers in registers, a cache line's quarter at a time: most rows are short, and a call takes longer.
template <class T>
inline void copy_few(const char* at, long count, T* out) {
    constexpr long step = 16 / static_cast<long>(sizeof(T));
    const auto copy = [&](long i, std::size_t bytes) {
        char part[16];
        std::memcpy(part, at + i * static_cast<long>(sizeof(T)), bytes);
        std::memcpy(out + i, part, bytes);
    };
    if (count < step) {
        for (long i = 0; i < count; ++i) copy(i, sizeof(T));
        return;
    }
    for (long i = 0; i + step <= count; i += step) copy(i, 16);
    copy(count - step, 16);
}

/// Copies one example's numbers to a row.
template <class T>
inline void gather_row(Source source, long example, long units, Rows<T> rows, long row) {
    if (in_rows<T>(source)) {
        const char* at = source.data + example * source.example_stride;
        for (long first = 0; first < units; first += PANEL<T>, at += PANEL<T> * sizeof(T))
            copy_few(at, units - first < PANEL<T> ? units - first : PANEL<T>, rows.at(row, first));
        return;
    }
    for (long first = 0; first < units; first += PANEL<T>, source.data += PANEL<T> * source.unit_stride)
        gather(source, example, units - first < PANEL<T> ? units - first : PANEL<T>, rows.at(row, first));
}

/// Asks for the first lines of an example, of which the processor finds the rest by itself.
inline void prefetch_example(const Source& source, long example, long units) {
    const char* at = source.data + example * source.example_stride;
    const std::int64_t bytes = source.unit_stride * units, most = 512;
    for (std::int64_t i = 0; i < (bytes < most ? bytes : most); i += 64) __builtin_prefetch(at + i);
}

/// Copies the columns of a row to out[0], out[1], ...
template <class T>
void scatter_row(Rows<T> rows, long row, long units, T* out) {
    for (long first = 0; first < units; first += PANEL<T>)
        std::copy_n(rows.at(row, first), units - first < PANEL<T> ? units - first : PANEL<T>, out + first);
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
