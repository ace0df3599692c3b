// The path for tiny networks: thirty-two examples at a time lie in the lanes, parameters are one flat array.
#include <algorithm>
#include <cmath>

#include "memory.hpp"
#include "path.hpp"

namespace ellnet {

namespace {

template <class T>
class Lanes final : public Path<T> {
  public:
    Lanes(const Kernels<T>& kernels, const Shape& shape, int moments, bool dropout)
        : kernels_(kernels),
          shape_(shape),
          cost_(shape_),
          net_{shape.L(), shape_.n.data(), shape_.activations.data(), cost_.cost()},
          moments_(moments) {
        for (long l = 1; l <= shape.L(); ++l) count_ += units(l) * (units(l - 1) + 1);
        for (long l = 0; l <= shape.L(); ++l) slots_ += units(l) * SLOTS;
        padded_ = (count_ + 1 + 15) / 16 * 16;  // one more: the loss is summed as parameters' gradients are
        for (Array<T>& each : theta_) each = Array<T>(padded_);
        is_weight_ = Array<T>(padded_);
        sums_ = Array<T>(padded_);
        chains_ = Array<T>(padded_ * 16);
        A_ = Array<T>(3 * slots_);
        dZ_ = Array<T>(slots_);
        if (dropout) scale_ = Array<T>(slots_);
        Y_ = Array<T>(units(shape.L()) * SLOTS);
        each_parameter([this](long l, long, long k, long i) { is_weight_[i] = k < units(l - 1) ? T(1) : T(0); });
    }

    void load(int thread, int, const Parameters<T>& parameters, const std::vector<Parameters<T>>& moments, Stop) override {
        if (thread != 0) return;
        copy_in(parameters, theta_[0]);
        for (std::size_t i = 0; i < moments.size(); ++i) copy_in(moments[i], theta_[i + 1]);
    }

    void turn(int, int, Stop) override {}

    void store(int thread, int, const Parameters<T>& parameters,
               const std::vector<Parameters<T>>& moments) const override {
        if (thread != 0) return;
        copy_out(theta_[0], parameters);
        for (std::size_t i = 0; i < moments.size(); ++i) copy_out(theta_[i + 1], moments[i]);
    }

    void forward_backward(int thread, int, const Minibatch<T>& batch, long begin, long count, bool, Stop stop) override {
        if (thread != 0 || (begin > 0 && stop())) return;
        alignas(64) T losses[SLOTS];
        for (long at = 0; at < count; at += SLOTS) {
            const long slots = std::min(SLOTS, count - at);
            gather_block(batch, begin + at, slots);
            const T* scale = drop(batch, begin + at, slots);
            kernels_.tiny_step(net_, theta_[0].data(), slots, A_.data(), scale, Y_.data(), weights_, dZ_.data(), losses,
                               chains_.data(), at == 0);
        }
        kernels_.tiny_sums(padded_, chains_.data(), begin == 0, sums_.data());
    }

    void update(int thread, int, long, bool, const Step<T>* step, Stop) override {
        if (thread != 0 || !step) return;
        sums_[count_] = T(0);
        kernels_.tiny_update(padded_, *step, sums_.data(), is_weight_.data(), theta_[0].data(), theta_[1].data(),
                             theta_[2].data());
    }

    double losses(long, bool) override { return static_cast<double>(sums_[count_]); }

    WeightSums weights() const override {
        WeightSums of;
        kernels_.tiny_penalties(padded_, theta_[0].data(), is_weight_.data(), &of.squares, &of.magnitudes);
        return of;
    }

    void measure(int thread, int, const Step<T>& step, T peak) override {
        if (thread != 0) return;
        sums_[count_] = T(0);
        kernels_.tiny_norm(padded_, step, sums_.data(), is_weight_.data(), theta_[0].data(), peak, &squares_, &largest_);
    }

    T largest() const override { return largest_; }

    double norm(T peak) const override { return static_cast<double>(peak) * std::sqrt(squares_); }

    void apply(int thread, const Step<T>& step) override { update(thread, 1, 0, true, &step, {}); }

    void store_gradients(const Parameters<T>& gradients, T factor) const override {
        for (long i = 0; i < count_; ++i) sums_[i] *= factor;
        copy_out(sums_, gradients);
    }

    void max_norm(int thread, int, T most) override {
        T* theta = theta_[0].data();
        for (long l = 1; thread == 0 && l <= shape_.L(); ++l)
            for (long j = 0; j < units(l); ++j, theta += units(l - 1) + 1)
                kernels_.tiny_max_norm(units(l - 1), theta, most);
    }

    std::unique_ptr<Forward<T>> forward() const override {
        return lanes_forward(kernels_, shape_, theta_[0].data());
    }

    bool save(Stop) override {
        for (int i = 0; i <= moments_; ++i) {
            if (!saved_[i].data()) saved_[i] = Array<T>(padded_);
            std::copy_n(theta_[i].data(), padded_, saved_[i].data());
        }
        return true;
    }

    void restore() override {
        for (int i = 0; i <= moments_; ++i) std::copy_n(saved_[i].data(), padded_, theta_[i].data());
    }

    bool finite(int thread, int) const override {
        return thread != 0 || std::all_of(theta_, theta_ + moments_ + 1, [](const Array<T>& a) { return all_finite(a); });
    }

  private:
    long units(long l) const { return shape_.n[static_cast<std::size_t>(l)]; }

    template <class Each>
    void each_parameter(Each&& each) const {
        long i = 0;
        for (long l = 1; l <= shape_.L(); ++l)
            for (long j = 0; j < units(l); ++j)
                for (long k = 0; k <= units(l - 1); ++k, ++i) each(l, j, k, i);
    }

    void copy_in(const Parameters<T>& from, const Array<T>& to) const {
        each_parameter([&](long l, long j, long k, long i) {
            to[i] = k < units(l - 1) ? from[2 * l - 2].at(j, k) : from[2 * l - 1].at(j, 0);
        });
    }

    void copy_out(const Array<T>& from, const Parameters<T>& to) const {
        each_parameter([&](long l, long j, long k, long i) {
            (k < units(l - 1) ? to[2 * l - 2].at(j, k) : to[2 * l - 1].at(j, 0)) = from[i];
        });
    }

    void gather_block(const Minibatch<T>& batch, long begin, long slots) {
        const long first = batch.first + begin;
        gather_slots(batch.examples->X, batch.order, first, units(0), slots, batch.examples->m, A_.data());
        gather_slots(batch.examples->Y, batch.order, first, units(shape_.L()), slots, batch.examples->m, Y_.data());
        if (!batch.examples->w.data && slots == full_) return;
        full_ = batch.examples->w.data ? 0 : slots;
        for (long s = 0; s < SLOTS; ++s)
            weights_[s] = s < slots ? static_cast<T>(batch.weight(begin + s) * batch.scale) : T(0);
    }

    /// What dropout multiplies the slots by; null where there is no dropout.
    const T* drop(const Minibatch<T>& batch, long begin, long slots) {
        if (!scale_.data()) return nullptr;
        std::fill_n(scale_.data(), slots_, T(1));
        long at = 0;
        for (long l = 0; batch.keep && l < shape_.L(); at += units(l) * SLOTS, ++l) {
            const double keep = (*batch.keep)[static_cast<std::size_t>(l)];
            if (keep >= 1.0) continue;
            Address address = batch.address;
            address.layer = static_cast<std::uint64_t>(l);
            for (long s = 0; s < slots; ++s)
                dropout_scale(address, keep, units(l), begin + s, scale_.data() + at + s, SLOTS);
        }
        return scale_.data();
    }

    const Kernels<T>& kernels_;
    const Shape shape_;
    const CostTable<T> cost_;
    const Tiny<T> net_;
    const int moments_;
    long count_ = 0, padded_ = 0, slots_ = 0;
    Array<T> theta_[3], saved_[3], is_weight_, sums_, chains_, A_, dZ_, scale_, Y_;
    alignas(64) T weights_[SLOTS];
    long full_ = 0;  ///< so many slots have weight 1, and the others 0; 0 where the examples have weights
    double squares_ = 0;
    T largest_ = 0;
};

}  // namespace

template <class T>
std::unique_ptr<Path<T>> lanes_path(const Kernels<T>& kernels, const Shape& shape, int moments, bool dropout) {
    return std::make_unique<Lanes<T>>(kernels, shape, moments, dropout);
}

template std::unique_ptr<Path<float>> lanes_path(const Kernels<float>&, const Shape&, int, bool);
template std::unique_ptr<Path<double>> lanes_path(const Kernels<double>&, const Shape&, int, bool);

}  // namespace ellnet
