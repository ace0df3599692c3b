"""Checkpoints around the loop: where they are taken, and that a run goes on to the same bits."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from ellnet.batches import Examples
from ellnet.checkpoints import Checkpoints, Interval
from ellnet.engines import native
from ellnet.errors import (
    DivergenceError,
    EllnetError,
    EllnetWarning,
    FileAccessError,
    HyperparameterError,
)
from ellnet.files.checkpoint_file import read_checkpoint
from ellnet.files.ledger import read_ledger
from ellnet.history import Epoch, History
from ellnet.hyperparameters import Hyperparameters
from ellnet.network import Network
from ellnet.state import TrainingState
from ellnet.training import Hook, Outcome, train

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 300)).astype(np.float32)
Y = (X[:1] * X[1:2] > 0).astype(np.float32)
EXAMPLES = Examples(X, Y)
CHOSEN = Hyperparameters(
    hidden=(12, 6), epochs=24, batch_size=16, dropout=0.1, seed=3, learning_rate=0.03
)
CASES = {
    "validated": CHOSEN,
    "ends early": replace(CHOSEN, n_iter_no_change=3, learning_rate=0.1),
    "adaptive": replace(CHOSEN, schedule="adaptive", n_iter_no_change=2),
    "adaptive, unvalidated": replace(
        CHOSEN, schedule="adaptive", n_iter_no_change=2, early_stopping=False, tol=1e-3
    ),
    "nothing watched": replace(CHOSEN, early_stopping=False, optimizer="momentum"),
    "double": replace(CHOSEN, dtype="float64", optimizer="nadam", shuffle=False),
    "diverges": replace(
        CHOSEN, optimizer="gradient_descent", learning_rate=0.4, schedule="exponential", gamma=1.3
    ),
    "validation diverges": replace(
        CHOSEN, optimizer="gradient_descent", learning_rate=1e18, hidden=(4, 4), batch_size="full"
    ),
}
ENGINES = ["array", *(["native"] if native.available() else [])]


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here loses power, and a disk takes its time; an engine asks before every step."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr("ellnet.engines.native.WATCH_SECONDS", 0.0)


class StopAfter(Hook):
    """Ends the run after an epoch, as a kill would."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Say whether this is the epoch."""
        del history
        return state.epoch == self.epoch


def network(chosen: Hyperparameters = CHOSEN) -> Network:
    """A network whose cost can overflow, or one that cannot."""
    n = (6, *chosen.hidden, 1)
    if chosen.optimizer == "gradient_descent":
        return Network(n, ("relu", "relu", "identity"), "squared_error")
    return Network(n, ("relu", "relu", "sigmoid"), "binary_cross_entropy")


def trained(chosen: Hyperparameters, **options: Any) -> Outcome:
    """What a run comes to, also where it diverges."""
    net = network(chosen).with_parameters(_in(network(chosen), chosen.dtype))
    try:
        return train(net, EXAMPLES, chosen, **options)
    except DivergenceError as error:
        return cast("Outcome", error.outcome)


def _in(net: Network, dtype: str) -> Any:
    arrays = [array.astype(dtype) for array in net.parameters.arrays()]
    return type(net.parameters).from_arrays(arrays)


def in_pieces(chosen: Hyperparameters, folder: Path, every: str, step: int) -> Outcome:
    """Train, ended after every `step` epochs and gone on with from the folder alone."""
    for end in range(step, chosen.epochs + step + 1, step):
        kept = Checkpoints(folder, every, share=1, resume=True)
        outcome = trained(chosen, checkpoints=kept, hooks=[StopAfter(end)])
        if outcome.history.stopped != "hook":
            return outcome
    raise AssertionError


def check_same(one: Outcome, other: Outcome) -> None:
    """Compare all that a run comes to, but for times."""
    for a, b in ((one.network.parameters, other.network.parameters), _states(one, other)):
        for array, same in zip(a.arrays(), b.arrays(), strict=True):
            assert np.asarray(array).tobytes() == np.asarray(same).tobytes()
    assert (one.state.step, one.state.epoch) == (other.state.step, other.state.epoch)
    assert list(one.history.iterations) == list(other.history.iterations)
    assert timeless(one.history.epochs) == timeless(other.history.epochs)
    assert one.history.stopped == other.history.stopped
    assert one.history.best_epoch == other.history.best_epoch


def _states(one: Outcome, other: Outcome) -> tuple[Any, Any]:
    return one.state.parameters, other.state.parameters


def timeless(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The epochs without their seconds."""
    return [replace(each, seconds=0.0) for each in epochs]


@pytest.mark.parametrize("every", ["1epochs", "3epochs", "0.0001s"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_in_pieces_comes_to_the_bits_of_a_whole_one(
    tmp_path: Path, engine: str, case: str, every: str
) -> None:
    """Also cut in mid-epoch, with early stopping, an adaptive rate, or a cost that overflows."""
    chosen = replace(CASES[case], engine=engine)
    whole = trained(chosen)

    pieces = in_pieces(chosen, tmp_path, every, step=5)

    check_same(pieces, whole)


@pytest.mark.parametrize("case", ["validated", "diverges", "validation diverges"])
@pytest.mark.parametrize("engine", ENGINES)
def test_checkpoints_change_nothing(tmp_path: Path, engine: str, case: str) -> None:
    """A run that is cut at every step for one comes to the bits of one that is not."""
    chosen = replace(CASES[case], engine=engine)

    cut = trained(chosen, checkpoints=Checkpoints(tmp_path, "0.0001s", share=1))

    check_same(cut, trained(chosen))


@pytest.mark.skipif(not native.available(), reason="the array engine keeps the state before")
def test_no_checkpoint_cuts_the_way_back_from_a_divergence(tmp_path: Path) -> None:
    """The second epoch's first step diverges; one that falls due while the first is taken again waits."""

    class DueOnTheWayBack(Checkpoints):
        asked: list[int]

        def cuts(self, epoch: int, taken: int) -> bool:
            self.asked.append(taken)
            return epoch == 1 and taken > 0

    net = Network((1, 1), ("identity",), "squared_error")
    examples = Examples(np.ones((1, 8), np.float32), np.full((1, 8), 7, np.float32))
    chosen = replace(
        CHOSEN, hidden=(), optimizer="gradient_descent", learning_rate=1e5, batch_size=2,
        dropout=0.0, l2=0.0, early_stopping=False, engine="native",
    )  # fmt: skip
    kept = DueOnTheWayBack(tmp_path, "1epochs", share=1)
    kept.asked = []

    with pytest.raises(DivergenceError) as caught:
        train(net, examples, chosen, checkpoints=kept)

    outcome = cast("Outcome", caught.value.outcome)
    assert kept.asked == [1, 2, 3]
    assert (outcome.state.step, len(outcome.history.iterations)) == (3, 4)


@pytest.mark.skipif(not native.available(), reason="the array engine promises no bits here")
def test_pieces_on_other_numbers_of_threads_come_to_the_same_bits(tmp_path: Path) -> None:
    """One, two and five threads in turn."""
    chosen = replace(CHOSEN, engine="native", epochs=9)
    for number, threads in enumerate((1, 2, 5)):
        kept = Checkpoints(tmp_path, "1epochs", share=1, resume=True)
        hooks = [StopAfter(3 * number + 3)]
        outcome = trained(chosen, checkpoints=kept, hooks=hooks, n_threads=threads)

    again = trained(chosen, checkpoints=Checkpoints(tmp_path, "1epochs", resume=True))

    assert outcome.history.stopped in {"hook", "epochs"}
    check_same(again, trained(chosen))


def test_a_run_that_has_ended_is_given_back_as_it_is(tmp_path: Path) -> None:
    """Nothing is trained again, and no epoch is told of."""
    chosen = CASES["ends early"]
    first = trained(chosen, checkpoints=Checkpoints(tmp_path, "2epochs", share=1))
    seen: list[int] = []

    class Told(Hook):
        def after_epoch(self, state: TrainingState, history: History) -> bool:
            del history
            seen.append(state.epoch)
            return False

    again = trained(
        chosen, checkpoints=Checkpoints(tmp_path, "2epochs", resume=True), hooks=[Told()]
    )

    assert first.history.stopped == "early"
    assert seen == []
    check_same(again, first)


def test_the_newest_few_are_kept_and_every_digest(tmp_path: Path) -> None:
    """Older files are deleted; the ledger has a line of each, in order."""
    trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "4epochs", keep=2, share=1))

    files = [path.name for path in Checkpoints(tmp_path).files()]
    entries = read_ledger(tmp_path)
    assert files == ["epoch-000020-000000.safetensors", "epoch-000024-000000.safetensors"]
    assert [each.epoch for each in entries] == [4, 8, 12, 16, 20, 24]
    assert [each.stopped for each in entries] == [""] * 5 + ["epochs"]
    assert entries[-1].links == read_checkpoint(tmp_path / files[-1])[2]


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    """With a warning that names it; the bits are the same, and the damaged file is replaced."""
    trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "4epochs", share=1), hooks=[StopAfter(13)])
    newest = Checkpoints(tmp_path).files()[-1]
    newest.write_bytes(newest.read_bytes()[:-100])

    with pytest.warns(EllnetWarning, match="epoch-000013-000000.*the one before it is taken"):
        again = trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "4epochs", share=1, resume=True))

    check_same(again, trained(CHOSEN))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"learning_rate": 0.02}, "learning_rate is 0.02 here and 0.03 in the run"),
        ({"seed": 4}, "seed is 4 here and 3 in the run"),
        ({"epochs": 99}, "epochs is 99 here and 24 in the run"),
        ({"l2": 0.0}, "l2 is 0.0 here and 0.1 in the run"),
    ],
)
def test_other_choices_are_refused_by_name(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    """A run goes on only as it began."""
    options = {"validation": EXAMPLES}
    trained(
        CHOSEN,
        checkpoints=Checkpoints(tmp_path, "1epochs", share=1),
        hooks=[StopAfter(2)],
        **options,
    )

    with pytest.raises(HyperparameterError, match=says):
        trained(
            replace(CHOSEN, **change), checkpoints=Checkpoints(tmp_path, resume=True), **options
        )


def test_other_data_are_refused_by_name(tmp_path: Path) -> None:
    """One number of one example is enough."""
    other = X.copy()
    other[2, 77] += 1e-6
    kept = Checkpoints(tmp_path, "1epochs", share=1)
    train(network(), EXAMPLES, CHOSEN, EXAMPLES, hooks=[StopAfter(2)], checkpoints=kept)

    with pytest.raises(
        HyperparameterError, match="the data differ from the run's, in X of the training"
    ):
        train(
            *(network(), Examples(other, Y), CHOSEN, EXAMPLES),
            checkpoints=Checkpoints(tmp_path, resume=True),
        )


@pytest.mark.skipif(not native.available(), reason="there is only one engine")
def test_another_engine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The array engine does not come to the native one's bits."""
    trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "1epochs", share=1), hooks=[StopAfter(2)])
    monkeypatch.setattr("ellnet.engines.native.available", lambda: False)

    with pytest.raises(HyperparameterError, match='engine is "array" here and "native" in the run'):
        trained(CHOSEN, checkpoints=Checkpoints(tmp_path, resume=True))


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """Without being asked to resume nothing is gone on with, and nothing is overwritten."""
    trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "1epochs", share=1), hooks=[StopAfter(2)])

    with pytest.raises(FileAccessError, match="holds checkpoints already; resume"):
        trained(CHOSEN, checkpoints=Checkpoints(tmp_path))


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    """While one trains into a folder the other is told so."""
    refused: list[EllnetError] = []

    class Second(Hook):
        def after_epoch(self, state: TrainingState, history: History) -> bool:
            del history
            if state.epoch == 1:
                try:
                    trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "1epochs", resume=True))
                except EllnetError as error:
                    refused.append(error)
            return state.epoch == 2

    trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "1epochs", share=1), hooks=[Second()])

    assert len(refused) == 1
    assert "another process is training into" in str(refused[0])


def test_checkpoints_keep_to_their_share_of_the_time(tmp_path: Path) -> None:
    """Where each would take too much they are written more seldom, and it is said once."""
    kept = Checkpoints(tmp_path, "1epochs", share=1e-9)

    with pytest.warns(EllnetWarning, match="more than 0% of the run's time") as said:
        outcome = trained(CHOSEN, checkpoints=kept)

    assert len(said) == 1
    assert [each.epoch for each in read_ledger(tmp_path)] == [24]
    assert kept.files() == []
    check_same(outcome, trained(CHOSEN))


def test_an_interval_of_time_is_kept_in_long_epochs(tmp_path: Path) -> None:
    """A step that takes long is not waited for: the epoch is cut."""

    class Slow(Hook):
        def after_step(self, taken: int, of: int) -> None:
            del taken, of
            time.sleep(0.01)

    chosen = replace(CHOSEN, engine="array", epochs=2)

    trained(chosen, checkpoints=Checkpoints(tmp_path, "0.05s", share=1), hooks=[Slow()])

    assert len([each for each in read_ledger(tmp_path) if each.batch]) >= 2


def test_without_an_interval_only_an_interrupt_is_written_down(
    tmp_path: Path, pressed: Callable[[int], Hook]
) -> None:
    """A run that ends by itself leaves no folder; one that Ctrl-C ends goes on to the same bits."""
    folder = tmp_path / "kept"
    trained(CHOSEN, checkpoints=Checkpoints(folder, None))
    assert not folder.exists()

    ended = trained(CHOSEN, checkpoints=Checkpoints(folder, None), hooks=[pressed(1)])
    again = trained(CHOSEN, checkpoints=Checkpoints(folder, None, resume=True))

    assert ended.history.stopped == "interrupted"
    check_same(again, trained(CHOSEN))


def test_a_second_ctrl_c_keeps_the_last_whole_state(
    tmp_path: Path, pressed: Callable[[int], Hook]
) -> None:
    """The step under way is lost, and the run goes on to the same bits."""
    with pytest.raises(KeyboardInterrupt):
        trained(CHOSEN, checkpoints=Checkpoints(tmp_path, None), hooks=[pressed(2)])

    again = trained(CHOSEN, checkpoints=Checkpoints(tmp_path, None, resume=True))

    assert len(read_ledger(tmp_path)) >= 1
    check_same(again, trained(CHOSEN))


@pytest.fixture
def pressed() -> Callable[[int], Hook]:
    """Give a hook that presses Ctrl-C so often in the fourth epoch."""

    class Press(Hook):
        def __init__(self, times: int) -> None:
            self.times, self.epochs = times, 0

        def after_epoch(self, state: TrainingState, history: History) -> bool:
            del history
            self.epochs = state.epoch
            return False

        def after_step(self, taken: int, of: int) -> None:
            del of
            if self.epochs == 3 and taken == 5:
                for _ in range(self.times):
                    _press()

    return Press


def _press() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("30s", Interval(seconds=30)),
        ("0.5s", Interval(seconds=0.5)),
        ("10min", Interval(seconds=600)),
        ("2h", Interval(seconds=7200)),
        ("5epochs", Interval(epochs=5)),
        ("1epoch", Interval(epochs=1)),
    ],
)
def test_an_interval_is_read(text: str, interval: Interval) -> None:
    """In seconds, minutes, hours or epochs."""
    assert Interval.read(text) == interval


@pytest.mark.parametrize("text", ["", "30", "s", "0s", "-1s", "0epochs", "1.5epochs", "5 weeks"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    """One sentence shows what can be said."""
    with pytest.raises(HyperparameterError, match="as 30s, 10min, 2h or 5epochs, got"):
        Interval.read(text)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"keep": 1}, "at least 2 checkpoints must be kept"),
        ({"keep": True}, "at least 2 checkpoints must be kept"),
        ({"share": 0.0}, "must be above 0 and at most 1, got 0.0"),
        ({"share": 1.5}, "must be above 0 and at most 1, got 1.5"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    """Before anything is trained."""
    with pytest.raises(HyperparameterError, match=says):
        Checkpoints(tmp_path, **options)


def test_lbfgs_has_no_checkpoints(tmp_path: Path) -> None:
    """What it remembers is SciPy's own; without an interval it runs as ever."""
    chosen = replace(CHOSEN, optimizer="lbfgs", dropout=0.0, epochs=3)

    with pytest.raises(HyperparameterError, match="optimizer lbfgs has no checkpoints"):
        trained(chosen, checkpoints=Checkpoints(tmp_path, "1epochs"))
    assert len(trained(chosen, checkpoints=Checkpoints(tmp_path, None)).history.epochs) == 3


def test_a_disk_that_is_full_does_not_end_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that cannot be written is a warning."""

    def full(*_: object) -> None:
        raise FileAccessError("the disk is full")

    monkeypatch.setattr("ellnet.files.checkpoint_file.write_durably", full)

    with pytest.warns(EllnetWarning, match="the disk is full; training goes on"):
        outcome = trained(CHOSEN, checkpoints=Checkpoints(tmp_path, "1epochs", share=1))

    check_same(outcome, trained(CHOSEN))
