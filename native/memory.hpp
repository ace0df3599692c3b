// Memory for numbers: zeroed, and on the boundary of a cache line.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ellnet {

#ifdef __linux__
/// Zeros straight from the system, in large pages where it has some: a page fault for every 2 MiB, not for every 4 KiB.
inline void* large_zeros(std::size_t bytes) {
    void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    madvise(data, bytes, MADV_HUGEPAGE);
    return data;
}
#endif

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
    static constexpr std::size_t LARGE = std::size_t{2} << 20;

    static std::size_t bytes_of(long count) { return static_cast<std::size_t>(count) * sizeof(T) + 64; }

    static T* allocate(long count) {
        if (count < 0 || static_cast<std::size_t>(count) > (~std::size_t{0} >> 8) / sizeof(T)) throw std::bad_alloc();
        const std::size_t bytes = bytes_of(count);
#ifdef __linux__
        if (bytes >= LARGE) return static_cast<T*>(large_zeros(bytes));
#endif
        T* data = static_cast<T*>(::operator new(bytes, LINE));
        std::memset(static_cast<void*>(data), 0, bytes);
        return data;
    }
    void release() {
        if (!data_) return;
#ifdef __linux__
        if (bytes_of(count_) >= LARGE) {
            munmap(static_cast<void*>(data_), bytes_of(count_));
            return;
        }
#endif
        ::operator delete(data_, LINE);
    }
    void forget() {
        data_ = nullptr;
        count_ = 0;
    }

    T* data_ = nullptr;
    long count_ = 0;
};

/// Whether every number of part `part` of `parts` is finite.
template <class T>
bool all_finite(const Array<T>& all, long part = 0, long parts = 1) {
    const long begin = all.count() * part / parts, count = all.count() * (part + 1) / parts - begin;
    const T* array = all.data() + begin;
    // x - x is 0 for what is finite and NaN for all else. Sixteen sums go on side by side.
    T sums[16] = {};
    const long whole = count / 16 * 16;
    for (long i = 0; i < whole; i += 16)
        for (long lane = 0; lane < 16; ++lane) sums[lane] += array[i + lane] - array[i + lane];
    for (long i = whole; i < count; ++i) sums[0] += array[i] - array[i];
    T total = 0;
    for (const T each : sums) total += each;
    return total == T(0);
}

}  // namespace ellnet
