// The path for ordinary networks: rows of the chunk are shared out in the first phase, tiles in the second.
#include <algorithm>
#include <cmath>

#include "lists.hpp"
#include "memory.hpp"
#include "panels.hpp"
#include "path.hpp"

namespace ellnet {

namespace {

/// Rows of weights whose inputs stay in the nearer caches while a thread goes through the panels of dZ.
constexpr long TOGETHER = 256;

/// Tiles that are updated in one go, between two questions whether to stop: some milliseconds.
constexpr std::size_t MANY = 4096;

/// What an input that is listed costs, where one of a whole row of inputs costs 1.
constexpr double LISTED_COST = 1.5;

/// Examples for which memory is asked ahead of their turn.
constexpr long AHEAD = 4;

/// Everything that a layer owns.
template <class T>
struct Layer {
    Dense<T> dense{};
    Array<T> panels, transposed, first, second, gradients, saved[3];
    Array<T> A, Z, given, scale, dZ, squares, magnitudes;
    long jump = 0;

    /// The rows of an array, or none where the layer has no such array.
    Rows<T> rows(const Array<T>& array) const { return {array.data(), jump}; }
    int moments() const { return dense.moments[1] ? 2 : dense.moments[0] ? 1 : 0; }
};

template <class T>
class Tiles final : public Path<T> {
  public:
    Tiles(const Kernels<T>& kernels, const Shape& shape, int moments, long rows, bool keep_gradients, bool dropout,
          std::optional<double> filled, int threads)
        : kernels_(kernels), shape_(shape), cost_(shape_), layers_(static_cast<std::size_t>(shape.L()) + 1) {
        rows_ = rows;
        jump_ = rows * PANEL<T>;
        filled_ = filled;
        for (long l = 0; l <= shape.L(); ++l) build(l, moments, rows, keep_gradients, dropout);
        Y_ = Array<T>(panels_of<T>(shape.n.back()) * jump_);
        weights_ = Array<T>(rows);
        losses_ = Array<double>(rows);
        const long widest = *std::max_element(shape.n.begin(), shape.n.end());
        for (int i = 0; i < threads; ++i) scratch_.emplace_back(panels_of<T>(widest) * PANEL<T>);
        if (filled_) make_lists(threads);
        share_tiles(threads);
    }

    void load(int thread, int threads, const Parameters<T>& parameters, const std::vector<Parameters<T>>& moments,
              Stop stop) override {
        for (long l = 1; l <= shape_.L(); ++l) {
            const Dense<T>& dense = at(l).dense;
            const Share share = share_of(dense.count(), thread, threads);
            if (!pack(dense, parameters[2 * l - 2], parameters[2 * l - 1], dense.panels, stop, share)) return;
            for (std::size_t i = 0; i < moments.size(); ++i)
                if (!pack(dense, moments[i][2 * l - 2], moments[i][2 * l - 1], dense.moments[i], stop, share)) return;
        }
    }

    void turn(int thread, int threads, Stop stop) override {
        for (long l = 2; l <= shape_.L(); ++l) {
            const Dense<T>& dense = at(l).dense;
            if (!transpose(dense, stop, share_of(dense.input_panels(), thread, threads))) return;
        }
    }

    void store(int thread, int threads, const Parameters<T>& parameters,
               const std::vector<Parameters<T>>& moments) const override {
        for (long l = 1; l <= shape_.L(); ++l) {
            const Dense<T>& dense = at(l).dense;
            const Share share = share_of(dense.count(), thread, threads);
            unpack(dense, dense.panels, parameters[2 * l - 2], parameters[2 * l - 1], share);
            for (std::size_t i = 0; i < moments.size(); ++i)
                unpack(dense, dense.moments[i], moments[i][2 * l - 2], moments[i][2 * l - 1], share);
        }
    }

    void forward_backward(int thread, int threads, const Minibatch<T>& batch, long begin, long count, bool penalties,
                          Stop stop) override {
        const long first = count * thread / threads, rows = count * (thread + 1) / threads - first;
        if (penalties)
            each_share(thread, threads, [this](Layer<T>& layer, long number) {
                kernels_.penalties(layer.dense, number, layer.squares.data() + number * PANEL<T>,
                                   layer.magnitudes.data() + number * PANEL<T>);
            });
        if (filled_) gather_lists(thread, batch, begin, first, rows);
        if (rows == 0) return;
        gather_rows(batch, begin, first, rows);
        if (!go_forward(thread, batch, begin, first, rows, stop)) return;
        const Layer<T>& last = layers_.back();
        const long units = shape_.n.back();
        kernels_.output(last.dense.activation, cost_.cost(), units, last.rows(last.A).from(first),
                        Y().from(first), weights_.data() + first, rows,
                        scratch_[static_cast<std::size_t>(thread)].data(), last.rows(last.dZ).from(first),
                        losses_.data() + first);
        go_backward(first, rows, stop);
    }

    void update(int thread, int, long count, bool first, const Step<T>* step, Stop stop) override {
        const std::size_t end = shares_[static_cast<std::size_t>(thread) + 1];
        for (std::size_t begin = shares_[static_cast<std::size_t>(thread)]; begin < end && !stop(); begin += MANY)
            kernels_.update(jobs_.data() + begin, static_cast<long>(std::min(end - begin, MANY)), count, first, step);
    }

    double losses(long count, bool first) override {
        double total = 0;
        for (long i = 0; i < count; ++i) total += losses_[i];
        loss_ = first ? total : loss_ + total;
        return loss_;
    }

    WeightSums weights() const override {
        double squares = 0, magnitudes = 0;
        each_unit([&squares](const Layer<T>& layer, long j) { squares += static_cast<double>(layer.squares[j]); });
        each_unit([&magnitudes](const Layer<T>& layer, long j) { magnitudes += static_cast<double>(layer.magnitudes[j]); });
        return {squares, magnitudes};
    }

    void measure(int thread, int threads, const Step<T>& step, T peak) override {
        each_share(thread, threads, [&](Layer<T>& layer, long number) {
            kernels_.norms(layer.dense, number, step, peak, layer.squares.data() + number * PANEL<T>,
                           layer.magnitudes.data() + number * PANEL<T>);
        });
    }

    T largest() const override {
        T most = 0;
        each_unit([&most](const Layer<T>& layer, long j) { most = std::max(most, layer.magnitudes[j]); });
        return most;
    }

    double norm(T peak) const override {
        double total = 0;
        each_unit([&total](const Layer<T>& layer, long j) { total += static_cast<double>(layer.squares[j]); });
        return static_cast<double>(peak) * std::sqrt(total);
    }

    void apply(int thread, const Step<T>& step) override {
        each_tile(thread, [&](Layer<T>& layer, const Tile& tile) { kernels_.apply(layer.dense, tile, step); });
    }

    void store_gradients(const Parameters<T>& gradients, T factor) const override {
        for (long l = 1; l <= shape_.L(); ++l) {
            const Dense<T>& dense = at(l).dense;
            for (long i = 0; i < dense.size(); ++i) dense.gradients[i] *= factor;
            unpack(dense, dense.gradients, gradients[2 * l - 2], gradients[2 * l - 1], {0, dense.count()});
        }
    }

    void max_norm(int thread, int threads, T most) override {
        each_share(thread, threads,
                   [&](Layer<T>& layer, long number) { kernels_.max_norm(layer.dense, number, most); });
    }

    std::unique_ptr<Forward<T>> forward() const override {
        std::vector<Dense<T>> layers;
        for (long l = 1; l <= shape_.L(); ++l) layers.push_back(at(l).dense);
        return tiles_forward(kernels_, shape_, std::move(layers));
    }

    bool save(Stop stop) override {
        for (long l = 1; l <= shape_.L(); ++l) {
            Layer<T>& layer = at(l);
            const T* now[3] = {layer.dense.panels, layer.dense.moments[0], layer.dense.moments[1]};
            for (int i = 0; i <= layer.moments(); ++i) {
                if (!layer.saved[i].data()) layer.saved[i] = Array<T>(layer.dense.size());
                std::copy_n(now[i], layer.dense.size(), layer.saved[i].data());
                if (stop()) return false;
            }
        }
        return true;
    }

    void restore() override {
        for (long l = 1; l <= shape_.L(); ++l) {
            Layer<T>& layer = at(l);
            T* now[3] = {layer.dense.panels, layer.dense.moments[0], layer.dense.moments[1]};
            for (int i = 0; i <= layer.moments(); ++i)
                std::copy_n(layer.saved[i].data(), layer.dense.size(), now[i]);
            if (layer.dense.transposed) transpose(layer.dense, {}, {0, layer.dense.input_panels()});
        }
    }

    bool finite(int thread, int threads) const override {
        return std::all_of(layers_.begin(), layers_.end(), [=](const Layer<T>& layer) {
            return all_finite(layer.panels, thread, threads) && all_finite(layer.first, thread, threads) &&
                   all_finite(layer.second, thread, threads);
        });
    }

  private:
    Layer<T>& at(long l) { return layers_[static_cast<std::size_t>(l)]; }
    const Layer<T>& at(long l) const { return layers_[static_cast<std::size_t>(l)]; }

    void build(long l, int moments, long rows, bool keep_gradients, bool dropout) {
        Layer<T>& layer = at(l);
        const long units = shape_.n[static_cast<std::size_t>(l)];
        const long size = panels_of<T>(units + 1) * jump_;
        layer.jump = jump_;
        if (l == 0 && filled_) return;
        layer.A = Array<T>(size);
        if (dropout && l < shape_.L()) {
            layer.given = Array<T>(size);
            layer.scale = Array<T>(size);
        }
        if (l == 0) {
            for (const Array<T>* each : {&layer.A, &layer.given})
                for (long r = 0; r < (each->data() ? rows : 0); ++r) *layer.rows(*each).at(r, units) = T(1);
            return;
        }
        layer.dZ = Array<T>(size);
        Dense<T>& dense = layer.dense;
        dense.inputs = shape_.n[static_cast<std::size_t>(l) - 1];
        dense.units = units;
        dense.activation = shape_.activations[static_cast<std::size_t>(l) - 1];
        layer.squares = Array<T>(dense.count() * PANEL<T>);
        layer.magnitudes = Array<T>(dense.count() * PANEL<T>);
        if (needs_z(dense.activation) && l < shape_.L()) layer.Z = Array<T>(size);
        layer.panels = Array<T>(dense.size());
        dense.panels = layer.panels.data();
        if (l > 1) layer.transposed = Array<T>(dense.transposed_size());
        dense.transposed = layer.transposed.data();
        if (moments > 0) layer.first = Array<T>(dense.size());
        if (moments > 1) layer.second = Array<T>(dense.size());
        dense.moments[0] = layer.first.data();
        dense.moments[1] = layer.second.data();
        if (keep_gradients) layer.gradients = Array<T>(dense.size());
        dense.gradients = layer.gradients.data();
    }

    /// Rows of the tile that begins at a row, all in one panel of inputs. A layer of few units has its inputs in the lanes.
    long rows_of_tile(long l, long row) const {
        const Dense<T>& dense = at(l).dense;
        return std::min(dense.units <= TINY ? PANEL<T> : BLOCK, dense.inputs + 1 - row);
    }

    /// About how many cycles a tile takes with a chunk of `rows` examples: products, then the step and the transposed panel,
    /// dearer where they do not go on beside the products of another tile.
    double work_of(const TileJob<T>& job, long rows) const {
        const auto halves = [](long count) { return count > PANEL<T> / 2 ? 2L : 1L; };
        const long units = std::min(PANEL<T>, job.layer->units - job.tile.panel * PANEL<T>), deep = job.tile.rows;
        const bool narrow = job.layer->units <= TINY, whole = deep == BLOCK && units == PANEL<T>;
        const long products = std::max(4L, narrow ? units * halves(deep) : deep * halves(units));
        if (job.columns) rows = static_cast<long>(static_cast<double>(rows) * LISTED_COST * *filled_);
        const long after = deep * halves(units) * (whole ? 18 : 36) + (job.layer->transposed ? 20 * deep : 0);
        return static_cast<double>(rows * products + after + 90);
    }

    /// Makes room for the lists of a chunk: of its rows, and of each thread's rows turned.
    void make_lists(int threads) {
        lists_ = Array<List<T>>(rows_);
        for (int i = 0; i < threads; ++i) {
            turned_.emplace_back(shape_.n.front(), (rows_ + threads - 1) / threads);
            columns_.push_back(turned_.back().columns());
        }
    }

    /// Lists the tiles of all layers and gives each thread a run of them with an even share of the work.
    void share_tiles(int threads) {
        std::vector<double> work;
        double total = 0;
        for (long l = 1; l <= shape_.L(); ++l)
            for (long group = 0; group <= at(l).dense.inputs; group += TOGETHER)
                for (long panel = 0; panel < at(l).dense.count(); ++panel)
                    for (long row = group, rows = 0; row <= at(l).dense.inputs && row < group + TOGETHER; row += rows) {
                        rows = rows_of_tile(l, row);
                        jobs_.push_back(job({static_cast<int>(l), panel, row, rows}));
                        total += work_of(jobs_.back(), rows_);
                        work.push_back(total);
                    }
        for (int thread = 0; thread <= threads; ++thread)
            shares_.push_back(static_cast<std::size_t>(
                std::lower_bound(work.begin(), work.end(), total * thread / threads - 0.5) - work.begin()));
        shares_.back() = jobs_.size();
    }

    TileJob<T> job(const Tile& tile) {
        Layer<T>&layer = at(tile.layer), &below = at(tile.layer - 1);
        const bool listed = filled_ && tile.layer == 1;
        return {&layer.dense, tile, below.rows(below.given.data() ? below.given : below.A), layer.rows(layer.dZ),
                listed ? columns_.data() : nullptr, static_cast<int>(columns_.size())};
    }

    /// Calls `each(layer, number)` for this thread's share of all panels.
    template <class Each>
    void each_share(int thread, int threads, Each&& each) {
        long panel = 0;
        for (long l = 1; l <= shape_.L(); ++l)
            for (long number = 0; number < at(l).dense.count(); ++number, ++panel)
                if (panel % threads == thread) each(at(l), number);
    }

    /// Calls `each(layer, tile)` for this thread's share of all tiles.
    template <class Each>
    void each_tile(int thread, Each&& each) {
        const std::size_t end = shares_[static_cast<std::size_t>(thread) + 1];
        for (std::size_t i = shares_[static_cast<std::size_t>(thread)]; i < end; ++i)
            each(at(jobs_[i].tile.layer), jobs_[i].tile);
    }

    /// Calls `each(layer, j)` for every unit, in order.
    template <class Each>
    void each_unit(Each&& each) const {
        for (long l = 1; l <= shape_.L(); ++l)
            for (long j = 0; j < at(l).dense.units; ++j) each(at(l), j);
    }

    void gather_lists(int thread, const Minibatch<T>& batch, long begin, long first, long rows) {
        const long coming = batch.m + begin, last = batch.examples->m - batch.first;
        for (long r = first; r < first + rows; ++r) {
            lists_[r] = *batch.lists->from(batch.example(begin + r));
            touch(lists_[r]);
            if (coming + r < last) ask_for(*batch.lists->from(batch.example(coming + r)));
        }
        turned_[static_cast<std::size_t>(thread)].turn(lists_.data(), first, rows);
    }

    void gather_rows(const Minibatch<T>& batch, long begin, long first, long rows) {
        const Rows<T> X = at(0).rows(at(0).A);
        for (long r = first; r < first + rows; ++r) {
            const long example = batch.example(begin + r);
            if (!filled_ && batch.order && r + AHEAD < first + rows)
                prefetch_example(batch.examples->X, batch.example(begin + r + AHEAD), shape_.n.front());
            if (!filled_) gather_row(batch.examples->X, example, shape_.n.front(), X, r);
            gather_row(batch.examples->Y, example, shape_.n.back(), Y(), r);
            weights_[r] = static_cast<T>(batch.weight(begin + r) * batch.scale);
        }
    }

    Rows<T> Y() const { return {Y_.data(), jump_}; }

    /// Applies dropout to a layer's A, where it has some: what the next layer is given.
    Rows<T> drop(int thread, const Minibatch<T>& batch, long l, long begin, long first, long rows) {
        Layer<T>& layer = at(l);
        if (!layer.given.data()) return layer.rows(layer.A);
        Address address = batch.address;
        address.layer = static_cast<std::uint64_t>(l);
        const double keep = batch.keep ? (*batch.keep)[static_cast<std::size_t>(l)] : 1.0;
        const long units = shape_.n[static_cast<std::size_t>(l)];
        const Rows<T> A = layer.rows(layer.A), scale = layer.rows(layer.scale), given = layer.rows(layer.given);
        T* drawn = scratch_[static_cast<std::size_t>(thread)].data();
        for (long r = first; r < first + rows; ++r) {
            if (keep < 1.0)
                dropout_scale(address, keep, units, begin + r, drawn, 1);
            else
                std::fill_n(drawn, units, T(1));
            for (long column = 0; column < units; column += PANEL<T>) {
                std::copy_n(drawn + column, PANEL<T>, scale.at(r, column));
                kernels_.multiply(A.at(r, column), scale.at(r, column), PANEL<T>, given.at(r, column));
            }
            *given.at(r, units) = T(1);
        }
        return given;
    }

    bool go_forward(int thread, const Minibatch<T>& batch, long begin, long first, long rows, Stop stop) {
        for (long l = 1; l <= shape_.L(); ++l) {
            Layer<T>& layer = at(l);
            Dense<T> dense = layer.dense;
            const bool listed = filled_ && l == 1;
            const Rows<T> given = listed ? Rows<T>{} : drop(thread, batch, l - 1, begin, first, rows);
            const Rows<T> A = layer.rows(layer.A).from(first), Z = layer.rows(layer.Z).from(first);
            if (l == shape_.L()) dense.activation = Activation::identity;  // its output makes A of Z
            for (long panel = 0; panel < dense.count(); panel += listed ? LISTED_PANELS : 1) {
                if (listed)
                    kernels_.forward_listed(dense, panel, lists_.data() + first, rows, A, Z);
                else
                    kernels_.forward(dense, panel, given.from(first), rows, A, Z);
                if (stop()) return false;
            }
            if (l < shape_.L()) kernels_.finish(dense, rows, A);
        }
        return true;
    }

    void go_backward(long first, long rows, Stop stop) {
        for (long l = shape_.L(); l > 1; --l) {
            const Layer<T>&above = at(l), &layer = at(l - 1);
            const Rows<T> dZ = layer.rows(layer.dZ).from(first);
            const Rows<T> A = layer.rows(layer.A).from(first), Z = layer.rows(layer.Z).from(first);
            const Rows<T> scale = layer.rows(layer.scale).from(first), dZ_above = above.rows(above.dZ).from(first);
            for (long panel = 0; panel < above.dense.input_panels(); ++panel) {
                kernels_.backward(above.dense, panel, dZ_above, rows, layer.dense.activation, A, Z, scale, dZ);
                if (stop()) return;
            }
            if (layer.dense.activation == Activation::softmax)
                kernels_.finish_backward(layer.dense.units, rows, A, dZ);
        }
    }

    const Kernels<T>& kernels_;
    const Shape shape_;
    const CostTable<T> cost_;
    std::vector<Layer<T>> layers_;
    long rows_ = 0, jump_ = 0;
    std::optional<double> filled_;  ///< the share of inputs that are not 0, where they are listed
    Array<List<T>> lists_;          ///< of a chunk's rows
    std::vector<Turned<T>> turned_;
    std::vector<Columns<T>> columns_;
    Array<T> Y_, weights_;
    Array<double> losses_;
    double loss_ = 0;
    std::vector<Array<T>> scratch_;
    std::vector<TileJob<T>> jobs_;
    std::vector<std::size_t> shares_;
};

}  // namespace

template <class T>
std::unique_ptr<Path<T>> tiles_path(const Kernels<T>& kernels, const Shape& shape, int moments, long rows,
                                    bool keep_gradients, bool dropout, std::optional<double> filled, int threads) {
    return std::make_unique<Tiles<T>>(kernels, shape, moments, rows, keep_gradients, dropout, filled, threads);
}

template std::unique_ptr<Path<float>> tiles_path(const Kernels<float>&, const Shape&, int, long, bool, bool,
                                                  std::optional<double>, int);
template std::unique_ptr<Path<double>> tiles_path(const Kernels<double>&, const Shape&, int, long, bool, bool,
                                                  std::optional<double>, int);

}  // namespace ellnet
