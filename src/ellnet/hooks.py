"""What training tells while it runs, and what it gives when it has ended."""

from collections.abc import Callable
from dataclasses import dataclass

from ellnet.arrays import Array
from ellnet.batches import Examples
from ellnet.engines import Score
from ellnet.files.checkpoint_file import Checkpoint
from ellnet.history import History
from ellnet.network import Network
from ellnet.state import TrainingState

__all__ = ["Hook", "Metric", "Outcome"]


@dataclass(frozen=True)
class Metric:
    """A number to watch on the validation examples.

    Attributes:
        name: what it is called.
        measure: gives the number from the network, its output A[L] for the examples, and those.
        of_outputs: whether it is measured from A[L]; where not, it is given None in its place.
        score: gives the same number inside an engine's run, which need not be left for it after each
            epoch; None where it takes more than an engine shows.
    """

    name: str
    measure: Callable[[Network, Array, Examples], float]
    of_outputs: bool = True
    score: Score | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What training gives.

    Attributes:
        network: with the parameters that were kept: the best epoch's under early stopping.
        state: where training stands; training can go on from it.
        history: costs and metric, and why training ended.
        pressed: whether Ctrl-C was pressed meanwhile. In the last step it comes too late to interrupt
            anything, and whoever would train again after that should rather end.
    """

    network: Network
    state: TrainingState
    history: History
    pressed: bool = False


class Hook:
    """What can be looked at while training runs. Every method may be left as it is."""

    def before_run(self, epochs: int) -> None:
        """Training is about to run at most so many epochs."""

    def resume(self, begun: Checkpoint | None) -> None:
        """The run goes on from a checkpoint, and what it had reached beyond that is taken again.

        It is called after `before_run`, and once more where a run has to begin further back; None is
        the very start.
        """

    def after_step(self, taken: int, of: int) -> None:
        """So many minibatches of the epoch have been taken."""

    def next_epoch(self, epoch: int) -> int:
        """Return the number of the epoch after which to look again, now that so many have ended.

        An engine goes on through those before it, where nothing else has to be looked at: what
        `after_epoch` is shown then has all of them. It may be called sooner, where something else has
        the engine left.
        """
        return epoch + 1

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """An epoch has ended; true ends the run.

        It is the one that `next_epoch` asked for, one before it, or the last. A run that is interrupted
        or diverges ends without.
        """
        del state, history
        return False

    def after_run(self, outcome: Outcome) -> None:
        """Training has ended, for whatever reason the history names."""
