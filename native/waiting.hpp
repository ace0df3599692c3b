// What a thread does while it looks again and again whether it may go on.
#pragma once

#include <thread>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace ellnet {

/// Leaves the core to its other thread for a moment.
inline void pause_briefly() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
}

/// Looks before a thread gives up its turn: some tens of microseconds.
constexpr int LOOKS = 2000;

/// Waits until `done` says so: at first without rest, then giving up its turn between two looks.
template <class Done>
void wait_until(Done&& done) {
    for (int looks = 0; !done(); ++looks) looks < LOOKS ? pause_briefly() : std::this_thread::yield();
}

}  // namespace ellnet
