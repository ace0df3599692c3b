// Forward passes alone, for predictions and the validation cost.
#pragma once

#include <memory>
#include <vector>

#include "data.hpp"
#include "lists.hpp"
#include "shape.hpp"
#include "stop.hpp"
#include "targets.hpp"

namespace ellnet {

/// The caller's array of outputs: one example a row.
template <class T>
struct Table {
    T* data;
    long stride;  ///< numbers from one row to the next

    Table from(long row) const { return {data + row * stride, stride}; }
};

/// A network that goes forward, with buffers for one thread. The weights belong to somebody else.
template <class T>
class Forward {
  public:
    virtual ~Forward() = default;

    /// Has `stop` asked now and then; where it says yes what is under way is left, with outputs and losses of no meaning.
    void ask(Stop stop) { stop_ = stop; }

    /// Writes A[L] of the examples first..first + count to rows of `out`.
    virtual void outputs(const Source& X, long first, long count, Table<T> out) = 0;

    /// Adds each example's weight times its loss to `total`, one after another. Writes A[L] to rows of `out` where it has a place.
    virtual void add_losses(const Examples& examples, long first, long count, double& total, Table<T> out) = 0;

    /// Has `add_losses` take the inputs from these lists of the same examples; null for none. Tiny networks have no lists.
    void take(const Lists<T>* lists) { lists_ = lists; }

  protected:
    bool stopped() const { return stop_(); }
    /// The lists of examples from one on, or null.
    const List<T>* lists(long example) const { return lists_ ? lists_->from(example) : nullptr; }

  private:
    Stop stop_;
    const Lists<T>* lists_ = nullptr;
};

/// The path for ordinary networks.
template <class T>
std::unique_ptr<Forward<T>> tiles_forward(const Kernels<T>& kernels, const Shape& shape, std::vector<Dense<T>> layers);

/// The path for tiny networks.
template <class T>
std::unique_ptr<Forward<T>> lanes_forward(const Kernels<T>& kernels, const Shape& shape, const T* theta);

}  // namespace ellnet
