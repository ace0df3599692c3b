// Predictions, and the cost of examples with its gradients, from parameters as the caller has them.
#pragma once

#include <functional>

#include "data.hpp"
#include "path.hpp"
#include "shape.hpp"
#include "targets.hpp"

namespace ellnet {

/// Called now and then on the calling thread; true ends the work.
using Interrupted = std::function<bool()>;

/// Writes A[L] of m examples to rows of `out`. Returns false where it was interrupted.
template <class T>
bool predict(const Target& target, const Shape& shape, const Parameters<T>& parameters, const Source& X, long m,
             int threads, Table<T> out, const Interrupted& interrupted);

/// The cost of the examples, without penalty; NaN where it was interrupted.
template <class T>
double cost(const Target& target, const Shape& shape, const Parameters<T>& parameters, const Examples& examples,
            int threads, const Interrupted& interrupted);

/// The cost of the examples, without penalty, and its gradients by every parameter; NaN where it was interrupted.
template <class T>
double cost_and_gradients(const Target& target, const Shape& shape, const Parameters<T>& parameters,
                          const Examples& examples, int threads, const Parameters<T>& gradients,
                          const Interrupted& interrupted);

}  // namespace ellnet
