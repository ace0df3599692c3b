#include "companion.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

#ifndef _WIN32
#include <pthread.h>
#endif

#include "elsewhere.hpp"
#include "waiting.hpp"

namespace ellnet {

namespace {

using Work = std::function<void(int)>;
using Clock = std::chrono::steady_clock;

/// How long the companion looks for more before it ends: about as long as the calls that it is for.
constexpr std::chrono::microseconds AWAKE{200};

/// Calls follow one another closely where so much time lies between them.
constexpr std::chrono::microseconds CLOSELY{1000};

/// Looks between two questions what time it is.
constexpr int AT_ONCE = 64;

enum class State { absent, free, taken };

/// One of each process; a call that finds the companion taken goes alone.
std::atomic<State> state{State::absent};
std::atomic<const Work*> offered{nullptr};
std::atomic<bool> finished{false};
std::atomic<Clock::rep> last_call{Clock::duration::min().count() / 2};

bool change(State from, State to) { return state.compare_exchange_strong(from, to); }

const Work* look() {
    const auto until = Clock::now() + AWAKE;
    do
        for (int i = 0; i < AT_ONCE; ++i, pause_briefly())
            if (offered.load(std::memory_order_relaxed))
                if (const Work* work = offered.exchange(nullptr)) return work;
    while (Clock::now() < until);
    return nullptr;
}

void live(Elsewhere born) {
    for (bool settled = false;;) {
        if (const Work* work = look()) {
            if (!settled) born.free_this();
            settled = true;
            (*work)(1);
            finished.store(true, std::memory_order_release);
        } else if (change(State::free, State::absent)) {
            return;
        }
    }
}

/// A child of a fork has no thread but one.
void forget() {
    offered.store(nullptr);
    state.store(State::absent);
}

bool forks_are_heard_of() {
#ifndef _WIN32
    static const int trouble = pthread_atfork(nullptr, nullptr, forget);
    return trouble == 0;
#else
    return true;
#endif
}

/// Takes the companion for a call, born where there is none. Returns false where the call goes alone.
bool take(bool closely) {
    if (change(State::free, State::taken)) return true;
    if (!closely || !forks_are_heard_of() || !change(State::absent, State::taken)) return false;
    try {
        const Elsewhere elsewhere;
        std::thread thread(live, elsewhere);
        elsewhere.send(thread);
        thread.detach();
    } catch (const std::exception&) {  // no thread, or no memory for one
        state.store(State::absent);
        return false;
    }
    return true;
}

/// Takes the offer back, or waits until what was taken is done.
struct Withdrawal {
    ~Withdrawal() {
        if (offered.exchange(nullptr) == nullptr)
            wait_until([] { return finished.load(std::memory_order_acquire); });
        state.store(State::free);
    }
};

/// Notes when a call ended.
struct End {
    ~End() { last_call.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed); }
};

}  // namespace

bool accompanied(const Work& work) {
    const Clock::duration before{last_call.load(std::memory_order_relaxed)};
    const End end;
    if (!take(Clock::now().time_since_epoch() - before < CLOSELY)) return false;
    finished.store(false, std::memory_order_relaxed);
    offered.store(&work);
    const Withdrawal withdrawal;
    work(0);
    return true;
}

}  // namespace ellnet
