"""The doctor: the right illness for sick runs, silence for healthy ones, and cures that cure."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.columns import Columns
from ellnet.datasets import load_dataset
from ellnet.errors import DataError, ShapeError
from ellnet.explain.doctor import Patient, diagnose, examine
from ellnet.explain.doctor_findings import ILLNESSES, Change
from ellnet.explain.doctor_rate import rate_findings
from ellnet.explain.doctor_runs import patient_of
from ellnet.explain.doctor_trial import Pair, Trial, try_change
from ellnet.history import Epoch, History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network, Parameters, initial_parameters
from ellnet.workflow import Plan, train_table
from tests.explain.doctor_bench import HEALTHY, SICK, moons

G = ("relu", "sigmoid")


@pytest.fixture(scope="module")
def sick():
    """Every sick run, and what the doctor finds."""
    patients = {case.illness: case.make() for case in SICK}
    return {illness: (patient, examine(patient)) for illness, patient in patients.items()}


def test_the_right_illness_is_named_first(sick):
    """In at least nine of ten, one for each illness that there is."""
    named = {illness: found[0].illness if found else "" for illness, (_, found) in sick.items()}

    assert set(named) == set(ILLNESSES)
    assert sum(illness == name for illness, name in named.items()) >= 9, named


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_healthy_runs_hear_nothing(case):
    """Not a word."""
    assert [finding.evidence for finding in examine(case.make())] == []


def test_no_advice_without_evidence(sick):
    """Each finding has its figures, and its sentence has numbers."""
    for _, found in sick.values():
        for finding in found:
            assert any(character.isdigit() for character in finding.evidence)
            assert finding.figures
            assert finding.change.says
            assert all(map(math.isfinite, finding.figures.values()))


@pytest.mark.parametrize("case", [case for case in SICK if case.cured], ids=lambda c: c.illness)
def test_a_cure_lowers_the_held_out_cost(sick, case):
    """For each of three seeds; where no run diverged the mean is below 0 by more than its error."""
    patient, found = sick[case.illness]
    finding = next(each for each in found if each.illness == case.illness)
    trial = try_change(patient, finding.change, range(3))

    assert trial.better == 3
    assert trial.difference < 0
    assert math.isnan(trial.standard_error) or trial.difference < -trial.standard_error


def test_figures_are_those_of_the_run(sick):
    """Recomputed by hand: the size of the inputs, the dead units, the fading of the gradient."""
    raw, found = sick["unscaled inputs"]
    sizes = np.sqrt(np.mean(np.square(raw.train.X.astype(np.float64)), axis=1))
    dead, others = sick["dead ReLU"]
    A = dead.train.X
    for layer in range(1, int(others[0].figures["layer"]) + 1):
        A = np.maximum(dead.network.W[layer] @ A + dead.network.b[layer], 0)

    assert found[0].figures["largest"] == pytest.approx(sizes.max())
    assert not A.any()
    assert others[0].figures["dead"] == 2


def net_of(parameters, n=(2, 8, 1)):
    """A small network."""
    return Network(n, G, "binary_cross_entropy", parameters)


def test_one_pair_of_twins_is_no_illness():
    """Half a layer is; the doctor sees it in the parameters alone."""
    W, b = initial_parameters((2, 8, 1), G).W, initial_parameters((2, 8, 1), G).b
    pair, half = W[1].copy(), W[1].copy()
    pair[1] = pair[0]
    half[1:4] = half[0]

    assert diagnose(net_of(Parameters.of([pair, W[2]], b)), History()) == []
    (finding,) = diagnose(net_of(Parameters.of([half, W[2]], b)), History())
    assert (finding.illness, finding.figures["twins"]) == ("symmetric units", 4)


def test_twins_that_parted_are_no_illness():
    """What begins equal and does not stay so, by dropout, learned all the same."""
    zeros = Parameters.of(
        [np.zeros((8, 2)), np.zeros((1, 8))], [np.zeros((8, 1)), np.zeros((1, 1))]
    )
    ended = net_of(initial_parameters((2, 8, 1), G, dtype=np.float64))

    assert diagnose(ended, History(), start=net_of(zeros)) == []


def test_a_diverged_run_is_told_from_its_history():
    """Where nobody has the examples, as long as the rate is known."""
    net, history = net_of(None), History(iterations=(1.0, 9.0), stopped="diverged")
    (finding,) = diagnose(net, history, hyperparameters=Hyperparameters(learning_rate=3.0))

    assert finding.illness == "rate too high"
    assert "after 2 steps at rate 3" in finding.evidence
    assert finding.change.hyperparameters == {"learning_rate": pytest.approx(0.3)}
    assert diagnose(net, history) == []


def test_a_rise_within_a_few_rows_is_no_overfitting():
    """The same history counts with 200 rows held out, and not with 8."""
    epochs = [Epoch(1.0 / (k + 1), 0.2 + 0.02 * k) for k in range(30)]
    history = History(epochs=epochs, best_epoch=1, stopped="early")
    examples = moons()
    net = net_of(initial_parameters((2, 8, 1), G))

    few = examine(Patient(net, history, held_out=examples.take(np.arange(8))))
    many = examine(Patient(net, history, held_out=examples.take(np.arange(200))))

    assert few == []
    assert [finding.illness for finding in many] == ["overfitting"]


def test_lbfgs_has_no_rate_to_blame():
    """Nothing is probed."""
    patient = SICK[0].make()
    assert patient.hyperparameters is not None
    chosen = replace(patient.hyperparameters, optimizer="lbfgs")

    assert rate_findings(replace(patient, hyperparameters=chosen, start=patient.network)) == []


def test_examples_of_another_network_are_refused():
    """With the shapes."""
    examples = Examples(np.zeros((3, 4)), np.zeros((1, 4)))
    with pytest.raises(ShapeError, match="X = A"):
        diagnose(net_of(None), History(), examples)


def test_sparse_inputs_are_looked_at():
    """In SciPy's column format: dead layers are seen, sizes and constants are left alone."""
    sparse = pytest.importorskip("scipy.sparse")
    patient = next(case for case in SICK if case.illness == "dead ReLU").make()
    assert patient.train is not None
    X = sparse.csc_array(patient.train.X)
    found = examine(replace(patient, train=Examples(X, patient.train.Y)))

    assert found[0].illness == "dead ReLU"


def test_nothing_can_be_tried_without_examples():
    """And the sentence says what it takes."""
    with pytest.raises(DataError, match="needs the run's examples"):
        try_change(Patient(net_of(None), History()), Change("nothing"))


def test_a_change_of_nothing_changes_nothing():
    """Both of a pair are the same run: the difference is 0 to the bit, for every seed."""
    patient = HEALTHY[0].make()
    trial = try_change(patient, Change("nothing"), range(2))

    assert [pair.difference for pair in trial.pairs] == [0.0, 0.0]
    assert trial.pairs[0].without != trial.pairs[1].without
    assert trial.curve(changed=True) == trial.curve(changed=False)


def test_runs_that_diverged_lose():
    """A run without a finite cost is worse than any other, and as bad as another of its kind."""
    pairs = (Pair(0, math.inf, 0.5), Pair(1, 0.6, 0.5), Pair(2, math.inf, math.inf))
    trial = Trial(Change("a"), pairs)

    assert trial.better == 2
    assert trial.diverged == (2, 1)
    assert math.isnan(trial.standard_error)
    assert trial.to_json()["difference"] is None


def test_a_table_that_changed_is_not_looked_at():
    """One number of one training row is enough; the same table is taken, with the rows of then."""
    table, plan = load_dataset("iris"), Plan("target")
    trained = train_table(table, plan, Hyperparameters(epochs=3))
    first = table.names[0]
    column = table[first]
    values = column.values.copy()
    values[trained.parts.train[0]] += 1.0
    others = [table[name] for name in table.names[1:]]
    changed = Columns.of([replace(column, values=values), *others], "iris")

    same = patient_of(trained.model, table, plan)
    other = patient_of(trained.model, changed, plan)

    assert same.lacking == ""
    assert same.patient.train is not None
    assert same.patient.held_out is not None
    assert same.patient.train.m == len(trained.parts.train)
    assert same.patient.held_out.m == len(trained.parts.validation)
    assert other.patient.train is None
    assert "not what it was" in other.lacking
