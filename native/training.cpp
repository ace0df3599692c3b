#include "training.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <optional>

#include "memory.hpp"
#include "orders.hpp"
#include "rates.hpp"
#include "rightness.hpp"
#include "team.hpp"

namespace ellnet {

namespace {

/// Steps after which a copy of parameters and moments is kept, to go back to from a divergence; the fewer where they take long.
constexpr std::int64_t KEPT_EVERY = 256, KEPT_EVERY_AT_LEAST = 16;
constexpr double KEPT_SECONDS = 4.0;

/// Parameters from which on several threads share the copying into panels and back.
constexpr double WORTH_SHARING = 1 << 19;

/// More epochs than anybody takes.
constexpr long ANY = 1L << 40;

/// Steps of a tiny network between two looks at the clock.
constexpr std::int64_t TINY_STEPS = 64;

/// Inputs are listed where no larger share of them is not 0, and there are neither fewer nor more of them.
constexpr double FILLED = 0.25;
constexpr long FEWEST_LISTED = 32, MOST_LISTED = 1L << 24;

/// Products of weights and examples of a step that takes less than a millisecond: nobody waits for its end.
constexpr double QUICK = 1 << 22;

/// Seconds between two questions to the watch inside a step.
constexpr double INSIDE_A_STEP = 0.02;

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A run under way. Every thread goes through `work`; thread 0 does what one alone has to do.
template <class T>
class Run {
  public:
    Run(const Target& target, const Plan& plan, const Position& from, const Examples& examples,
        const Examples* validation, const Seen<T>& seen, int threads, const Parameters<T>& best, const Look& look,
        const Watch& watch, double seconds)
        : plan_(plan),
          examples_(examples),
          validation_(validation),
          seen_(seen),
          threads_(plan.shape.tiny() ? 1 : threads),
          quick_(plan.shape.products() * static_cast<double>(std::min(plan.batch_size, examples.m)) < QUICK),
          copying_(plan.shape.products() < WORTH_SHARING ? 1 : threads_),
          best_(best),
          look_(look),
          watch_(watch),
          seconds_(seconds),
          barrier_(threads_),
          batches_((examples.m + plan.batch_size - 1) / plan.batch_size),
          beta_1_(plan.beta_1),
          beta_2_(plan.beta_2),
          nadam_(plan.beta_1, plan.momentum_decay) {
        report_.position = from;
        const Kernels<T>& kernels = target.kernels<T>();
        const long largest = std::min(plan.batch_size, examples.m);
        const bool dropout = std::any_of(plan.dropout.begin(), plan.dropout.end(), [](double p) { return p > 0; });
        list_inputs(kernels);
        path_ = plan.shape.tiny() ? lanes_path(kernels, plan.shape, plan.moments, dropout)
                                  : tiles_path(kernels, plan.shape, plan.moments, std::min(CHUNK, largest),
                                               largest > CHUNK || plan.clip_norm > 0, dropout, filled_, threads_);
        if (plan.shuffle && batches_ > 1) order_.emplace(examples.m, plan.seed);
        ahead_ = order_ && plan.shape.tiny() && threads > 1;
        if (dropout) keep_.resize(plan.dropout.size());
        if (validation) {
            const bool aside = seen.right && !seen.outputs.data;
            for (int i = 0; i < threads_; ++i) {
                forward_.push_back(path_->forward());
                if (validation_lists_) forward_.back()->take(&*validation_lists_);
                forward_.back()->ask({i == 0 ? stop_validating : validating_stopped, this});
                outputs_.emplace_back(aside ? CHUNK * plan.shape.n.back() : 0);
            }
            losses_ = Array<double>((validation->m + CHUNK - 1) / CHUNK);
        }
    }

    /// Takes over parameters and moments. Returns false where the watch ended the run meanwhile.
    bool load(const Arrays<T>& from) {
        Barrier packed(copying_);
        together(copying_, [&](int thread) {
            const Stop stop{thread == 0 ? stop_this_step : step_stopped, this};
            path_->load(thread, copying_, from.parameters, from.moments, stop);
            packed.wait();
            path_->turn(thread, copying_, stop);
        });
        if (failure_) std::rethrow_exception(failure_);
        if (!aborted_.load()) return true;
        end(End::interrupted);
        return false;
    }

    /// Writes parameters and moments as they are. What was learned is not lost for want of a thread.
    void store(const Arrays<T>& to) {
        try {
            together(copying_, [&](int thread) { path_->store(thread, copying_, to.parameters, to.moments); });
        } catch (...) {
            path_->store(0, 1, to.parameters, to.moments);
        }
    }

    /// Trains until `epochs` more have ended, or `steps` steps have been taken where that is not negative.
    void go(long epochs, std::int64_t steps) {
        last_epoch_ = report_.position.epoch + epochs;
        last_step_ = steps < 0 ? -1 : report_.position.step + steps;
        if (ahead_)
            together(2, [this](int thread) {
                if (thread == 1) return order_->draw_ahead();
                work(0);
                order_->end();
            });
        else
            together(threads_, [this](int thread) { work(thread); });
        if (failure_) std::rethrow_exception(failure_);
    }

    /// Goes back to the last kept copy, or says that there is none.
    bool go_back(Position& kept) {
        if (!kept_) return false;
        path_->restore();
        kept = *kept_;
        return true;
    }

    bool finite() const { return path_->finite(0, 1); }

    void stand_at(const Position& position) { report_.position = position; }

    /// Recording is over: what follows repeats steps that were taken before.
    void repeat() {
        repeating_ = true;
        ahead_ = false;
        ended_ = false;
        aborted_.store(false);
        whole_.store(true);
    }

    Report& report() { return report_; }

  private:
    /// Has inputs listed where so few are not 0 that it is worth its while. Lists are of what is given, before any dropout of it.
    void list_inputs(const Kernels<T>& kernels) {
        const long inputs = plan_.shape.n.front();
        const bool dropped = !plan_.dropout.empty() && plan_.dropout.front() > 0;
        if (plan_.shape.tiny() || dropped || inputs < FEWEST_LISTED || inputs > MOST_LISTED) return;
        const double share = filled<T>(examples_.X, inputs, examples_.m);
        if (share > FILLED) return;
        lists_.emplace(kernels, examples_.X, inputs, examples_.m, plan_.lists_bytes);
        if (!lists_->have_room(share, std::min(plan_.batch_size, examples_.m))) return lists_.reset();
        filled_ = share;
        if (!validation_) return;
        validation_lists_.emplace(kernels, validation_->X, inputs, validation_->m, plan_.lists_bytes);
        if (!validation_lists_->have_room(filled<T>(validation_->X, inputs, validation_->m), validation_->m))
            validation_lists_.reset();
    }

    void work(int thread) {
        if (thread == 0) alone([this] { begin(); });
        barrier_.wait();
        while (!ended_) {
            if (!epoch_ended_) step(thread);
            if (epoch_ended_ && !ended_) end_epoch(thread);
        }
    }

    /// Does what one thread alone has to do while the others wait: what it throws must not leave them waiting.
    template <class Work>
    void alone(Work&& work) {
        if (failure_) return end(End::interrupted);
        try {
            work();
        } catch (...) {
            failure_ = std::current_exception();
            end(End::interrupted);
        }
    }

    void begin() {
        asked_ = kept_time_ = now();
        kept_at_ = report_.position.step;
        ended_ = report_.position.epoch >= last_epoch_ || report_.position.step == last_step_;
        if (ended_) return;
        epoch_ended_ = report_.position.batch >= batches_;
        if (!use_order()) return;
        if (epoch_ended_) return list_validation();
        if (ask(true) || !list_ahead()) return;
        prepare();
    }

    /// Lists the inputs of an epoch at once where all its examples will be asked for, or ends the run where it was stopped meanwhile.
    bool list_ahead() {
        const bool whole = last_step_ < 0 || last_step_ - report_.position.step >= batches_;
        if (!lists_ || !whole || lists_->add_kept({stop_inside, this})) return true;
        end(End::interrupted);
        return false;
    }

    /// Has the epoch's order in use, or ends the run where it was stopped meanwhile.
    bool use_order() {
        const std::int64_t epoch = report_.position.epoch;
        if (!order_ || order_->use(epoch, ahead_ && epoch + 1 < last_epoch_, {stop_inside, this})) return true;
        end(End::interrupted);
        return false;
    }

    /// One step; the threads meet after each phase. What thread 0 prepares for the next step meanwhile is not this one's.
    void step(int thread) {
        const Minibatch<T> batch = batch_;
        const Step<T> chosen = step_;
        const bool keep_due = keep_due_;
        const long m = batch.m;
        for (long begin = 0; begin < m; begin += CHUNK) {
            const long count = std::min(CHUNK, m - begin);
            const bool first = begin == 0, last = begin + count == m;
            path_->forward_backward(thread, threads_, batch, begin, count, first && penalised(),
                                    inside(thread, stop_this_step, step_stopped));
            barrier_.wait();
            if (aborted_.load(std::memory_order_relaxed)) return abandon(thread);
            if (thread == 0) alone([&] { look(count, first, last); });
            if (last && keep_due) {
                barrier_.wait();
                if (unsaved_) return abandon(thread);
            }
            path_->update(thread, threads_, count, first, last && plan_.clip_norm <= 0 ? &chosen : nullptr,
                          inside(thread, give_up, given_up));
            if (last && plan_.clip_norm > 0) clip_by_norm(thread, chosen);
            if (last && plan_.max_norm > 0) {
                barrier_.wait();
                path_->max_norm(thread, threads_, static_cast<T>(plan_.max_norm));
            }
            if (thread == 0 && (last || failure_)) alone([this] { advance(); });
            barrier_.wait();
            if (given_up(this)) return;
        }
    }

    /// What a thread asks inside a step: nothing where a step is over before anybody would wait for it.
    Stop inside(int thread, bool (*first)(void*), bool (*other)(void*)) {
        return quick_ ? Stop{} : Stop{thread == 0 ? first : other, this};
    }

    /// Leaves a step that has changed nothing yet.
    void abandon(int thread) {
        if (thread == 0) end(End::interrupted);
        barrier_.wait();
    }

    bool penalised() const { return plan_.l2 > 0 || plan_.l1 > 0; }

    /// dtheta := dtheta min(1, largest / (norm + 1e-6)) (eq. 13.8), and the step.
    void clip_by_norm(int thread, Step<T> step) {
        barrier_.wait();
        path_->measure(thread, threads_, step, T(1));
        barrier_.wait();
        const T peak = path_->largest();
        const bool measured = peak > T(0) && std::isfinite(peak);
        barrier_.wait();  // all have read the largest magnitude before anybody measures anew
        if (measured) path_->measure(thread, threads_, step, peak);
        barrier_.wait();
        const double factor = measured ? plan_.clip_norm / (path_->norm(peak) + 1e-6) : 1.0;
        if (factor < 1.0) step.clip = static_cast<T>(factor);
        path_->apply(thread, step);
    }

    /// The step's cost; keeps a copy where one is due.
    void look(long count, bool first, bool last) {
        if (first) penalty_ = penalty();
        const double losses = path_->losses(count, first);
        if (!last) return;
        cost_ = losses / static_cast<double>(batch_.m) + penalty_;
        if (keep_due_ && std::isfinite(cost_)) {
            kept_.reset();
            unsaved_ = !path_->save({stop_inside, this});
            if (unsaved_) return;
            kept_ = report_.position;
            kept_at_ = report_.position.step;
            kept_time_ = now();
        }
    }

    double penalty() const {
        if (!penalised()) return 0.0;
        const WeightSums sums = path_->weights();
        return (0.5 * plan_.l2 * sums.squares + plan_.l1 * sums.magnitudes) / static_cast<double>(batch_.m);
    }

    void advance() {
        Position& at = report_.position;
        if (!std::isfinite(cost_)) return end(End::diverged);
        if (!repeating_) report_.iterations.push_back(cost_);
        ++at.step;
        ++at.batch;
        at.epoch_cost += cost_ * batch_weight_;
        epoch_ended_ = at.batch == batches_;
        if (at.step == last_step_) {
            if (epoch_ended_) at = {at.step, at.epoch + 1, 0, 0.0};
            return end(End::done);
        }
        if (epoch_ended_) return list_validation();
        if (ask(false)) return;
        prepare();
    }

    /// Validates, closes the epoch, and begins the next.
    void end_epoch(int thread) {
        if (validation_ && !repeating_) validate(thread);
        if (!path_->finite(thread, threads_)) whole_.store(false);
        barrier_.wait();
        if (thread == 0) alone([this] { close(); });
        barrier_.wait();
        if (!keep_best_) return;
        path_->store(thread, threads_, best_, {});
        barrier_.wait();
        if (thread == 0) keep_best_ = false;
    }

    void close() {
        Position& at = report_.position;
        if (stop_validation_.load()) return end(End::interrupted);
        if (!whole_.load()) {
            report_.whole_cost = true;
            return end(End::diverged);
        }
        const Verdict verdict = repeating_ ? Verdict{} : judge();
        ++at.epoch;
        at.batch = 0;
        at.epoch_cost = 0;
        epoch_ended_ = false;
        keep_best_ = verdict.keep;
        if (keep_best_) report_.best = at.epoch;
        if (verdict.end || at.epoch >= last_epoch_) return end(End::done);
        if (!use_order() || ask(false)) return;
        prepare();
    }

    /// Records what the epoch came to, and hears what is to be done.
    Verdict judge() {
        const double cost = report_.position.epoch_cost / plan_.weight;
        double validated = std::numeric_limits<double>::quiet_NaN();
        if (validation_) {
            double total = 0;
            for (long i = 0; i < losses_.count(); ++i) total += losses_[i];
            validated = total / validation_weight();
        }
        const Verdict verdict = look_ ? look_(cost, validated) : Verdict{};
        report_.costs.push_back(cost);
        if (validation_) report_.validation_costs.push_back(validated);
        return verdict;
    }

    double validation_weight() const {
        if (!validation_->w.data) return static_cast<double>(validation_->m);
        double total = 0;
        for (long i = 0; i < validation_->m; ++i) total += entry(validation_->w, 0, i);
        return total;
    }

    void validate(int thread) {
        const auto at = static_cast<std::size_t>(thread);
        for (long chunk = thread; chunk < losses_.count() && !stop_validation_.load(); chunk += threads_) {
            const long first = chunk * CHUNK, count = std::min(CHUNK, validation_->m - first);
            Table<T> outputs{outputs_[at].data(), plan_.shape.n.back()};
            if (!outputs_[at].count()) outputs = seen_.outputs.data ? seen_.outputs.from(first) : Table<T>{nullptr, 0};
            losses_[chunk] = 0;
            forward_[at]->add_losses(*validation_, first, count, losses_[chunk], outputs);
            if (seen_.right) mark_right(plan_.shape, outputs, validation_->Y, first, count, seen_.right + first);
            if (thread == 0) stop_validating(this);
        }
    }

    void end(End how) {
        report_.end = how;
        ended_ = true;
    }

    /// What the coming step needs: its examples, its rates, its dropout.
    void prepare() {
        const Position& at = report_.position;
        const long first = static_cast<long>(at.batch) * plan_.batch_size;
        batch_ = Minibatch<T>{&examples_, lists_ ? &*lists_ : nullptr, order_ ? order_->data() : nullptr, first,
                           std::min(plan_.batch_size, examples_.m - first), 1.0, keep_.empty() ? nullptr : &keep_,
                           Address{plan_.seed, Stream::dropout, static_cast<std::uint64_t>(at.epoch),
                                   static_cast<std::uint64_t>(at.batch), 0}};
        batch_weight_ = static_cast<double>(batch_.m);
        if (examples_.w.data) {
            batch_weight_ = 0;
            for (long i = 0; i < batch_.m; ++i) batch_weight_ += batch_.weight(i);
            batch_.scale = batch_weight_ > 0 ? static_cast<double>(batch_.m) / batch_weight_ : 0.0;
        }
        keep_due_ = !repeating_ && is_due(at.step - kept_at_);
        if (lists_ && !lists_->add(batch_.order, batch_.first, batch_.m, {stop_inside, this})) return end(End::interrupted);
        prepare_rates();
    }

    /// Lists the inputs that the validation at the end of the epoch wants, or ends the run where it was stopped meanwhile.
    void list_validation() {
        if (!validation_lists_ || repeating_) return;
        if (!validation_lists_->add(nullptr, 0, validation_->m, {stop_inside, this})) end(End::interrupted);
    }

    bool is_due(std::int64_t steps) const {
        if (steps % KEPT_EVERY_AT_LEAST != 0 || steps == 0) return false;
        return steps >= KEPT_EVERY || now() - kept_time_ > KEPT_SECONDS;
    }

    double factor_of(Schedule schedule, const Clock& clock) const {
        return schedule == Schedule::constant ? 1.0 : factor(schedule, clock, plan_.pace);
    }

    void prepare_rates() {
        const Position& at = report_.position;
        const double epochs = static_cast<double>(std::max(1L, plan_.planned_epochs));
        const Clock clock{static_cast<double>(at.step), epochs * static_cast<double>(batches_),
                          static_cast<double>(at.epoch), epochs, static_cast<double>(examples_.m)};
        double rate = plan_.learning_rate * factor_of(plan_.schedule, clock);
        if (plan_.pace.warmup > 0 && plan_.schedule != Schedule::one_cycle)
            rate *= warm_up(clock, plan_.pace.warmup);
        const double dropped = keep_.empty() ? 0.0 : factor_of(plan_.dropout_schedule, clock);
        for (std::size_t l = 0; l < keep_.size(); ++l) keep_[l] = 1.0 - dropped * plan_.dropout[l];
        prepare_step(rate, clock);
    }

    void prepare_step(double rate, const Clock& clock) {
        const double m = static_cast<double>(batch_.m);
        const std::int64_t t = report_.position.step + 1;
        const Optimizer name = plan_.optimizer;
        const bool averaged = name == Optimizer::adam || name == Optimizer::adamw || name == Optimizer::nadam;
        const double squared = name == Optimizer::rmsprop ? plan_.rho : plan_.beta_2;
        const double decay =
            plan_.weight_decay > 0 ? plan_.weight_decay * factor_of(plan_.weight_decay_schedule, clock) : 0.0;
        step_.optimizer = name;
        step_.inverse_m = static_cast<T>(1.0 / m);
        step_.clip = T(1);
        step_.l2 = static_cast<T>(plan_.l2 / m);
        step_.l1 = static_cast<T>(plan_.l1 / m);
        step_.decay = static_cast<T>(1.0 - rate * decay);
        step_.momentum = static_cast<T>(averaged ? plan_.beta_1 : plan_.momentum);
        step_.one_less_beta_1 = static_cast<T>(1.0 - plan_.beta_1);
        step_.beta_2 = static_cast<T>(squared);
        step_.one_less_beta_2 = static_cast<T>(1.0 - squared);
        step_.epsilon = std::max(static_cast<T>(plan_.epsilon), std::numeric_limits<T>::min());
        if (averaged) step_.root_scale = static_cast<T>(1.0 / std::sqrt(1.0 - beta_2_.at(t)));
        if (name == Optimizer::nadam) {
            const NAdamRates of = nadam_.at(t);
            step_.here = static_cast<T>(rate * of.here);
            rate *= of.ahead;
        } else if (averaged) {
            rate /= 1.0 - beta_1_.at(t);
        }
        step_.rate = static_cast<T>(rate);
    }

    /// Asks the watch where its time has come, and ends the run where it says so, or where it throws.
    bool ask(bool at_once) {
        if (!watch_) return false;
        const bool quick = plan_.shape.tiny() && plan_.batch_size <= CHUNK && seconds_ > 0;
        const std::int64_t every = quick ? TINY_STEPS : 1;
        if (!wished_) {
            if (!at_once && report_.position.step % every != 0) return false;
            if (!at_once && seconds_ > 0 && now() - asked_ < seconds_) return false;
            if (!question()) return false;
        }
        end(End::interrupted);
        return true;
    }

    bool question() {
        bool stop = true;
        try {
            stop = watch_(report_.position.batch, batches_);
        } catch (...) {
            failure_ = std::current_exception();
        }
        asked_ = now();
        return stop;
    }

    static Run& run_of(void* context) { return *static_cast<Run*>(context); }

    static bool stop_inside(void* context) {
        Run& run = run_of(context);
        if (run.wished_) return true;
        if (!run.watch_ || run.seconds_ <= 0 || now() - run.asked_ < INSIDE_A_STEP) return false;
        return run.question();
    }

    static bool stop_this_step(void* context) {
        Run& run = run_of(context);
        if (!step_stopped(context) && stop_inside(context)) run.aborted_.store(true);
        return step_stopped(context);
    }
    static bool step_stopped(void* context) { return run_of(context).aborted_.load(std::memory_order_relaxed); }

    /// While weights change, only an exception ends the step, and with it the call; a wish to stop waits for the step's end.
    static bool give_up(void* context) {
        Run& run = run_of(context);
        if (!run.wished_ && stop_inside(context)) {
            run.wished_ = !run.failure_;
            if (run.failure_) run.given_up_.store(true);
        }
        return given_up(context);
    }
    static bool given_up(void* context) { return run_of(context).given_up_.load(std::memory_order_relaxed); }

    static bool stop_validating(void* context) {
        if (stop_inside(context)) run_of(context).stop_validation_.store(true);
        return validating_stopped(context);
    }
    static bool validating_stopped(void* context) {
        return run_of(context).stop_validation_.load(std::memory_order_relaxed);
    }

    const Plan& plan_;
    const Examples& examples_;
    const Examples* validation_;
    const Seen<T> seen_;
    const int threads_;
    const bool quick_;
    const int copying_;
    const Parameters<T>& best_;
    const Look& look_;
    const Watch& watch_;
    const double seconds_;
    Barrier barrier_;
    const std::int64_t batches_;
    Power beta_1_, beta_2_;
    NAdam nadam_;
    std::unique_ptr<Path<T>> path_;
    std::optional<Orders> order_;
    bool ahead_ = false;  ///< a second thread draws the next order: a tiny network leaves it nothing else to do
    std::optional<double> filled_;  ///< the share of inputs that are not 0, where they are listed
    std::optional<Lists<T>> lists_, validation_lists_;
    std::vector<std::unique_ptr<Forward<T>>> forward_;
    std::vector<Array<T>> outputs_;  ///< of each thread, where they are only looked at
    Array<double> losses_;

    Report report_;
    std::exception_ptr failure_;
    std::optional<Position> kept_;
    std::int64_t kept_at_ = 0, last_epoch_ = 0, last_step_ = -1;
    std::vector<double> keep_;
    Minibatch<T> batch_{};
    Step<T> step_{};
    double batch_weight_ = 0, cost_ = 0, penalty_ = 0, asked_ = 0, kept_time_ = 0;
    bool ended_ = false, epoch_ended_ = false, keep_due_ = false, repeating_ = false;
    bool keep_best_ = false;  ///< the epoch that has just ended is the best so far
    bool unsaved_ = false;  ///< a copy was stopped halfway, and with it the step
    bool wished_ = false;   ///< the watch said stop while weights changed
    std::atomic<bool> aborted_{false}, given_up_{false}, stop_validation_{false}, whole_{true};
};

/// Says whether a run was stopped on its way back from a divergence; it stands at `at` then, and forgets what came after.
template <class T>
bool stopped_at(Run<T>& run, const Position& from, const Position& at) {
    Report& report = run.report();
    if (report.end != End::interrupted) return false;
    run.stand_at(at);
    const auto epochs = static_cast<std::size_t>(at.epoch - from.epoch);
    report.iterations.resize(static_cast<std::size_t>(at.step - from.step));
    report.costs.resize(epochs);
    if (!report.validation_costs.empty()) report.validation_costs.resize(epochs);
    return true;
}

/// After a divergence whose last state before it was not whole: takes the epochs again up to the beginning of the one that met
/// it. Where that is the first, or the run is stopped on the way, nothing of this call is kept.
template <class T>
void go_back_to_epoch(Run<T>& run, const Position& from, std::int64_t epoch, const Arrays<T>& start,
                      const Arrays<T>& after) {
    run.repeat();
    run.stand_at(from);
    if (epoch == from.epoch) return;
    if (run.load(start)) run.go(static_cast<long>(epoch - from.epoch), -1);
    if (stopped_at(run, from, from)) return;
    run.store(after);
    run.report().stored = true;
}

/// After a divergence: takes the steps again up to the last whose cost was finite, and one more.
template <class T>
void go_back(Run<T>& run, const Position& from, const Arrays<T>& start, const Arrays<T>& after,
             const Parameters<T>& bad) {
    const Position diverged = run.report().position;
    run.repeat();
    if (diverged.step == from.step) {
        if (!bad.empty() && run.load(start)) run.store({bad, {}});
        run.stand_at(from);
        return;
    }
    Position at = from;
    const bool copied = run.go_back(at);
    const bool there = copied || run.load(start);
    run.stand_at(at);
    if (there) run.go(ANY, diverged.step - 1 - at.step);
    if (stopped_at(run, from, at)) {
        run.report().stored = run.go_back(at);
        if (run.report().stored) run.store(after);
        return;
    }
    // A parameter may have been infinite before a cost was.
    const bool whole = run.finite();
    const Position good = run.report().position;
    if (whole) run.store(after);
    run.report().stored = whole;
    run.repeat();
    run.go(ANY, 1);
    if (!bad.empty()) run.store({bad, {}});
    if (stopped_at(run, from, whole ? good : from)) return;
    if (whole) return run.stand_at(good);
    go_back_to_epoch(run, from, diverged.epoch, start, after);
}

}  // namespace

template <class T>
Report train(const Target& target, const Plan& plan, const Position& from, const Examples& examples,
             const Examples* validation, const Seen<T>& seen, Limit limit, int threads, const Arrays<T>& start,
             const Arrays<T>& after, const Parameters<T>& bad, const Parameters<T>& best, const Look& look,
             const Watch& watch, double seconds) {
    Run<T> run(target, plan, from, examples, validation, seen, threads, best, look, watch, seconds);
    Report& report = run.report();
    if (!run.load(start)) return std::move(report);
    run.go(limit.epochs, limit.steps);
    if (report.end != End::diverged) {
        run.store(after);
        report.stored = true;
        return std::move(report);
    }
    report.bad = report.position;
    go_back(run, from, start, after, bad);
    if (report.end != End::interrupted) report.end = End::diverged;
    return std::move(report);
}

template Report train(const Target&, const Plan&, const Position&, const Examples&, const Examples*, const Seen<float>&,
                      Limit, int, const Arrays<float>&, const Arrays<float>&, const Parameters<float>&,
                      const Parameters<float>&, const Look&, const Watch&, double);
template Report train(const Target&, const Plan&, const Position&, const Examples&, const Examples*, const Seen<double>&,
                      Limit, int, const Arrays<double>&, const Arrays<double>&, const Parameters<double>&,
                      const Parameters<double>&, const Look&, const Watch&, double);

}  // namespace ellnet
