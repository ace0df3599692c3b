// Predictions of few examples, from the weights as the caller has them.
#pragma once

#include "path.hpp"
#include "shape.hpp"
#include "stop.hpp"
#include "targets.hpp"

namespace ellnet {

/// Whether every W lies input by input, so that few examples can do without panels.
template <class T>
bool lie_by_input(const Shape& shape, const Parameters<T>& parameters);

/// Writes A[L] of m examples, at most FEW, to rows of `out`; more than one of `threads` is one more. Returns false where it was
/// stopped.
template <class T>
bool predict_few(const Kernels<T>& kernels, const Shape& shape, const Parameters<T>& parameters, const Source& X,
                 long m, int threads, Table<T> out, Stop stop);

}  // namespace ellnet
