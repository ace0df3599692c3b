// The kernels of one instruction set as a table of functions, and the choice among the sets.
#pragma once

#include "network.hpp"

namespace ellnet {

/// What a target offers in one precision. Rows hold one example each; buffers may be read and written up
/// to the end of the vector in which their last number lies.
template <class T>
struct Kernels {
    /// A = g(W A_prev + b) for one panel of units, all rows, eq. 2.1, 2.2; softmax is left to `finish`. Z is written where it
    /// has a place.
    void (*forward)(const Dense<T>& layer, long panel, Rows<const T> A_prev, long rows, Rows<T> A, Rows<T> Z);

    /// The same for the first layer, from the inputs of each row that are not 0, and for up to LISTED_PANELS panels.
    void (*forward_listed)(const Dense<T>& layer, long panel, const List<T>* lists, long rows, Rows<T> A, Rows<T> Z);

    /// Lists the numbers of an example that are not 0, in order; there is room for `inputs`. Returns how many.
    long (*list)(const T* example, long inputs, Entry<T>* entries);

    /// `forward` for few examples, and one of `parts` parts of the units, as good as even.
    void (*forward_few)(const FewJob<T>& job, long part, long parts);

    /// What a row of A needs once its panels are done: softmax, and the input that is always 1.
    void (*finish)(const Dense<T>& layer, long rows, Rows<T> A);

    /// Losses times weights, and dZ[L] times each example's weight where it has a place; Z[L] is used up.
    void (*output)(Activation g, const CostOf<T>& cost, long units, Rows<T> Z, Rows<const T> Y, const T* weights, long rows,
                   T* scratch, Rows<T> dZ, double* losses);

    /// A[L] in the place of Z[L].
    void (*output_value)(Activation g, long units, Rows<T> Z, long rows);

    /// dZ of the layer below for one panel of its units, all rows, eq. 6.4, 6.1; softmax is left to `finish_backward`.
    /// `scale` holds what dropout multiplied by; null for no dropout.
    void (*backward)(const Dense<T>& above, long panel, Rows<const T> dZ_above, long rows, Activation g,
                     Rows<const T> A, Rows<const T> Z, Rows<const T> scale, Rows<T> dZ);

    /// Softmax's derivative for the rows of a hidden layer.
    void (*finish_backward)(long units, long rows, Rows<const T> A, Rows<T> dZ);

    /// The gradients of a thread's tiles from the examples of a chunk, eq. 6.2, 6.3, and the optimizer's step after the last
    /// chunk; without a step the sums are kept.
    void (*update)(const TileJob<T>* jobs, long count, long examples, bool first, const Step<T>* step);

    /// The optimizer's step for a tile whose gradient was summed before.
    void (*apply)(Dense<T>& layer, const Tile& tile, const Step<T>& step);

    /// For each unit of a panel the sum of the squares of its weights, and of their magnitudes.
    void (*penalties)(const Dense<T>& layer, long panel, T* squares, T* magnitudes);

    /// For each unit of a panel the sum of the squares of its gradients, bias included, over `peak`^2, and the largest magnitude.
    void (*norms)(const Dense<T>& layer, long panel, const Step<T>& step, T peak, T* squares, T* largest);

    /// Holds the weights into each unit of a panel within a norm, eq. 14.5, here and in the transposed panels.
    void (*max_norm)(Dense<T>& layer, long panel, T largest);

    /// A := A * scale, `count` numbers.
    void (*multiply)(const T* A, const T* scale, long count, T* out);

    /// Tiny networks: A[L] of 32 examples, unit by unit; `A` holds a block of (n[l], 32) for each layer 0..L,
    /// twice more for what layers are given and for Z.
    void (*tiny_forward)(const Tiny<T>& net, const T* theta, long slots, T* A);

    /// Tiny networks: losses and the sums of gradients of at most 32 examples; `scale` holds dropout, or null;
    /// null chains ask for the losses alone.
    void (*tiny_step)(const Tiny<T>& net, const T* theta, long slots, T* A, const T* scale, const T* Y,
                      const T* weights, T* dZ, T* losses, T* chains, bool first);

    /// Tiny networks: sixteen chains of each parameter become one sum, added to what is there after the first chunk.
    void (*tiny_sums)(long count, const T* chains, bool first, T* sums);

    /// Tiny networks: the optimizer's step; `is_weight` is 1 for weights and 0 for biases.
    void (*tiny_update)(long count, const Step<T>& step, const T* sums, const T* is_weight, T* theta, T* first,
                        T* second);

    /// Tiny networks: the sums of the squares of the weights and of their magnitudes, in sixteen chains.
    void (*tiny_penalties)(long count, const T* theta, const T* is_weight, double* squares, double* magnitudes);

    /// Tiny networks: the sum of the squares of all gradients over `peak`^2, and the largest magnitude.
    void (*tiny_norm)(long count, const Step<T>& step, const T* sums, const T* is_weight, const T* theta, T peak,
                      double* squares, T* largest);

    /// Tiny networks: eq. 14.5 for the `inputs` weights of one unit.
    void (*tiny_max_norm)(long inputs, T* weights, T largest);

    /// A sample of fused multiply-adds from registers: `rounds` of them times 24 vectors; returns their number.
    double (*peak)(long rounds, T* sink);
};

/// One instruction set.
struct Target {
    const char* name;
    const Kernels<float>* single;
    const Kernels<double>* twice;

    template <class T>
    const Kernels<T>& kernels() const;
};

template <>
inline const Kernels<float>& Target::kernels<float>() const {
    return *single;
}
template <>
inline const Kernels<double>& Target::kernels<double>() const {
    return *twice;
}

/// Says whether the target of that number, best first, runs on this processor; null past the last.
const Target* target_at(int number, bool* usable) noexcept;

/// Returns the target of that name where it runs on this processor, else null.
const Target* find_target(const char* name) noexcept;

}  // namespace ellnet
