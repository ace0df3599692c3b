#include "schedules.hpp"

#include <algorithm>
#include <cmath>

namespace ellnet {

namespace {

constexpr double PI = 3.141592653589793;

double progress(const Clock& c) { return std::min(1.0, c.step / std::max(1.0, c.steps)); }

double time(const Clock& c) { return c.step * c.epochs / std::max(1.0, c.steps); }

/// Half a cosine from 1 to the floor.
double fall(double part, double floor) {
    return floor + (1.0 - floor) * 0.5 * (1.0 + std::cos(PI * part));
}

/// 1 / (examples seen + 1)^power_t (eq. 16.2).
double invscaling(const Clock& c, const Pace& p) {
    return std::pow(c.epoch * c.examples + 1.0, -p.power_t);
}

/// 5^-cuts (eq. 16.3).
double adaptive(const Clock&, const Pace& p) { return std::pow(5.0, -p.cuts); }

/// gamma^floor(epoch / period) (eq. 16.4).
double step(const Clock& c, const Pace& p) { return std::pow(p.gamma, std::floor(c.epoch / p.period)); }

/// gamma^epoch (eq. 16.5).
double exponential(const Clock& c, const Pace& p) { return std::pow(p.gamma, c.epoch); }

/// f + (1 - f) (1 + cos(pi t)) / 2 (eq. 16.6).
double cosine(const Clock& c, const Pace& p) { return fall(progress(c), p.floor); }

/// f + (1 - f) (1 + cos(pi c)) / 2 for the cycle under way (eq. 16.7).
double cosine_restarts(const Clock& c, const Pace& p) {
    if (p.growth == 1.0) return fall(std::fmod(time(c), p.period) / p.period, p.floor);
    const double cycle = std::floor(
        std::log(time(c) / p.period * (p.growth - 1.0) + 1.0) / std::log(p.growth) + 1e-12);
    const double grown = std::pow(p.growth, cycle);
    const double start = p.period * (grown - 1.0) / (p.growth - 1.0);
    return fall(std::max(0.0, time(c) - start) / (p.period * grown), p.floor);
}

/// Up from 1/25 to 1 over the warm-up, then down to the floor (eq. 16.8).
double one_cycle(const Clock& c, const Pace& p) {
    const double last = std::max(1.0, c.steps - 1.0), peak = p.warmup * c.steps - 1.0;
    const double at = std::min(c.step, last);
    if (at <= peak) return peak > 0 ? 1.0 + (1.0 / 25.0 - 1.0) * fall(at / peak, 0.0) : 1.0;
    return fall((at - peak) / (last - peak), p.floor);
}

/// (1 - cos(2 pi log2(1 + 15 t))) / 2 (eq. 16.9).
double growing_cosine(const Clock& c, const Pace&) {
    return 0.5 * (1.0 - std::cos(2.0 * PI * std::log2(1.0 + 15.0 * progress(c))));
}

/// 1 (eq. 16.1).
double constant(const Clock&, const Pace&) { return 1.0; }

}  // namespace

double factor(Schedule name, const Clock& clock, const Pace& pace) {
    switch (name) {
        case Schedule::constant: return constant(clock, pace);
        case Schedule::invscaling: return invscaling(clock, pace);
        case Schedule::adaptive: return adaptive(clock, pace);
        case Schedule::step: return step(clock, pace);
        case Schedule::exponential: return exponential(clock, pace);
        case Schedule::cosine: return cosine(clock, pace);
        case Schedule::cosine_restarts: return cosine_restarts(clock, pace);
        case Schedule::one_cycle: return one_cycle(clock, pace);
        case Schedule::growing_cosine: return growing_cosine(clock, pace);
    }
    return 1.0;
}

double warm_up(const Clock& clock, double warmup) {
    const double length = warmup * clock.steps;
    return length > 1 ? std::min(1.0, (clock.step + 1.0) / length) : 1.0;
}

}  // namespace ellnet
