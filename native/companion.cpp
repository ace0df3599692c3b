#include "companion.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#ifndef _WIN32
#include <pthread.h>
#endif

#include "waiting.hpp"

namespace ellnet {

namespace {

using Work = std::function<void(int)>;

/// How long the companion looks for more before it sleeps: about as long as the calls that it is for.
constexpr std::chrono::microseconds AWAKE{200};

/// Looks between two questions what time it is.
constexpr int LOOKS = 64;

/// Looks for its end before the caller gives up its turn.
constexpr int PATIENCE = 2000;

class Companion {
  public:
    Companion() { std::thread([this] { live(); }).detach(); }

    /// False where another call has the companion.
    bool engage() { return !engaged_.exchange(true, std::memory_order_acquire); }
    void release() { engaged_.store(false, std::memory_order_release); }

    void offer(const Work& work) {
        finished_.store(false, std::memory_order_relaxed);
        offered_.store(&work);
        if (!asleep_.load()) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        waker_.notify_one();
    }

    /// Takes the offer back, or waits until what was taken is done.
    void withdraw() {
        if (offered_.exchange(nullptr) != nullptr) return;
        for (int i = 0; !finished_.load(std::memory_order_acquire); ++i)
            i < PATIENCE ? pause_briefly() : std::this_thread::yield();
    }

  private:
    void live() {
        for (;;) {
            const Work* work = look();
            if (!work) work = sleep();
            (*work)(1);
            finished_.store(true, std::memory_order_release);
        }
    }

    const Work* take() { return offered_.load() ? offered_.exchange(nullptr) : nullptr; }

    const Work* look() {
        const auto until = std::chrono::steady_clock::now() + AWAKE;
        do
            for (int i = 0; i < LOOKS; ++i, pause_briefly())
                if (const Work* work = take()) return work;
        while (std::chrono::steady_clock::now() < until);
        return nullptr;
    }

    const Work* sleep() {
        std::unique_lock<std::mutex> lock(mutex_);
        asleep_.store(true);
        const Work* work = take();
        for (; !work; work = take()) waker_.wait(lock);
        asleep_.store(false);
        return work;
    }

    std::atomic<bool> engaged_{false}, finished_{false}, asleep_{false};
    std::atomic<const Work*> offered_{nullptr};
    std::mutex mutex_;
    std::condition_variable waker_;
};

/// The one of this process; it lives as long as the process does.
std::atomic<Companion*> companion{nullptr};

/// A child of a fork has no thread but one, and may find locks taken for ever: it begins anew.
void forget() { companion.store(nullptr); }

/// Null where the system gives no further thread.
Companion* found() {
    static std::mutex making;
    if (Companion* there = companion.load(std::memory_order_acquire)) return there;
    const std::unique_lock<std::mutex> lock(making, std::try_to_lock);
    if (!lock.owns_lock() || companion.load()) return companion.load();
#ifndef _WIN32
    static const int registered = pthread_atfork(nullptr, nullptr, forget);
    if (registered != 0) return nullptr;
#endif
    try {
        companion.store(new Companion, std::memory_order_release);
    } catch (const std::bad_alloc&) {
    } catch (const std::system_error&) {
    }
    return companion.load();
}

}  // namespace

void accompanied(const Work& work) {
    Companion* beside = found();
    if (!beside || !beside->engage()) return work(0);
    struct Visit {
        Companion& companion;
        ~Visit() {
            companion.withdraw();
            companion.release();
        }
    };
    beside->offer(work);
    const Visit visit{*beside};
    work(0);
}

}  // namespace ellnet
