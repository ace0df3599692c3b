// What long work asks now and then: whether to leave it.
#pragma once

namespace ellnet {

/// A question, or none. It may be asked on the calling thread alone, unless its owner says otherwise; it never throws.
struct Stop {
    bool (*ask)(void*) = nullptr;
    void* context = nullptr;

    bool operator()() const { return ask && ask(context); }
};

}  // namespace ellnet
