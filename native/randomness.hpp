// Counter-based randomness: Philox 4x64-10, as NumPy has it, by address (seed, stream, epoch, step, layer).
#pragma once

#include <cstdint>

#include "memory.hpp"
#include "stop.hpp"

namespace ellnet {

/// What random numbers are for; the numbers are those of randomness.py.
enum class Stream : std::uint64_t { order = 2, dropout = 3 };

/// Where random numbers begin.
struct Address {
    std::uint64_t seed;
    Stream stream;
    std::uint64_t epoch;
    std::uint64_t step;
    std::uint64_t layer;
};

/// Four words: number 4 (block - 1) to 4 block - 1 of the address; blocks count from 1.
void philox(const Address& at, std::uint64_t block, std::uint64_t out[4]) noexcept;

/// The order of an epoch's examples: the stable argsort of one word an example.
class Order {
  public:
    explicit Order(long m);

    /// Draws the order of an epoch. Returns false where it was stopped: it is no order then.
    bool draw(std::uint64_t seed, std::uint64_t epoch, Stop stop = {});
    const std::uint32_t* data() const { return order_.data(); }

  private:
    bool spread(Stop stop);
    bool insert(Stop stop);

    long m_;
    int bits_;
    Array<std::uint64_t> words_, sorted_;
    Array<std::uint32_t> order_, starts_;
};

/// What dropout multiplies the n units of one example by: 1 / keep, or 0.
///
/// Unit i of example j of the minibatch has sixteen bits, number e = j n + i: it is kept where they are below
/// the nearest whole number to 65536 keep.
template <class T>
void dropout_scale(const Address& at, double keep, long n, long example, T* scale, long stride);

extern template void dropout_scale<float>(const Address&, double, long, long, float*, long);
extern template void dropout_scale<double>(const Address&, double, long, long, double*, long);

}  // namespace ellnet
