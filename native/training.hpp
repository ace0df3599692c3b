// Training: a network, from where it stands, for a number of epochs, in one call.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "data.hpp"
#include "path.hpp"
#include "schedules.hpp"
#include "targets.hpp"

namespace ellnet {

/// All that is chosen for a run.
struct Plan {
    Shape shape;
    Optimizer optimizer = Optimizer::adam;
    int moments = 2;
    double learning_rate = 1e-3;
    double momentum = 0.9;
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0;
    double rho = 0.99;
    double momentum_decay = 0.004;
    double l2 = 0;           ///< lambda over the mean weight of the examples
    double l1 = 0;           ///< the same of the L1 penalty
    double clip_norm = 0;    ///< 0 for none
    double max_norm = 0;     ///< 0 for none
    double weight = 1;       ///< the sum of the weights of all examples
    std::vector<double> dropout;  ///< of the layers 0..L-1; empty for none
    Schedule schedule = Schedule::constant;
    Schedule weight_decay_schedule = Schedule::constant;
    Schedule dropout_schedule = Schedule::constant;
    Pace pace;
    long batch_size = 1;
    bool shuffle = true;
    std::uint64_t seed = 0;
    long planned_epochs = 1;
};

/// Where training stands between two steps.
struct Position {
    std::int64_t step = 0;
    std::int64_t epoch = 0;
    std::int64_t batch = 0;
    double epoch_cost = 0;
};

/// How a run ended.
enum class End : int { done, interrupted, diverged };

/// What a run gives beside parameters and moments.
struct Report {
    End end = End::done;
    bool whole_cost = false;  ///< of a divergence: the cost was finite, a parameter or moment was not
    Position position;        ///< where training stands
    Position bad;             ///< of a divergence: where something was not finite
    Position good{-1, 0, 0, 0};  ///< of a run to its end: before its last step; step -1 where it took none
    std::vector<double> iterations, costs, validation_costs;
};

/// Asked between steps with the minibatches taken and all of the epoch; true ends the run there. May throw.
using Watch = std::function<bool(std::int64_t, std::int64_t)>;

/// Trains for `epochs` epochs, the one under way included.
///
/// Parameters and moments are changed at `parameters` and `moments` at the end: to where training stands, or, after a
/// divergence, to the last whose cost was finite, while `bad` (which may be empty) gets those whose cost was not. `before`,
/// parameters and moments too, gets those before the last step of a run to its end; it may be empty.
/// `seconds` lie between two questions to the watch at most, about; 0 asks before every step.
template <class T>
Report train(const Target& target, const Plan& plan, const Position& from, const Examples& examples,
             const Examples* validation, long epochs, int threads, const Parameters<T>& parameters,
             const std::vector<Parameters<T>>& moments, const Parameters<T>& bad,
             const std::vector<Parameters<T>>& before, const Watch& watch, double seconds);

}  // namespace ellnet
