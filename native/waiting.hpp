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

}  // namespace ellnet
