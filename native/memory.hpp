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

/// Whether every number is finite.
template <class T>
bool all_finite(const Array<T>& array) {
    // x - x is 0 for what is finite and NaN for all else. Sixteen sums go on side by side.
    T sums[16] = {};
    const long whole = array.count() / 16 * 16;
    for (long i = 0; i < whole; i += 16)
        for (long lane = 0; lane < 16; ++lane) sums[lane] += array[i + lane] - array[i + lane];
    for (long i = whole; i < array.count(); ++i) sums[0] += array[i] - array[i];
    T total = 0;
    for (const T each : sums) total += each;
    return total == T(0);
}

}  // namespace ellnet
