#include "prediction.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <limits>

#include "companion.hpp"
#include "few_examples.hpp"
#include "memory.hpp"
#include "panels.hpp"
#include "team.hpp"

namespace ellnet {

namespace {

/// The caller's question whether to go on, asked by one thread, whose exceptions must wait for the others.
class Question {
  public:
    explicit Question(const Interrupted& interrupted) : interrupted_(interrupted) {}

    /// The first thread asks; the others hear what it was told.
    Stop of(int thread) { return {thread == 0 ? ask : heard, this}; }
    bool stopped() const { return stop_.load(std::memory_order_relaxed); }
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    static bool heard(void* context) { return static_cast<Question*>(context)->stopped(); }
    static bool ask(void* context) {
        Question& question = *static_cast<Question*>(context);
        try {
            if (!question.stop_.load() && question.interrupted_ && question.interrupted_()) question.stop_.store(true);
        } catch (...) {
            question.failure_ = std::current_exception();
            question.stop_.store(true);
        }
        return question.stop_.load();
    }

    const Interrupted& interrupted_;
    std::atomic<bool> stop_{false};
    std::exception_ptr failure_;
};

/// A network's weights in the layout of its path, for any number of threads.
template <class T>
class Weights {
  public:
    Weights(const Kernels<T>& kernels, const Shape& shape) : kernels_(kernels), shape_(shape) {}

    /// Takes over the parameters. Returns false where it was stopped.
    bool load(const Parameters<T>& parameters, Stop stop) {
        if (!shape_.tiny()) return fill_panels(parameters, stop);
        flatten(parameters);
        return true;
    }

    std::unique_ptr<Forward<T>> forward() const {
        if (shape_.tiny()) return lanes_forward(kernels_, shape_, theta_.data());
        return tiles_forward(kernels_, shape_, layers_);
    }

  private:
    void flatten(const Parameters<T>& parameters) {
        long count = 0, i = 0;
        for (std::size_t l = 1; l < shape_.n.size(); ++l) count += shape_.n[l] * (shape_.n[l - 1] + 1);
        theta_ = Array<T>(count);
        for (std::size_t l = 1; l < shape_.n.size(); ++l)
            for (long j = 0; j < shape_.n[l]; ++j) {
                for (long k = 0; k < shape_.n[l - 1]; ++k) theta_[i++] = parameters[2 * l - 2].at(j, k);
                theta_[i++] = parameters[2 * l - 1].at(j, 0);
            }
    }

    bool fill_panels(const Parameters<T>& parameters, Stop stop) {
        for (std::size_t l = 1; l < shape_.n.size(); ++l) {
            Dense<T> dense{};
            dense.inputs = shape_.n[l - 1];
            dense.units = shape_.n[l];
            dense.activation = shape_.activations[l - 1];
            panels_.emplace_back(dense.size());
            dense.panels = panels_.back().data();
            if (!pack(dense, parameters[2 * l - 2], parameters[2 * l - 1], dense.panels, stop, {0, dense.count()})) return false;
            layers_.push_back(dense);
        }
        return true;
    }

    const Kernels<T>& kernels_;
    const Shape& shape_;
    Array<T> theta_;
    std::vector<Array<T>> panels_;
    std::vector<Dense<T>> layers_;
};

/// Gives every chunk of m examples to one of the threads: work(forward, first, count, number).
template <class T, class Work>
bool in_chunks(const Weights<T>& weights, long m, int threads, Question& question, const Work& work) {
    threads = static_cast<int>(std::min<long>(threads, (m + CHUNK - 1) / CHUNK));
    std::vector<std::unique_ptr<Forward<T>>> forward;
    for (int i = 0; i < threads; ++i) {
        forward.push_back(weights.forward());
        forward.back()->ask(question.of(i));
    }
    std::atomic<long> next{0};
    const auto share = [&](int thread) {
        const FlushToZero flush;
        for (long number = next.fetch_add(1); number * CHUNK < m && !question.stopped(); number = next.fetch_add(1)) {
            const long first = number * CHUNK;
            work(*forward[static_cast<std::size_t>(thread)], first, std::min(CHUNK, m - first), number);
            question.of(thread)();
        }
    };
    if (threads != 2 || !accompanied(share)) together(threads, share);
    return !question.stopped();
}

}  // namespace

template <class T>
bool predict(const Target& target, const Shape& shape, const Parameters<T>& parameters, const Source& X, long m,
             int threads, Table<T> out, const Interrupted& interrupted) {
    const Kernels<T>& kernels = target.kernels<T>();
    Question question(interrupted);
    if (!shape.tiny() && m <= FEW && lie_by_input(shape, parameters)) {
        const bool whole = predict_few(kernels, shape, parameters, X, m, threads, out, question.of(0));
        question.rethrow();
        return whole;
    }
    Weights<T> weights(kernels, shape);
    const bool whole = weights.load(parameters, question.of(0)) &&
                       in_chunks(weights, m, threads, question, [&](Forward<T>& forward, long first, long count, long) {
                           forward.outputs(X, first, count, out.from(first));
                       });
    question.rethrow();
    return whole;
}

template <class T>
double cost(const Target& target, const Shape& shape, const Parameters<T>& parameters, const Examples& examples,
            int threads, const Interrupted& interrupted) {
    Weights<T> weights(target.kernels<T>(), shape);
    Array<double> losses((examples.m + CHUNK - 1) / CHUNK);
    Question question(interrupted);
    const bool whole = weights.load(parameters, question.of(0)) &&
                       in_chunks(weights, examples.m, threads, question,
                                 [&](Forward<T>& forward, long first, long count, long number) {
                                     forward.add_losses(examples, first, count, losses[number], {nullptr, 0});
                                 });
    question.rethrow();
    if (!whole) return std::numeric_limits<double>::quiet_NaN();
    double total = 0, sum = 0;
    for (long i = 0; i < losses.count(); ++i) total += losses[i];
    for (long i = 0; i < examples.m; ++i) sum += examples.w.data ? entry(examples.w, 0, i) : 1.0;
    return total / sum;
}

template <class T>
double cost_and_gradients(const Target& target, const Shape& shape, const Parameters<T>& parameters,
                          const Examples& examples, int threads, const Parameters<T>& gradients,
                          const Interrupted& interrupted) {
    const Kernels<T>& kernels = target.kernels<T>();
    if (shape.tiny()) threads = 1;
    const std::unique_ptr<Path<T>> path =
        shape.tiny() ? lanes_path(kernels, shape, 0, false)
                     : tiles_path(kernels, shape, 0, std::min(CHUNK, examples.m), true, false, std::nullopt, threads);
    Question question(interrupted);
    path->load(0, 1, parameters, {}, question.of(0));
    path->turn(0, 1, question.of(0));
    question.rethrow();
    if (question.stopped()) return std::numeric_limits<double>::quiet_NaN();
    const double m = static_cast<double>(examples.m);
    Minibatch<T> all{&examples, nullptr, nullptr, 0, examples.m, 1.0, nullptr, Address{}};
    double weight = 0, losses = 0;
    for (long i = 0; i < examples.m; ++i) weight += all.weight(i);
    all.scale = m / weight;
    Barrier barrier(threads);
    together(threads, [&](int thread) {
        bool stopped = false;
        for (long begin = 0; begin < examples.m && !stopped; begin += CHUNK) {
            const long count = std::min(CHUNK, examples.m - begin);
            path->forward_backward(thread, threads, all, begin, count, false, question.of(thread));
            barrier.wait();
            if (thread == 0) losses = path->losses(count, begin == 0);
            path->update(thread, threads, count, begin == 0, nullptr, question.of(thread));
            question.of(thread)();
            barrier.wait();
            stopped = question.stopped();
            barrier.wait();
        }
    });
    question.rethrow();
    if (question.stopped()) return std::numeric_limits<double>::quiet_NaN();
    path->store_gradients(gradients, static_cast<T>(1.0 / m));
    return losses / m;
}

template double cost_and_gradients(const Target&, const Shape&, const Parameters<float>&, const Examples&, int,
                                   const Parameters<float>&, const Interrupted&);
template double cost_and_gradients(const Target&, const Shape&, const Parameters<double>&, const Examples&, int,
                                   const Parameters<double>&, const Interrupted&);
template bool predict(const Target&, const Shape&, const Parameters<float>&, const Source&, long, int, Table<float>,
                      const Interrupted&);
template bool predict(const Target&, const Shape&, const Parameters<double>&, const Source&, long, int, Table<double>,
                      const Interrupted&);
template double cost(const Target&, const Shape&, const Parameters<float>&, const Examples&, int, const Interrupted&);
template double cost(const Target&, const Shape&, const Parameters<double>&, const Examples&, int, const Interrupted&);

}  // namespace ellnet
