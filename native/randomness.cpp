#include "randomness.hpp"

#include <algorithm>
#include <cmath>

namespace ellnet {

namespace {

/// Buckets of the sort have this many bits at most: more would no longer lie in the cache.
constexpr int MOST_BITS = 20;

/// Examples between two questions whether to stop: some milliseconds.
constexpr long MANY = 1L << 17;

struct Product {
    std::uint64_t high, low;
};

Product multiply(std::uint64_t a, std::uint64_t b) noexcept {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
}

}  // namespace

void philox(const Address& at, std::uint64_t block, std::uint64_t out[4]) noexcept {
    std::uint64_t c0 = block, c1 = at.layer, c2 = at.step, c3 = at.epoch;
    std::uint64_t k0 = at.seed, k1 = static_cast<std::uint64_t>(at.stream);
    for (int round = 0; round < 10; ++round) {
        const Product a = multiply(0xD2E7470EE14C6C93u, c0), b = multiply(0xCA5A826395121157u, c2);
        c0 = b.high ^ c1 ^ k0;
        c1 = b.low;
        c2 = a.high ^ c3 ^ k1;
        c3 = a.low;
        k0 += 0x9E3779B97F4A7C15u;
        k1 += 0xBB67AE8584CAA73Bu;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

Order::Order(long m) : m_(m), bits_(1), words_((m + 3) / 4 * 4), sorted_(m), order_(m) {
    while (bits_ < MOST_BITS && (1L << (bits_ - 1)) < m) ++bits_;
    starts_ = Array<std::uint32_t>((1L << bits_) + 1);
}

bool Order::draw(std::uint64_t seed, std::uint64_t epoch, Stop stop) {
    const Address at{seed, Stream::order, epoch, 0, 0};
    for (long begin = 0; begin < m_; begin += MANY) {
        for (long i = begin; i < std::min(begin + MANY, m_); i += 4)
            philox(at, static_cast<std::uint64_t>(i / 4 + 1), words_.data() + i);
        if (stop()) return false;
    }
    return spread(stop) && insert(stop);
}

/// Puts words and examples into buckets by the leading bits of the words.
bool Order::spread(Stop stop) {
    const int shift = 64 - bits_;
    std::uint32_t* starts = starts_.data();
    std::fill(starts, starts + starts_.count(), 0u);
    for (long begin = 0; begin < m_; begin += MANY) {
        for (long i = begin; i < std::min(begin + MANY, m_); ++i) ++starts[(words_[i] >> shift) + 1];
        if (stop()) return false;
    }
    for (long b = 1; b < starts_.count(); ++b) starts[b] += starts[b - 1];
    for (long begin = 0; begin < m_; begin += MANY) {
        for (long i = begin; i < std::min(begin + MANY, m_); ++i) {
            const std::uint32_t place = starts[words_[i] >> shift]++;
            sorted_[place] = words_[i];
            order_[place] = static_cast<std::uint32_t>(i);
        }
        if (stop()) return false;
    }
    return true;
}

/// Sorts what shares a bucket: it lies in the order of its examples, and insertion leaves equal words so.
bool Order::insert(Stop stop) {
    std::uint64_t* sorted = sorted_.data();
    std::uint32_t* order = order_.data();
    for (long i = 1; i < m_; ++i) {
        if (i % MANY == 0 && stop()) return false;
        const std::uint64_t word = sorted[i];
        if (word >= sorted[i - 1]) continue;
        const std::uint32_t example = order[i];
        long j = i;
        for (; j > 0 && sorted[j - 1] > word; --j) {
            sorted[j] = sorted[j - 1];
            order[j] = order[j - 1];
        }
        sorted[j] = word;
        order[j] = example;
    }
    return true;
}

template <class T>
void dropout_scale(const Address& at, double keep, long n, long example, T* scale, long stride) {
    const auto least_dropped = static_cast<std::uint32_t>(std::nearbyint(keep * 65536.0));
    const T kept = static_cast<T>(1.0 / keep);
    const long begin = example * n, end = begin + n;
    std::uint64_t words[4];
    for (long block = begin / 16; block * 16 < end; ++block) {
        philox(at, static_cast<std::uint64_t>(block + 1), words);
        const long first = std::max(begin, block * 16), last = std::min(end, block * 16 + 16);
        for (long e = first; e < last; ++e) {
            const auto bits = static_cast<std::uint32_t>(words[e % 16 / 4] >> (16 * (e % 4))) & 0xFFFFu;
            scale[(e - begin) * stride] = bits < least_dropped ? kept : T(0);
        }
    }
}

template void dropout_scale<float>(const Address&, double, long, long, float*, long);
template void dropout_scale<double>(const Address&, double, long, long, double*, long);

}  // namespace ellnet
