// The caller's arrays, as the native engine reads and writes them. For bindings.cpp alone.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data.hpp"
#include "memory.hpp"
#include "training.hpp"

namespace ellnet {

namespace nb = nanobind;

/// A buffer of the caller's, held as long as this lives.
class Buffer {
  public:
    Buffer(nb::handle array, bool writable) {
        const int flags = PyBUF_STRIDED_RO | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(array.ptr(), &view_, flags) != 0) throw nb::python_error();
    }
    Buffer(Buffer&& other) noexcept : view_(other.view_) { other.view_.obj = nullptr; }
    Buffer& operator=(Buffer&&) = delete;
    ~Buffer() {
        if (view_.obj) PyBuffer_Release(&view_);
    }
    const Py_buffer& view() const { return view_; }

  private:
    Py_buffer view_{};
};

/// Arrays that a call reads or writes; they are let go of at its end.
class Held {
  public:
    const Py_buffer& hold(nb::handle array, bool writable) {
        buffers_.emplace_back(array, writable);
        const Py_buffer& view = buffers_.back().view();
        if (view.ndim != 2) throw nb::value_error("an array must have two dimensions");
        return view;
    }

    Source source(nb::handle array) {
        const Py_buffer& view = hold(array, false);
        std::string format = view.format ? view.format : "B";
        if (format[0] == '=' || format[0] == '@') format.erase(0, 1);  // NumPy's way to say misaligned
        Source source{static_cast<const char*>(view.buf), view.strides[0], view.strides[1], Kind::single};
        if (format == "f")
            source.kind = Kind::single;
        else if (format == "d")
            source.kind = Kind::twice;
        else if (format == "B")
            source.kind = Kind::byte;
        else
            throw nb::type_error("examples must be float32, float64 or uint8, in the machine's byte order");
        return source;
    }

    template <class T>
    Parameters<T> parameters(nb::handle arrays, bool writable) {
        Parameters<T> matrices;
        for (const nb::handle array : arrays) {
            matrices.push_back(matrix<T>(hold(array, writable), writable));
        }
        return matrices;
    }

    /// Whether something is read from a copy, which does not follow what the caller writes.
    bool copied() const { return !copies_.empty(); }

  private:
    /// A buffer as a matrix; one that is only read, and whose numbers lie across their boundaries, is copied.
    template <class T>
    Matrix<T> matrix(const Py_buffer& view, bool writable) {
        constexpr auto size = static_cast<Py_ssize_t>(sizeof(T));
        const auto across = [](Py_ssize_t stride) { return stride % size != 0; };
        const bool aligned = reinterpret_cast<std::uintptr_t>(view.buf) % sizeof(T) == 0;
        if (view.itemsize != size || (writable && !aligned) || across(view.strides[0]) || across(view.strides[1]))
            throw nb::type_error("parameters must be aligned arrays of the plan's precision");
        if (aligned)
            return {static_cast<T*>(view.buf), static_cast<long>(view.strides[0] / size),
                    static_cast<long>(view.strides[1] / size)};
        const auto rows = static_cast<long>(view.shape[0]), columns = static_cast<long>(view.shape[1]);
        copies_.emplace_back(rows * columns * static_cast<long>(size));
        T* copy = reinterpret_cast<T*>(copies_.back().data());
        for (long k = 0; k < columns; ++k)
            for (long j = 0; j < rows; ++j)
                copy[k * rows + j] = number_at<T, T>(static_cast<const char*>(view.buf) + j * view.strides[0] + k * view.strides[1]);
        return {copy, 1, rows};
    }

    std::vector<Buffer> buffers_;
    std::vector<Array<unsigned char>> copies_;
};

/// Parameters that stay open for reading from call to call: opening them takes longer than a small prediction.
template <class T>
struct Reading {
    explicit Reading(const nb::sequence& arrays) : parameters(held.parameters<T>(arrays, false)) {}
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    Held held;
    Parameters<T> parameters;
};

/// Python's names for examples: X, Y and w or None.
inline Examples examples_of(Held& held, nb::handle X, nb::handle Y, nb::handle w) {
    Examples examples;
    examples.X = held.source(X);
    examples.m = static_cast<long>(nb::cast<std::int64_t>(nb::getattr(X, "shape")[1]));
    examples.Y = held.source(Y);
    if (!w.is_none()) examples.w = held.source(w);
    return examples;
}

template <class T>
Table<T> table_of(Held& held, nb::handle rows) {
    const Py_buffer& view = held.hold(rows, true);
    return {static_cast<T*>(view.buf), static_cast<long>(view.strides[0]) / static_cast<long>(sizeof(T))};
}

/// Groups of the caller's arrays: parameters, then moments.
template <class T>
Arrays<T> arrays_of(Held& held, const nb::sequence& groups, bool writable) {
    Arrays<T> all;
    for (const nb::handle group : groups) {
        Parameters<T> arrays = held.parameters<T>(group, writable);
        if (all.parameters.empty())
            all.parameters = std::move(arrays);
        else
            all.moments.push_back(std::move(arrays));
    }
    return all;
}

}  // namespace ellnet
