#include "team.hpp"

#include <exception>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "elsewhere.hpp"
#include "waiting.hpp"

namespace ellnet {

namespace {

constexpr const char* NO_THREAD =
    "the system gives no further thread, by a limit or for want of memory; take fewer with n_threads";

#if defined(__x86_64__) || defined(__i386__)
constexpr unsigned FLUSH = 0x8040;  // flush-to-zero and denormals-are-zero
unsigned settings() noexcept { return _mm_getcsr(); }
void set(unsigned bits) noexcept { _mm_setcsr(bits); }
#else
constexpr unsigned FLUSH = 0;
unsigned settings() noexcept { return 0; }
void set(unsigned) noexcept {}
#endif

}  // namespace

FlushToZero::FlushToZero() noexcept : saved_(settings()) { set(saved_ | FLUSH); }

FlushToZero::~FlushToZero() { set(saved_); }

NormalNumbers::NormalNumbers() noexcept : saved_(settings()) { set(saved_ & ~FLUSH); }

NormalNumbers::~NormalNumbers() { set(saved_); }

void Barrier::wait() noexcept {
    if (threads_ == 1) return;
    const unsigned round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
        arrived_.store(0, std::memory_order_relaxed);
        round_.store(round + 1, std::memory_order_release);
        return;
    }
    wait_until([&] { return round_.load(std::memory_order_acquire) != round; });
}

void together(int threads, const std::function<void(int)>& work) {
    std::atomic<int> go{0};  // 1 to work, -1 to leave
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(threads));
    const Elsewhere elsewhere;
    const auto join = [&others] {
        for (std::thread& each : others) each.join();
    };
    try {
        for (int i = 1; i < threads; ++i) {
            others.emplace_back([&go, &work, &elsewhere, i] {
                while (go.load(std::memory_order_acquire) == 0) std::this_thread::yield();
                if (go.load(std::memory_order_acquire) < 0) return;
                elsewhere.free_this();
                const FlushToZero flush;
                work(i);
            });
            elsewhere.send(others.back());
        }
    } catch (...) {
        go.store(-1, std::memory_order_release);
        join();
        try {
            throw;
        } catch (const std::system_error&) {
            throw std::runtime_error(NO_THREAD);
        }
    }
    go.store(1, std::memory_order_release);
    std::exception_ptr failure;
    try {
        const FlushToZero flush;
        work(0);
    } catch (...) {
        failure = std::current_exception();
    }
    join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace ellnet
