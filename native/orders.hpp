// The order of one epoch after another.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "randomness.hpp"

namespace ellnet {

/// The orders of epochs, of which the next may be drawn by another thread while the one under way is in use.
class Orders {
  public:
    Orders(long m, std::uint64_t seed) : seed_(seed), now_(m), next_(m) {}

    /// Thread 0: has the order of an epoch in use; `another` says whether the next one will be asked for. Returns false where it
    /// was stopped: no order is in use then, and none may be asked for.
    bool use(std::int64_t epoch, bool another, Stop stop) {
        if (coming_ == epoch) {
            while (drawn_.load(std::memory_order_acquire) != epoch) {
                if (stop()) return false;
                std::this_thread::yield();
            }
            std::swap(now_, next_);
        } else if (!now_.draw(seed_, static_cast<std::uint64_t>(epoch), stop)) {
            return false;
        }
        coming_ = another ? epoch + 1 : -1;
        if (another) wanted_.store(epoch + 1, std::memory_order_release);
        return true;
    }
    const std::uint32_t* data() const { return now_.data(); }

    /// The other thread: draws what is wanted, until `ended`.
    void draw_ahead() {
        for (int idle = 0; !ended_.load(std::memory_order_acquire);) {
            const std::int64_t epoch = wanted_.load(std::memory_order_acquire);
            if (epoch != drawn_.load()) {
                if (!next_.draw(seed_, static_cast<std::uint64_t>(epoch), Stop{has_ended, this})) return;
                drawn_.store(epoch, std::memory_order_release);
                idle = 0;
            } else if (++idle > 100) {
                std::this_thread::sleep_for(std::chrono::microseconds(20));
            }
        }
    }
    void end() { ended_.store(true, std::memory_order_release); }

  private:
    static bool has_ended(void* context) { return static_cast<Orders*>(context)->ended_.load(std::memory_order_acquire); }

    std::uint64_t seed_;
    Order now_, next_;
    std::int64_t coming_ = -1;  ///< the epoch of `next_`, of thread 0 alone; -1 where its numbers are in use or of no use
    std::atomic<std::int64_t> wanted_{-1}, drawn_{-1};
    std::atomic<bool> ended_{false};
};

}  // namespace ellnet
