// Schedules: the factor by which a rate is multiplied as training goes on (eq. 16.1 to 16.10).
#pragma once

namespace ellnet {

/// Schedules, by the numbers that the bindings give them.
enum class Schedule : int {
    constant,
    invscaling,
    adaptive,
    step,
    exponential,
    cosine,
    cosine_restarts,
    one_cycle,
    growing_cosine
};

/// Where a run stands; `epochs` and `steps` are those planned for the whole of it, at least 1.
struct Clock {
    double step, steps, epoch, epochs, examples;
};

/// What the schedules take beside the clock.
struct Pace {
    double power_t = 0.5, gamma = 0.5, period = 10, growth = 1, floor = 0, warmup = 0, cuts = 0;
};

/// The factor of a schedule.
double factor(Schedule name, const Clock& clock, const Pace& pace);

/// min(1, (step + 1) / (warmup steps)) (eq. 16.10).
double warm_up(const Clock& clock, double warmup);

}  // namespace ellnet
