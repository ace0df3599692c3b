// The functions that Python calls. Beside held.hpp the only file of the native engine that knows Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "held.hpp"
#include "prediction.hpp"
#include "team.hpp"
#include "training.hpp"
#include "version.hpp"

namespace nb = nanobind;
using namespace ellnet;

// What a call is given is taken as Python has it, and gone through here: nanobind's own way to make std::vector and std::string
// of it ends the process where there is no memory.

namespace {

/// Seconds between two looks for Ctrl-C where no watch was given.
constexpr double LOOK_EVERY = 0.02;

const Target& target_of(const char* name) {
    const Target* target = find_target(name);
    if (!target) throw nb::value_error("there is no target of that name on this processor");
    return *target;
}

/// Looks for Ctrl-C now and then; what Python's handler raises goes on as an exception.
Interrupted look_for_signals() {
    return [last = std::chrono::steady_clock::now()]() mutable {
        const auto now = std::chrono::steady_clock::now();
        if (std::chrono::duration<double>(now - last).count() < LOOK_EVERY) return false;
        last = now;
        const NormalNumbers normal;
        const nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        return false;
    };
}

/// The caller's watch with the settings that Python's own arithmetic expects.
Watch watch_of(const nb::object& watch) {
    return [&watch](std::int64_t taken, std::int64_t of) {
        const NormalNumbers normal;
        const nb::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        if (watch.is_none()) return false;
        const int said = PyObject_IsTrue(watch(taken, of).ptr());
        if (said < 0) throw nb::python_error();
        return said == 1;
    };
}

/// The caller's look at an epoch, in the same way; it answers 1 to keep the parameters, 2 to end the run, 3 for both.
Look look_of(const nb::object& look) {
    if (look.is_none()) return {};
    return [&look](double cost, double validated) {
        const NormalNumbers normal;
        const nb::gil_scoped_acquire gil;
        const int said = nb::cast<int>(look(cost, validated));
        return Verdict{(said & 1) != 0, (said & 2) != 0};
    };
}

template <class T>
nb::tuple run(const char* target, const Plan& plan, const Position& position, nb::handle X, nb::handle Y, nb::handle w,
              nb::object validation, nb::object outputs, nb::object right, long epochs, std::int64_t steps, int threads,
              const nb::sequence& start, const nb::sequence& after, const nb::sequence& bad, const nb::sequence& best,
              const nb::object& look, const nb::object& watch, double seconds) {
    Held held;
    const Examples examples = examples_of(held, X, Y, w);
    Examples held_out;
    if (!validation.is_none()) held_out = examples_of(held, validation[0], validation[1], validation[2]);
    Seen<T> seen;
    if (!outputs.is_none()) seen.outputs = table_of<T>(held, outputs);
    if (!right.is_none()) seen.right = static_cast<unsigned char*>(held.hold(right, true).buf);
    const Arrays<T> from = arrays_of<T>(held, start, false), to = arrays_of<T>(held, after, true);
    const Parameters<T> broken = held.parameters<T>(bad, true), kept = held.parameters<T>(best, true);
    const Target& chosen = target_of(target);
    const Look looked = look_of(look);
    const Watch asked = watch_of(watch);
    Report report;
    {
        const nb::gil_scoped_release released;
        report = train<T>(chosen, plan, position, examples, validation.is_none() ? nullptr : &held_out, seen,
                          Limit{epochs, steps}, threads, from, to, broken, kept, looked, asked,
                          watch.is_none() ? LOOK_EVERY : seconds);
    }
    return nb::make_tuple(static_cast<int>(report.end), report.whole_cost, report.stored, report.position, report.bad,
                          report.best, report.iterations, report.costs, report.validation_costs);
}

template <class T>
void predict_into(const char* target, const Shape& shape, const Reading<T>& reading, nb::handle X, nb::handle out,
                  int threads) {
    Held held;
    const Source source = held.source(X);
    const Table<T> rows = table_of<T>(held, out);
    const long m = static_cast<long>(nb::cast<std::int64_t>(nb::getattr(out, "shape")[0]));
    const Target& chosen = target_of(target);
    const nb::gil_scoped_release released;
    predict<T>(chosen, shape, reading.parameters, source, m, threads, rows, look_for_signals());
}

template <class T>
double cost_of(const char* target, const Shape& shape, const nb::sequence& parameters, nb::handle X,
               nb::handle Y, nb::handle w, int threads) {
    Held held;
    const Examples examples = examples_of(held, X, Y, w);
    const Parameters<T> theta = held.parameters<T>(parameters, false);
    const Target& chosen = target_of(target);
    const nb::gil_scoped_release released;
    return cost<T>(chosen, shape, theta, examples, threads, look_for_signals());
}

template <class T>
double cost_and_gradients_of(const char* target, const Shape& shape, const nb::sequence& parameters,
                             nb::handle X, nb::handle Y, nb::handle w, int threads,
                             const nb::sequence& gradients) {
    Held held;
    const Examples examples = examples_of(held, X, Y, w);
    const Parameters<T> theta = held.parameters<T>(parameters, false), out = held.parameters<T>(gradients, true);
    const Target& chosen = target_of(target);
    const nb::gil_scoped_release released;
    return cost_and_gradients<T>(chosen, shape, theta, examples, threads, out, look_for_signals());
}

/// GFLOP/s of fused multiply-adds from registers, on so many threads at once, in one short sample.
template <class T>
double peak_gflops(const char* target, int threads) {
    const Target& chosen = target_of(target);
    constexpr long ROUNDS = 400000;
    std::vector<Array<T>> sinks;
    for (int i = 0; i < threads; ++i) sinks.emplace_back(26 * 16);
    std::vector<double> seconds(static_cast<std::size_t>(threads)), flops(static_cast<std::size_t>(threads));
    const nb::gil_scoped_release released;
    Barrier barrier(threads);
    together(threads, [&](int thread) {
        barrier.wait();
        const auto began = std::chrono::steady_clock::now();
        const auto at = static_cast<std::size_t>(thread);
        flops[at] = chosen.kernels<T>().peak(ROUNDS, sinks[at].data());
        seconds[at] = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    });
    double total = 0;
    for (const double each : flops) total += each;
    return total / *std::max_element(seconds.begin(), seconds.end()) * 1e-9;
}

nb::list targets() {
    nb::list names;
    bool usable = false;
    for (int i = 0; const Target* target = target_at(i, &usable); ++i)
        if (usable) names.append(target->name);
    return names;
}

template <class E>
E number_of(int value, int count) {
    if (value < 0 || value >= count) throw nb::value_error("a number that names no member");
    return static_cast<E>(value);
}

template <class T>
std::vector<T> numbers(nb::handle of) {
    std::vector<T> all;
    for (const nb::handle each : of) all.push_back(nb::cast<T>(each));
    return all;
}

Shape shape_of(const nb::sequence& n, const nb::sequence& activations, int cost, double threshold,
               const nb::sequence& quantiles) {
    Shape shape;
    shape.n = numbers<long>(n);
    for (const int g : numbers<int>(activations)) shape.activations.push_back(number_of<Activation>(g, ACTIVATIONS));
    if (shape.n.size() != shape.activations.size() + 1) throw nb::value_error("one activation a layer");
    shape.cost = number_of<Cost>(cost, COSTS);
    shape.threshold = threshold;
    shape.quantiles = numbers<double>(quantiles);
    return shape;
}

/// The calls of one precision.
template <class T>
void bind_calls(nb::module_& module, const std::string& precision) {
    nb::class_<Reading<T>>(module, sizeof(T) == 4 ? "ReadingFloat32" : "ReadingFloat64", "Parameters that stay open for reading.")
        .def(nb::init<const nb::sequence&>(), nb::arg("parameters"))
        .def_prop_ro(
            "copied", [](const Reading<T>& reading) { return reading.held.copied(); },
            "Whether it reads copies, which do not follow what is written to the arrays.");
    module.def(("run_" + precision).c_str(), &run<T>, nb::arg("target"), nb::arg("plan"), nb::arg("position"),
               nb::arg("X"), nb::arg("Y"), nb::arg("w").none(), nb::arg("validation").none(),
               nb::arg("outputs").none(), nb::arg("right").none(), nb::arg("epochs"), nb::arg("steps"),
               nb::arg("threads"), nb::arg("start"), nb::arg("after"), nb::arg("bad"), nb::arg("best"),
               nb::arg("look").none(), nb::arg("watch").none(), nb::arg("seconds"),
               "Train; return how it ended, two positions, the best epoch, three lists of costs.");
    module.def(("predict_" + precision).c_str(), &predict_into<T>, nb::arg("target"), nb::arg("shape"),
               nb::arg("reading"), nb::arg("X"), nb::arg("out"), nb::arg("threads"),
               "Write A[L] of the columns of X to the rows of `out`.");
    module.def(("cost_" + precision).c_str(), &cost_of<T>, nb::arg("target"), nb::arg("shape"), nb::arg("parameters"),
               nb::arg("X"), nb::arg("Y"), nb::arg("w").none(), nb::arg("threads"),
               "Return the cost of examples, without penalty.");
    module.def(("cost_and_gradients_" + precision).c_str(), &cost_and_gradients_of<T>, nb::arg("target"),
               nb::arg("shape"), nb::arg("parameters"), nb::arg("X"), nb::arg("Y"), nb::arg("w").none(),
               nb::arg("threads"), nb::arg("gradients"),
               "Write the gradients of the cost, without penalty; return it.");
}

}  // namespace

NB_MODULE(_native, module) {
    module.doc() = "The native engine, compiled from native/.";
    module.def("version", &version, "Return the version of the package that this module was built from.");
    module.def(
        "variable", [](const char* name) { return std::getenv(name); }, nb::arg("name"),
        "Return a variable of the environment, None where it is not set.");
    module.def("targets", &targets, "Return the names of the instruction sets that run here, best first.");

    nb::class_<Shape>(module, "Shape", "An architecture: n[0..L], g[1..L] by number, and the cost by number.")
        .def(nb::new_(&shape_of), nb::arg("n"), nb::arg("activations"), nb::arg("cost"),
             nb::arg("threshold") = 1.0, nb::arg("quantiles") = nb::make_tuple())
        .def_prop_ro("tiny", &Shape::tiny, "Whether examples lie in the lanes.")
        .def_prop_ro("products", &Shape::products, "Fused multiply-adds of one example's forward pass.");

    nb::class_<Position>(module, "Position", "Where training stands between two steps.")
        .def(nb::init<std::int64_t, std::int64_t, std::int64_t, double>(), nb::arg("step"), nb::arg("epoch"),
             nb::arg("batch"), nb::arg("epoch_cost"))
        .def_ro("step", &Position::step)
        .def_ro("epoch", &Position::epoch)
        .def_ro("batch", &Position::batch)
        .def_ro("epoch_cost", &Position::epoch_cost);

    nb::class_<Plan>(module, "Plan", "All that is chosen for a run.")
        .def(nb::init<>())
        .def_rw("shape", &Plan::shape)
        .def_rw("moments", &Plan::moments)
        .def_prop_rw(
            "optimizer", [](const Plan& p) { return static_cast<int>(p.optimizer); },
            [](Plan& p, int v) { p.optimizer = number_of<Optimizer>(v, OPTIMIZERS); })
        .def_prop_rw(
            "schedule", [](const Plan& p) { return static_cast<int>(p.schedule); },
            [](Plan& p, int v) { p.schedule = number_of<Schedule>(v, 9); })
        .def_prop_rw(
            "weight_decay_schedule", [](const Plan& p) { return static_cast<int>(p.weight_decay_schedule); },
            [](Plan& p, int v) { p.weight_decay_schedule = number_of<Schedule>(v, 9); })
        .def_prop_rw(
            "dropout_schedule", [](const Plan& p) { return static_cast<int>(p.dropout_schedule); },
            [](Plan& p, int v) { p.dropout_schedule = number_of<Schedule>(v, 9); })
        .def_rw("learning_rate", &Plan::learning_rate)
        .def_rw("momentum", &Plan::momentum)
        .def_rw("beta_1", &Plan::beta_1)
        .def_rw("beta_2", &Plan::beta_2)
        .def_rw("epsilon", &Plan::epsilon)
        .def_rw("weight_decay", &Plan::weight_decay)
        .def_rw("rho", &Plan::rho)
        .def_rw("momentum_decay", &Plan::momentum_decay)
        .def_rw("l2", &Plan::l2)
        .def_rw("l1", &Plan::l1)
        .def_rw("clip_norm", &Plan::clip_norm)
        .def_rw("max_norm", &Plan::max_norm)
        .def_rw("weight", &Plan::weight)
        .def_prop_rw("dropout", [](const Plan& p) { return p.dropout; },
                     [](Plan& p, const nb::sequence& v) { p.dropout = numbers<double>(v); })
        .def_rw("batch_size", &Plan::batch_size)
        .def_rw("shuffle", &Plan::shuffle)
        .def_rw("seed", &Plan::seed)
        .def_rw("planned_epochs", &Plan::planned_epochs)
        .def_rw("lists_bytes", &Plan::lists_bytes)
        .def_prop_rw("power_t", [](const Plan& p) { return p.pace.power_t; }, [](Plan& p, double v) { p.pace.power_t = v; })
        .def_prop_rw("gamma", [](const Plan& p) { return p.pace.gamma; }, [](Plan& p, double v) { p.pace.gamma = v; })
        .def_prop_rw("period", [](const Plan& p) { return p.pace.period; }, [](Plan& p, double v) { p.pace.period = v; })
        .def_prop_rw("growth", [](const Plan& p) { return p.pace.growth; }, [](Plan& p, double v) { p.pace.growth = v; })
        .def_prop_rw("floor", [](const Plan& p) { return p.pace.floor; }, [](Plan& p, double v) { p.pace.floor = v; })
        .def_prop_rw("warmup", [](const Plan& p) { return p.pace.warmup; }, [](Plan& p, double v) { p.pace.warmup = v; })
        .def_prop_rw("cuts", [](const Plan& p) { return p.pace.cuts; }, [](Plan& p, double v) { p.pace.cuts = v; });

    bind_calls<float>(module, "float32");
    bind_calls<double>(module, "float64");
    module.def("peak_float32", &peak_gflops<float>, "Return GFLOP/s of fused multiply-adds from registers.");
    module.def("peak_float64", &peak_gflops<double>, "Return GFLOP/s of fused multiply-adds from registers.");
}
