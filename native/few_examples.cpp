#include "few_examples.hpp"

#include <algorithm>
#include <atomic>

#include "companion.hpp"
#include "memory.hpp"
#include "team.hpp"
#include "waiting.hpp"

namespace ellnet {

namespace {

/// Bytes of an input's weights that are a part of the work.
constexpr long PART = 512;

/// One layer after another, each in parts that threads take as they come.
template <class T>
class FewPass {
  public:
    FewPass(const Kernels<T>& kernels, const Shape& shape, const Parameters<T>& parameters, long m)
        : kernels_(kernels), shape_(shape), parameters_(parameters), m_(m), stages_(shape.n.size()) {
        stride_ = panels_of<T>(*std::max_element(shape.n.begin(), shape.n.end())) * PANEL<T>;
        for (Array<T>& each : buffers_) each = Array<T>(m * stride_);
    }

    void gather_all(const Source& X) {
        for (long i = 0; i < m_; ++i) gather(X, i, shape_.n.front(), buffers_[0].data() + i * stride_);
        stages_[0].whole.store(true, std::memory_order_release);
    }

    /// Takes parts until there are none, or another says stop. Two threads begin at the two ends: from call to call most of the
    /// weights are read by the same core.
    void work(int thread, Stop stop) {
        for (std::size_t l = 1; l < stages_.size() && came(stages_[l - 1]); ++l) {
            const FewJob<T> job = job_of(l);
            const long parts = std::max<long>(1, job.units * static_cast<long>(sizeof(T)) / PART);
            Stage& stage = stages_[l];
            for (long mine = 0; stage.taken.fetch_add(1, std::memory_order_relaxed) < parts; ++mine) {
                kernels_.forward_few(job, thread == 0 ? mine : parts - 1 - mine, parts);
                if (stage.done.fetch_add(1, std::memory_order_acq_rel) + 1 == parts) finish(l, job);
                if (stop()) return stopped_.store(true);
            }
        }
        came(stages_.back());
    }

    bool stopped() const { return stopped_.load(); }

    void store(Table<T> out) const {
        const T* rows = buffers_[(stages_.size() - 1) % 2].data();
        for (long i = 0; i < m_; ++i) std::copy_n(rows + i * stride_, shape_.n.back(), out.data + i * out.stride);
    }

  private:
    struct Stage {
        std::atomic<long> taken{0}, done{0};
        std::atomic<bool> whole{false};
    };

    /// Waits for a layer. Returns false where the work was stopped.
    bool came(const Stage& stage) const {
        bool whole = false;
        wait_until([&] { return (whole = stage.whole.load(std::memory_order_acquire)) || stopped(); });
        return whole;
    }

    bool last(std::size_t l) const { return l + 1 == stages_.size(); }

    FewJob<T> job_of(std::size_t l) const {
        const Activation g = last(l) ? Activation::identity : shape_.activations[l - 1];
        return {shape_.n[l - 1], shape_.n[l], parameters_[2 * l - 2].data, parameters_[2 * l - 1].data, g,
                buffers_[(l - 1) % 2].data(), buffers_[l % 2].data(), stride_, m_};
    }

    void finish(std::size_t l, const FewJob<T>& job) {
        const Activation g = shape_.activations[l - 1];
        if (last(l) || g == Activation::softmax)
            for (long i = 0; i < m_; ++i)
                kernels_.output_value(g, job.units, Rows<T>{job.out + i * stride_, PANEL<T>}, 1);
        stages_[l].whole.store(true, std::memory_order_release);
    }

    const Kernels<T>& kernels_;
    const Shape& shape_;
    const Parameters<T>& parameters_;
    const long m_;
    long stride_ = 0;
    Array<T> buffers_[2];
    std::vector<Stage> stages_;
    std::atomic<bool> stopped_{false};
};

}  // namespace

template <class T>
bool lie_by_input(const Shape& shape, const Parameters<T>& parameters) {
    for (std::size_t l = 1; l < shape.n.size(); ++l) {
        const Matrix<T>&W = parameters[2 * l - 2], &b = parameters[2 * l - 1];
        if (W.row_stride != 1 && shape.n[l] > 1) return false;
        if (W.column_stride != shape.n[l] && shape.n[l - 1] > 1) return false;
        if (b.row_stride != 1 && shape.n[l] > 1) return false;
    }
    return true;
}

template <class T>
bool predict_few(const Kernels<T>& kernels, const Shape& shape, const Parameters<T>& parameters, const Source& X,
                 long m, int threads, Table<T> out, Stop stop) {
    FewPass<T> pass(kernels, shape, parameters, m);
    const auto share = [&](int thread) {
        const FlushToZero flush;
        if (thread == 0) pass.gather_all(X);
        pass.work(thread, thread == 0 ? stop : Stop{});
    };
    if (threads == 1 || !accompanied(share)) share(0);
    if (!pass.stopped()) pass.store(out);
    return !pass.stopped();
}

template bool lie_by_input(const Shape&, const Parameters<float>&);
template bool lie_by_input(const Shape&, const Parameters<double>&);
template bool predict_few(const Kernels<float>&, const Shape&, const Parameters<float>&, const Source&, long, int,
                          Table<float>, Stop);
template bool predict_few(const Kernels<double>&, const Shape&, const Parameters<double>&, const Source&, long, int,
                          Table<double>, Stop);

}  // namespace ellnet
