// A second thread for calls of some tens of microseconds, in which no thread can be born.
#pragma once

#include <functional>

namespace ellnet {

/// Runs work(0) on the calling thread and work(1) beside it, on the companion of this process. Returns false, and has run nothing, where that is
/// not there or not free.
///
/// The two share out what there is as they go, and nothing may be left undone where work(1) begins late or never. The companion is born where such
/// calls follow one another closely, and ends a moment after the last: who forks or leaves finds no thread of ours. work(1) must not throw.
bool accompanied(const std::function<void(int)>& work);

}  // namespace ellnet
