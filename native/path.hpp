// What training asks of a path: a network in the layout of its kernels, that learns from chunks of examples.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data.hpp"
#include "forward.hpp"
#include "lists.hpp"
#include "network.hpp"
#include "randomness.hpp"
#include "shape.hpp"
#include "stop.hpp"
#include "targets.hpp"

namespace ellnet {

/// W[1], b[1], ..., W[L], b[L]: of the parameters, or of one of the moments.
template <class T>
using Parameters = std::vector<Matrix<T>>;

/// Which examples a step learns from, and what dropout does to them.
template <class T>
struct Minibatch {
    const Examples* examples;
    const Lists<T>* lists;         ///< of their inputs; null where they are taken as they are
    const std::uint32_t* order;    ///< null: as they lie
    long first;                    ///< place in the order
    long m;                        ///< examples of the minibatch
    double scale;                  ///< what an example's weight is multiplied by: m / sum of weights
    const std::vector<double>* keep;  ///< probability to keep a unit of layer 0..L-1; null for no dropout
    Address address;               ///< of dropout's random numbers; the layer is filled in

    long example(long i) const { return order ? order[first + i] : first + i; }
    double weight(long i) const {
        return examples->w.data ? entry(examples->w, 0, example(i)) : 1.0;
    }
};

/// The sum of the squares of all weights, and of their magnitudes.
struct WeightSums {
    double squares, magnitudes;
};

/// A network under training. Thread `thread` of `threads` does its share; between the two phases of a chunk, and
/// after the second, all threads meet.
template <class T>
class Path {
  public:
    virtual ~Path() = default;

    /// A thread's share of taking over parameters and moments; once all have met, its share of `turn` makes them ready. What
    /// `stop` leaves is not whole.
    virtual void load(int thread, int threads, const Parameters<T>& parameters,
                      const std::vector<Parameters<T>>& moments, Stop stop) = 0;
    virtual void turn(int thread, int threads, Stop stop) = 0;
    /// A thread's share of writing parameters and moments to the caller's arrays.
    virtual void store(int thread, int threads, const Parameters<T>& parameters,
                       const std::vector<Parameters<T>>& moments) const = 0;

    /// First phase: losses and dZ of the examples begin..begin + count of the minibatch. `stop` is asked now and then by
    /// the thread that it was given to, and ends the phase early where it is true.
    virtual void forward_backward(int thread, int threads, const Minibatch<T>& batch, long begin, long count,
                                  bool penalties, Stop stop) = 0;
    /// Second phase: gradients of the chunk; with a step, which follows a minibatch's last chunk, the new weights. Without one
    /// the sums of gradients are kept. What `stop` leaves has changed some weights and not others.
    virtual void update(int thread, int threads, long count, bool first, const Step<T>* step, Stop stop) = 0;

    /// The sum of the minibatch's weighted losses so far, asked once after the first phase of each chunk.
    virtual double losses(long count, bool first) = 0;
    /// Sums over all weights, after a first phase with `penalties`.
    virtual WeightSums weights() const = 0;

    /// Clipping by norm, between a second phase without a step and `apply`: each thread's share of the gradients' sizes over
    /// `peak`; when all have met, the largest magnitude, and the norm.
    virtual void measure(int thread, int threads, const Step<T>& step, T peak) = 0;
    virtual T largest() const = 0;
    virtual double norm(T peak) const = 0;
    /// The optimizer's step from the gradients that were kept.
    virtual void apply(int thread, const Step<T>& step) = 0;
    /// Each thread's share of the max-norm constraint.
    virtual void max_norm(int thread, int threads, T most) = 0;

    /// What goes forward with the weights as they are, for one thread.
    virtual std::unique_ptr<Forward<T>> forward() const = 0;

    /// Copies the sums of gradients that were kept, times `factor`.
    virtual void store_gradients(const Parameters<T>& gradients, T factor) const = 0;

    /// Keeps a copy of parameters and moments, and goes back to it. Returns false where it was stopped: there is no copy then.
    virtual bool save(Stop stop) = 0;
    virtual void restore() = 0;
    /// Whether every parameter and moment of a thread's share is finite.
    virtual bool finite(int thread, int threads) const = 0;
};

/// The path for ordinary networks; `rows` is the largest number of examples in a chunk. Gradients are kept between phases where
/// there are several chunks, or `keep_gradients` says so. `filled` is there where minibatches come with lists of their inputs: about
/// what share of them is not 0.
template <class T>
std::unique_ptr<Path<T>> tiles_path(const Kernels<T>& kernels, const Shape& shape, int moments, long rows,
                                    bool keep_gradients, bool dropout, std::optional<double> filled, int threads);

/// The path for tiny networks; thread 0 does all of it.
template <class T>
std::unique_ptr<Path<T>> lanes_path(const Kernels<T>& kernels, const Shape& shape, int moments, bool dropout);

}  // namespace ellnet
