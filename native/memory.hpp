// Memory for numbers: zeroed, and on the boundary of a cache line.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>

namespace ellnet {

/// An array of `count` zeros. Throws std::bad_alloc where there is no memory.
template <class T>
class Array {
  public:
    Array() = default;
    explicit Array(long count) : data_(allocate(count)), count_(count) {}
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    Array(Array&& other) noexcept : data_(other.data_), count_(other.count_) { other.forget(); }
    Array& operator=(Array&& other) noexcept {
        if (this != &other) {
            release();
            data_ = other.data_;
            count_ = other.count_;
            other.forget();
        }
        return *this;
    }
    ~Array() { release(); }

    T* data() const { return data_; }
    long count() const { return count_; }
    T& operator[](long i) const { return data_[i]; }

  private:
    static constexpr std::align_val_t LINE{64};

    static T* allocate(long count) {
        const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
        if (count < 0 || bytes / sizeof(T) != static_cast<std::size_t>(count)) throw std::bad_alloc();
        T* data = static_cast<T*>(::operator new(bytes + 64, LINE));
        std::memset(static_cast<void*>(data), 0, bytes + 64);
        return data;
    }
    void release() {
        if (data_) ::operator delete(data_, LINE);
    }
    void forget() {
        data_ = nullptr;
        count_ = 0;
    }

    T* data_ = nullptr;
    long count_ = 0;
};

/// Numbers between rows of `units` units and one more: whole cache lines, and never a multiple of 4 KiB
/// apart, where rows would push one another out of the cache.
template <class T>
long stride_of(long units) {
    constexpr long line = 64 / static_cast<long>(sizeof(T));
    const long stride = (units + 1 + line - 1) / line * line;
    return stride * static_cast<long>(sizeof(T)) % 2048 == 0 ? stride + line : stride;
}

}  // namespace ellnet
