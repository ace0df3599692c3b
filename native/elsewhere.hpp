// Where a thread begins. A system may leave a new thread beside the one that made it for many milliseconds, though another core is idle.
#pragma once

#include <thread>

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

namespace ellnet {

/// The processors that this thread may use, seen from the one that it is on.
class Elsewhere {
  public:
#ifdef __linux__
    Elsewhere() noexcept {
        known_ = sched_getaffinity(0, sizeof all_, &all_) == 0;
        others_ = all_;
        const int here = sched_getcpu();
        known_ = known_ && here >= 0 && here < CPU_SETSIZE && CPU_COUNT(&all_) > 1;
        if (known_) CPU_CLR(here, &others_);
    }

    /// Sends a thread to another processor. A wish: it is no harm where the system refuses.
    void send(std::thread& thread) const noexcept {
        if (known_) pthread_setaffinity_np(thread.native_handle(), sizeof others_, &others_);
    }

    /// For that thread, once it runs: from here on it may go where the system likes.
    void free_this() const noexcept {
        if (known_) sched_setaffinity(0, sizeof all_, &all_);
    }

  private:
    cpu_set_t all_, others_;
    bool known_;
#else
    void send(std::thread&) const noexcept {}
    void free_this() const noexcept {}
#endif
};

}  // namespace ellnet
