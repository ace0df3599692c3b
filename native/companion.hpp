// A second thread for calls of some tens of microseconds, in which no thread can be born.
#pragma once

#include <functional>

namespace ellnet {

/// Runs work(0) on the calling thread and, where the companion of this process is free and comes in time, work(1) beside it.
///
/// So the two share out what there is as they go, and nothing may be left undone where work(1) never begins. The companion
/// looks for more for a moment, then sleeps. A child of a fork has one of its own. work(1) must not throw.
void accompanied(const std::function<void(int)>& work);

}  // namespace ellnet
