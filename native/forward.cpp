#include "forward.hpp"

#include <algorithm>

#include "memory.hpp"

namespace ellnet {

namespace {

/// Rows that go through all layers together, so that they stay in the nearer caches.
constexpr long TOGETHER = 64;

template <class T>
class TilesForward final : public Forward<T> {
  public:
    TilesForward(const Kernels<T>& kernels, const Shape& shape, std::vector<Dense<T>> layers)
        : kernels_(kernels), shape_(shape), cost_(shape_), layers_(std::move(layers)) {
        const long widest = *std::max_element(shape.n.begin(), shape.n.end());
        for (Array<T>& each : buffers_) each = Array<T>(panels_of<T>(widest + 1) * JUMP);
        Y_ = Array<T>(panels_of<T>(shape.n.back()) * JUMP);
        scratch_ = Array<T>(panels_of<T>(shape.n.back()) * PANEL<T>);
        for (T& each : weights_) each = T(1);
    }

    void outputs(const Source& X, long first, long count, Table<T> out) override {
        for (long at = 0; at < count; at += TOGETHER) {
            const long rows = std::min(TOGETHER, count - at);
            const Rows<T> Z = last_z(X, first + at, rows, nullptr);
            kernels_.output_value(shape_.activations.back(), shape_.n.back(), Z, rows);
            for (long r = 0; r < rows; ++r) scatter_row(Z, r, shape_.n.back(), out.data + (at + r) * out.stride);
        }
    }

    void add_losses(const Examples& examples, long first, long count, double& total, Table<T> out) override {
        const Rows<T> Y{Y_.data(), JUMP};
        double losses[TOGETHER];
        for (long at = 0; at < count; at += TOGETHER) {
            const long rows = std::min(TOGETHER, count - at);
            const Rows<T> Z = last_z(examples.X, first + at, rows, this->lists(first + at));
            for (long r = 0; r < rows; ++r) gather_row(examples.Y, first + at + r, shape_.n.back(), Y, r);
            if (out.data) write_outputs(Z, rows, out.from(at));
            kernels_.output(shape_.activations.back(), cost_.cost(), shape_.n.back(), Z, Y, weights_, rows,
                            scratch_.data(), Rows<T>{nullptr, 0}, losses);
            for (long r = 0; r < rows; ++r)
                total += examples.w.data ? entry(examples.w, 0, first + at + r) * losses[r] : losses[r];
        }
    }

  private:
    static constexpr long JUMP = TOGETHER * PANEL<T>;

    /// Writes A[L], made of a copy of Z[L] as `outputs` makes it.
    void write_outputs(Rows<const T> Z, long rows, Table<T> out) {
        const long size = panels_of<T>(shape_.n.back()) * JUMP;
        if (!A_.data()) A_ = Array<T>(size);
        std::copy_n(Z.data, size, A_.data());
        const Rows<T> A{A_.data(), JUMP};
        kernels_.output_value(shape_.activations.back(), shape_.n.back(), A, rows);
        for (long r = 0; r < rows; ++r) scatter_row(A, r, shape_.n.back(), out.data + r * out.stride);
    }

    Rows<T> last_z(const Source& X, long first, long rows, const List<T>* lists) {
        Rows<T> now{buffers_[0].data(), JUMP}, next{buffers_[1].data(), JUMP};
        for (long r = 0; !lists && r < rows; ++r) gather_row(X, first + r, shape_.n.front(), now, r);
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            Dense<T> dense = layers_[l];
            const bool last = l + 1 == layers_.size();
            if (last) dense.activation = Activation::identity;
            const bool listed = lists && l == 0;
            for (long panel = 0; panel < dense.count() && !this->stopped(); panel += listed ? LISTED_PANELS : 1)
                forward(dense, panel, listed ? lists : nullptr, now, rows, next);
            if (!last) kernels_.finish(dense, rows, next);
            std::swap(now, next);
        }
        return now;
    }

    void forward(const Dense<T>& dense, long panel, const List<T>* lists, Rows<const T> A_prev, long rows, Rows<T> A) const {
        const Rows<T> none{nullptr, 0};
        if (lists) return kernels_.forward_listed(dense, panel, lists, rows, A, none);
        kernels_.forward(dense, panel, A_prev, rows, A, none);
    }

    const Kernels<T>& kernels_;
    const Shape shape_;
    const CostTable<T> cost_;
    const std::vector<Dense<T>> layers_;
    Array<T> buffers_[2], Y_, A_, scratch_;
    T weights_[TOGETHER];
};

template <class T>
class LanesForward final : public Forward<T> {
  public:
    LanesForward(const Kernels<T>& kernels, const Shape& shape, const T* theta)
        : kernels_(kernels),
          shape_(shape),
          cost_(shape_),
          net_{shape.L(), shape_.n.data(), shape_.activations.data(), cost_.cost()},
          theta_(theta) {
        long slots = 0;
        for (const long units : shape.n) slots += units * SLOTS;
        A_ = Array<T>(3 * slots);
        dZ_ = Array<T>(slots);
        output_ = A_.data() + slots - shape.n.back() * SLOTS;
        Y_ = Array<T>(shape.n.back() * SLOTS);
        for (T& each : weights_) each = T(1);
    }

    void outputs(const Source& X, long first, long count, Table<T> out) override {
        for (long at = 0; at < count; at += SLOTS) {
            const long slots = std::min(SLOTS, count - at);
            gather_slots(X, nullptr, first + at, shape_.n.front(), slots, 0, A_.data());
            kernels_.tiny_forward(net_, theta_, slots, A_.data());
            write_outputs(slots, out.from(at));
        }
    }

    void add_losses(const Examples& examples, long first, long count, double& total, Table<T> out) override {
        alignas(64) T losses[SLOTS];
        for (long at = 0; at < count; at += SLOTS) {
            const long slots = std::min(SLOTS, count - at);
            gather_slots(examples.X, nullptr, first + at, shape_.n.front(), slots, 0, A_.data());
            gather_slots(examples.Y, nullptr, first + at, shape_.n.back(), slots, 0, Y_.data());
            kernels_.tiny_step(net_, theta_, slots, A_.data(), nullptr, Y_.data(), weights_, dZ_.data(), losses,
                               nullptr, true);
            if (out.data) write_outputs(slots, out.from(at));
            for (long s = 0; s < slots; ++s) {
                const double weight = examples.w.data ? entry(examples.w, 0, first + at + s) : 1.0;
                total += weight * static_cast<double>(losses[s]);
            }
        }
    }

  private:
    void write_outputs(long slots, Table<T> out) const {
        for (long s = 0; s < slots; ++s)
            for (long k = 0; k < shape_.n.back(); ++k) out.data[s * out.stride + k] = output_[k * SLOTS + s];
    }

    const Kernels<T>& kernels_;
    const Shape shape_;
    const CostTable<T> cost_;
    const Tiny<T> net_;
    const T* theta_;
    Array<T> A_, dZ_, Y_;
    T* output_;
    alignas(64) T weights_[SLOTS];
};

}  // namespace

template <class T>
std::unique_ptr<Forward<T>> tiles_forward(const Kernels<T>& kernels, const Shape& shape, std::vector<Dense<T>> layers) {
    return std::make_unique<TilesForward<T>>(kernels, shape, std::move(layers));
}

template <class T>
std::unique_ptr<Forward<T>> lanes_forward(const Kernels<T>& kernels, const Shape& shape, const T* theta) {
    return std::make_unique<LanesForward<T>>(kernels, shape, theta);
}

template std::unique_ptr<Forward<float>> tiles_forward(const Kernels<float>&, const Shape&, std::vector<Dense<float>>);
template std::unique_ptr<Forward<double>> tiles_forward(const Kernels<double>&, const Shape&,
                                                        std::vector<Dense<double>>);
template std::unique_ptr<Forward<float>> lanes_forward(const Kernels<float>&, const Shape&, const float*);
template std::unique_ptr<Forward<double>> lanes_forward(const Kernels<double>&, const Shape&, const double*);

}  // namespace ellnet
