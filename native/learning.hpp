// The second phase on the path for ordinary networks: tile by tile, gradients and the step from them.
//
// Included inside a target's own anonymous namespace.
#pragma once

/// Where a tile's numbers begin in the arrays of its layer; a tile of whole rows lies in one piece.
template <class T>
INLINE long place_of(const Dense<T>& layer, const Tile& tile) {
    return (tile.panel * (layer.inputs + 1) + tile.row) * PANEL<T>;
}

/// Rows of a tile that are weights, without the bias.
template <class T>
INLINE long weight_rows(const Dense<T>& layer, const Tile& tile) {
    return tile.row + tile.rows > layer.inputs ? layer.inputs - tile.row : tile.rows;
}

/// Writes the weights of a tile into the transposed panels.
template <class T>
INLINE void refresh_transposed(const Dense<T>& layer, const Tile& tile) {
    if (!layer.transposed) return;
    constexpr long side = SQUARE<T>;
    const T* weights = layer.panels + place_of(layer, tile);
    const long columns = width<T>(layer.units, tile.panel), rows = weight_rows(layer, tile);
    const long panel = tile.row / PANEL<T>, at = tile.row % PANEL<T>;
    T* out = layer.transposed + (panel * layer.units + tile.panel * PANEL<T>) * PANEL<T> + at;
    const long whole = columns / side * side, deep = rows / side * side;
    for (long k = 0; k < deep; k += side)
        for (long j = 0; j < whole; j += side) transpose_square(weights + k * PANEL<T> + j, out + j * PANEL<T> + k);
    for (long j = 0; j < columns; ++j)
        for (long k = j < whole ? deep : 0; k < rows; ++k) out[j * PANEL<T> + k] = weights[k * PANEL<T> + j];
}

/// The same step without what weights alone have: penalties and decay.
template <class T>
INLINE Step<T> for_bias(Step<T> step) {
    step.l2 = step.l1 = T(0);
    step.decay = T(1);
    return step;
}

/// The optimizer's step from sums of gradients, for weights and for biases.
template <class V, class O>
struct Stepper {
    using T = typename V::T;
    const Steps<V> steps, bias_steps;
    const Gradient<V> gradient, bias_gradient;

    explicit Stepper(const Step<T>& step)
        : steps(step), bias_steps(for_bias(step)), gradient(step), bias_gradient(for_bias(step)) {}

    /// A tile of any form, row after row.
    void tile(const Dense<T>& layer, const Tile& tile, const T* sums) const {
        const long used = whole_vectors<V>(width<T>(layer.units, tile.panel)), weights = weight_rows(layer, tile);
        for (long row = 0; row < tile.rows; ++row) {
            const long at = place_of(layer, tile) + row * PANEL<T>;
            const bool bias = row >= weights;
            step_run<V>(O{}, bias ? bias_gradient : gradient, bias ? bias_steps : steps, used, sums + row * PANEL<T>,
                        layer.panels + at, O::moments > 0 ? layer.moments[0] + at : nullptr,
                        O::moments > 1 ? layer.moments[1] + at : nullptr);
        }
        refresh_transposed(layer, tile);
    }
};

/// Whether a tile is BLOCK rows of weights and a whole panel wide.
template <class T>
INLINE bool is_whole(const Dense<T>& layer, const Tile& tile) {
    return tile.rows == BLOCK && tile.row + tile.rows <= layer.inputs && width<T>(layer.units, tile.panel) == PANEL<T>;
}

/// The step of a whole tile, which is taken vector by vector between the products of the next: its divisions and roots
/// cost next to nothing there.
template <class V, class O>
class Pending {
    using T = typename V::T;

  public:
    static constexpr int vectors = static_cast<int>(BLOCK * PANEL<T> / V::lanes);
    static constexpr int parts = vectors / WholeTile<V>::products;

    explicit Pending(const Stepper<V, O>& stepper) : stepper_(stepper) {}

    void begin(const TileJob<T>& job, const T* sums) {
        job_ = &job;
        sums_ = sums;
        const long at = place_of(*job.layer, job.tile);
        theta_ = job.layer->panels + at;
        if (O::moments > 0) first_ = job.layer->moments[0] + at;
        if (O::moments > 1) second_ = job.layer->moments[1] + at;
        left_ = vectors;
    }

    /// The step of one vector.
    INLINE void operator()() {
        if (left_ == 0) return;
        --left_;
        step_run<V>(O{}, stepper_.gradient, stepper_.steps, V::lanes, sums_, theta_, first_, second_);
        sums_ += V::lanes;
        theta_ += V::lanes;
        if (O::moments > 0) first_ += V::lanes;
        if (O::moments > 1) second_ += V::lanes;
    }

    void finish() {
        if (!job_) return;
        while (left_ > 0) (*this)();
        refresh_transposed(*job_->layer, job_->tile);
        job_ = nullptr;
    }

  private:
    const Stepper<V, O>& stepper_;
    const TileJob<T>* job_ = nullptr;
    const T* sums_ = nullptr;
    T *theta_ = nullptr, *first_ = nullptr, *second_ = nullptr;
    int left_ = 0;
};

/// Adds the sums of the chunks before, and keeps the sums where more chunks come.
template <class V, class T = typename V::T>
INLINE void join_chunks(const Dense<T>& layer, const Tile& tile, bool first, bool last, T* sums) {
    T* kept = layer.gradients + place_of(layer, tile);
    const long used = whole_vectors<V>(width<T>(layer.units, tile.panel));
    for (long r = 0; r < tile.rows; ++r)
        for (long i = r * PANEL<T>; i < r * PANEL<T> + used; i += V::lanes) {
            const V total = first ? V::load(sums + i) : V::load(kept + i) + V::load(sums + i);
            total.store(last ? sums + i : kept + i);
        }
}

/// Most numbers of a tile.
template <class T>
constexpr long TILE = PANEL<T> * PANEL<T>;

/// The sums of a layer of few units: the inputs lie in the lanes there, and no lane is idle.
template <class V, class T = typename V::T>
void narrow_sums_of(const TileJob<T>& job, long examples, T* sums) {
    alignas(64) T turned[TINY * PANEL<T>];
    const long rows = job.tile.rows, units = job.layer->units;
    for (T& each : turned) each = T(0);
    linear_backward<V>(units, rows, job.dZ.panel(0), job.A_prev.at(0, job.tile.row), examples, turned);
    for (long k = 0; k < rows; k += SQUARE<T>)
        for (long j = 0; j < TINY; j += SQUARE<T>) transpose_square(turned + j * PANEL<T> + k, sums + k * PANEL<T> + j);
}

template <class V, class T = typename V::T>
INLINE void sums_of(const TileJob<T>& job, long examples, T* sums) {
    const Nothing nothing;
    if (job.columns) return listed_sums_of<V>(job, examples, sums, nothing);
    if (job.layer->units <= TINY) return narrow_sums_of<V>(job, examples, sums);
    linear_backward<V>(job.tile.rows, width<T>(job.layer->units, job.tile.panel), job.A_prev.at(0, job.tile.row),
                       job.dZ.panel(job.tile.panel), examples, sums);
}

/// Gradients of tiles, and the step from them.
template <class V, class O, class T = typename V::T>
void learn(const TileJob<T>* jobs, long count, long examples, bool first, const Step<T>& step) {
    alignas(64) T sums[2][TILE<T>];
    const Stepper<V, O> stepper(step);
    Pending<V, O> pending(stepper);
    for (const TileJob<T>* job = jobs; job < jobs + count; ++job) {
        T* now = sums[(job - jobs) % 2];
        const bool whole = is_whole(*job->layer, job->tile);
        if (whole && job->columns)
            listed_sums_of<V>(*job, examples, now, pending);
        else if (whole)
            linear_backward_whole<V>(job->A_prev.at(0, job->tile.row), job->dZ.panel(job->tile.panel), examples, now,
                                     pending);
        else
            sums_of<V>(*job, examples, now);
        pending.finish();
        if (!first) join_chunks<V>(*job->layer, job->tile, false, true, now);
        if (whole)
            pending.begin(*job, now);
        else
            stepper.tile(*job->layer, job->tile, now);
    }
    pending.finish();
}

template <class V, class T = typename V::T>
void update(const TileJob<T>* jobs, long count, long examples, bool first, const Step<T>* step) {
    if (step)
        return with_optimizer(step->optimizer,
                              [&](auto o) { learn<V, decltype(o)>(jobs, count, examples, first, *step); });
    alignas(64) T sums[TILE<T>];
    for (long i = 0; i < count; ++i) {
        sums_of<V>(jobs[i], examples, sums);
        join_chunks<V>(*jobs[i].layer, jobs[i].tile, first, false, sums);
    }
}

template <class V, class T = typename V::T>
void apply(Dense<T>& layer, const Tile& tile, const Step<T>& step) {
    with_optimizer(step.optimizer, [&](auto o) {
        Stepper<V, decltype(o)>(step).tile(layer, tile, layer.gradients + place_of(layer, tile));
    });
}
