// Threads that live for one call: born and joined inside it, so that a fork never meets a pool of them.
#pragma once

#include <atomic>
#include <functional>

namespace ellnet {

/// Lets subnormal numbers count as zero on this thread, and puts its settings back at the end.
class FlushToZero {
  public:
    FlushToZero() noexcept;
    ~FlushToZero();
    FlushToZero(const FlushToZero&) = delete;
    FlushToZero& operator=(const FlushToZero&) = delete;

  private:
    unsigned saved_;
};

/// Lets subnormal numbers be what they are again while somebody else's code runs on this thread.
class NormalNumbers {
  public:
    NormalNumbers() noexcept;
    ~NormalNumbers();
    NormalNumbers(const NormalNumbers&) = delete;
    NormalNumbers& operator=(const NormalNumbers&) = delete;

  private:
    unsigned saved_;
};

/// Where threads wait for one another: they spin briefly, then yield.
class Barrier {
  public:
    explicit Barrier(int threads) noexcept : threads_(threads) {}
    void wait() noexcept;

  private:
    const int threads_;
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<unsigned> round_{0};
};

/// Runs work(0), ..., work(threads - 1) at once, work(0) on the calling thread, and waits for all.
///
/// The work must not throw but on thread 0, and there only where no other thread waits for it. Where the
/// system gives fewer threads, std::runtime_error says so before any work begins.
void together(int threads, const std::function<void(int)>& work);

}  // namespace ellnet
