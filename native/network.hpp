// What every part of the engine says about a network: layers, options, and how numbers lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ellnet {

/// Of functions that the files of every instruction set include: each call is expanded, also where nothing is optimised, so that
/// the linker has no copy of one file to take for all.
#define ELLNET_INLINE inline __attribute__((always_inline))

/// Up to so many examples are predicted from weights as the caller has them: rearranging those would take longer.
constexpr long FEW = 8;

/// Examples in a chunk: the sums over examples are chains within a chunk, and chunks added in order.
constexpr long CHUNK = 256;

/// Rows of a weight panel that are worked on at a time.
constexpr long BLOCK = 8;

/// Columns of a weight panel: 128 bytes, two cache lines.
template <class T>
constexpr long PANEL = 128 / sizeof(T);

/// Rows and columns of a square that is transposed in registers.
template <class T>
constexpr long SQUARE = 32 / sizeof(T);

/// Examples that lie beside one another on the path for tiny networks.
constexpr long SLOTS = 32;

/// Largest width of a tiny network, whose examples lie in the lanes of vectors.
constexpr long TINY = 16;

/// Activations, by the numbers that the bindings give them.
enum class Activation : int {
    identity,
    relu,
    leaky_relu,
    sigmoid,
    tanh,
    softmax,
    elu,
    selu,
    gelu,
    silu,
    mish,
    softplus,
    softsign,
    hard_sigmoid,
    exponential
};
constexpr int ACTIVATIONS = 15;

/// Whether the derivative is taken from Z; for the others A says enough.
ELLNET_INLINE constexpr bool needs_z(Activation g) {
    return g == Activation::gelu || g == Activation::silu || g == Activation::mish;
}

/// Costs, by the numbers that the bindings give them.
enum class Cost : int {
    squared_error,
    binary_cross_entropy,
    categorical_cross_entropy,
    absolute_error,
    huber,
    poisson,
    quantile
};
constexpr int COSTS = 7;

/// A cost with what it takes beside A and Y.
template <class T>
struct CostOf {
    Cost name;
    T threshold;      ///< of Huber's error
    const T* levels;  ///< the quantile of each unit, readable up to the end of a vector
};

/// Optimizers, by the numbers that the bindings give them.
enum class Optimizer : int {
    gradient_descent,
    momentum,
    adam,
    adamw,
    nesterov,
    nadam,
    rmsprop,
    adagrad
};
constexpr int OPTIMIZERS = 8;

/// Examples as rows, cut into panels of PANEL columns: entry (row, column) lies at
/// data + column / PANEL * jump + row * PANEL + column % PANEL. A product then reads whole cache lines in order, whatever
/// the widths.
template <class T>
struct Rows {
    T* data;
    long jump;  ///< numbers from one panel to the next

    ELLNET_INLINE T* at(long row, long column) const { return data + column / PANEL<T> * jump + row * PANEL<T> + column % PANEL<T>; }
    ELLNET_INLINE T* panel(long number) const { return data + number * jump; }
    ELLNET_INLINE Rows from(long row) const { return {data ? data + row * PANEL<T> : nullptr, jump}; }
    ELLNET_INLINE operator Rows<const T>() const { return {data, jump}; }
};

/// Panels that `columns` columns take.
template <class T>
ELLNET_INLINE constexpr long panels_of(long columns) {
    return (columns + PANEL<T> - 1) / PANEL<T>;
}

/// A layer as the tile path keeps it.
///
/// `panels` holds W[l] and b[l] in panels of PANEL units: (panels, inputs + 1, PANEL), whose last row
/// is b[l], the weights of an input that is always 1. `transposed` holds W[l] once more, in panels of
/// PANEL inputs: (panels of inputs, units, PANEL), for eq. 6.4; null where nobody asks for it.
template <class T>
struct Dense {
    long inputs;
    long units;
    Activation activation;
    T* panels;
    T* transposed;
    T* moments[2];
    T* gradients;

    ELLNET_INLINE long count() const { return panels_of<T>(units); }
    ELLNET_INLINE long input_panels() const { return panels_of<T>(inputs); }
    ELLNET_INLINE long size() const { return count() * (inputs + 1) * PANEL<T>; }
    ELLNET_INLINE long transposed_size() const { return input_panels() * units * PANEL<T>; }
    ELLNET_INLINE T* panel(T* base, long number) const { return base + number * (inputs + 1) * PANEL<T>; }
};

/// All that a step of an optimizer needs, as the numbers that it multiplies by.
template <class T>
struct Step {
    Optimizer optimizer;
    T inverse_m;        ///< 1 / m of the minibatch
    T clip;             ///< what the gradient is multiplied by so that its norm is within bounds; 1 for none
    T l2;               ///< lambda / m of the L2 penalty
    T l1;               ///< lambda / m of the L1 penalty
    T rate;             ///< learning rate, Adam's first correction included; NAdam's of the moment
    T here;             ///< NAdam's rate of the gradient itself
    T decay;            ///< 1 - alpha lambda of AdamW; 1 for none
    T momentum;         ///< mu, or beta_1
    T one_less_beta_1;  ///< 1 - beta_1
    T beta_2;
    T one_less_beta_2;
    T root_scale;  ///< 1 / sqrt(1 - beta_2^t)
    T epsilon;
};

/// A block of a layer's weights for which one thread has the gradient and the step.
struct Tile {
    int layer;
    long panel;
    long row;
    long rows;
};

/// A number that is not 0, and the input or the row that it belongs to, times PANEL.
template <class T>
struct Entry {
    std::int32_t at;
    T x;
};

/// The entries of an example, or of an input.
template <class T>
struct List {
    const Entry<T>* entries;
    long count;

    ELLNET_INLINE const Entry<T>* begin() const { return entries; }
    ELLNET_INLINE const Entry<T>* end() const { return entries + count; }
};

/// Panels of a first layer that one call makes from lists: they are read once for all of them.
constexpr long LISTED_PANELS = 2;

/// A list for each input: the rows in which it is not 0.
template <class T>
struct Columns {
    const Entry<T>* entries;
    const std::int32_t *begins, *ends;

    ELLNET_INLINE List<T> of(long input) const { return {entries + begins[input], ends[input] - begins[input]}; }
};

/// A tile with what its gradient is made of: the inputs of its layer, and dZ, of a chunk of examples. Where the inputs are listed,
/// `columns` holds them in so many parts, one after another, else it is null.
template <class T>
struct TileJob {
    Dense<T>* layer;
    Tile tile;
    Rows<const T> A_prev;
    Rows<const T> dZ;
    const Columns<T>* columns;
    int parts;
};

/// A layer with W as (inputs, units) and b as (units), each without gaps, and at most FEW examples: one a row of `a`, of `out`.
template <class T>
struct FewJob {
    long inputs;
    long units;
    const T* W;
    const T* b;
    Activation activation;
    const T* a;
    T* out;
    long stride;  ///< numbers from a row to the next, of both
    long rows;
};

/// A tiny network: its parameters are one flat array, unit by unit: the weights of a unit, then its bias.
template <class T>
struct Tiny {
    long L;
    const long* n;
    const Activation* activations;
    CostOf<T> cost;
};

}  // namespace ellnet
