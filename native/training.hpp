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
    long lists_bytes = 1L << 27;  ///< memory for lists of inputs that are not 0
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
    bool stored = false;      ///< whether parameters and moments were written; where not, they are those that it began with
    std::int64_t best = -1;   ///< the epoch after which the best parameters were kept last; -1 for none
    std::vector<double> iterations, costs, validation_costs;
};

/// Parameters and moments of the caller's.
template <class T>
struct Arrays {
    Parameters<T> parameters;
    std::vector<Parameters<T>> moments;
};

/// How far a run goes: so many epochs, the one under way included, or so many steps where that is not negative.
struct Limit {
    long epochs;
    std::int64_t steps;
};

/// What the validation leaves after each epoch, where there is a place for it.
template <class T>
struct Seen {
    Table<T> outputs{nullptr, 0};    ///< A[L], one example a row
    unsigned char* right = nullptr;  ///< 1 for each example whose prediction is right, else 0
};

/// What is to be done after an epoch: keep its parameters as the best so far, end the run.
struct Verdict {
    bool keep = false, end = false;
};

/// Asked after each epoch with its cost and the validation's, NaN where there is none. May throw.
using Look = std::function<Verdict(double, double)>;

/// Asked between steps with the minibatches taken and all of the epoch; true ends the run there. May throw.
using Watch = std::function<bool(std::int64_t, std::int64_t)>;

/// Trains up to a limit.
///
/// `start` is only read. `after` is written at the end: where training stands, or, after a divergence, the last whose cost was
/// finite, while `bad` (which may be empty) gets those whose cost was not. `best` gets the parameters that `look` said to keep;
/// it may be empty where nobody looks. `seconds` lie between two questions to the watch at most, about; 0 asks before every step.
template <class T>
Report train(const Target& target, const Plan& plan, const Position& from, const Examples& examples,
             const Examples* validation, const Seen<T>& seen, Limit limit, int threads, const Arrays<T>& start,
             const Arrays<T>& after, const Parameters<T>& bad, const Parameters<T>& best, const Look& look,
             const Watch& watch, double seconds);

}  // namespace ellnet
