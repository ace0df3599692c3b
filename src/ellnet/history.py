"""History: what training cost, iteration by iteration and epoch by epoch."""

from dataclasses import dataclass

__all__ = ["Epoch", "History"]


@dataclass(frozen=True)
class Epoch:
    """One finished epoch.

    Attributes:
        cost: mean training cost over the epoch's minibatches, as minimised (penalty included).
        validation_cost: cost of the validation examples after the epoch, without penalty.
        validation_metric: the metric on the validation examples after the epoch.
        seconds: wall time of the epoch.
    """

    cost: float
    validation_cost: float | None = None
    validation_metric: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class History:
    """Costs of a training run.

    Attributes:
        iterations: training cost of every step's minibatch, before that step.
        epochs: what each finished epoch gave.
        metric: name of the validation metric, "" where none was asked for.
        best_epoch: number (1, 2, ...) of the epoch whose parameters were kept; 0 before the first.
        stopped: why training ended: "epochs" (all were run), "early" (no more gain), "hook",
            "interrupted", "diverged"; "" while it runs.
        engine: the engine that trained.
    """

    iterations: tuple[float, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    metric: str = ""
    best_epoch: int = 0
    stopped: str = ""
    engine: str = ""

    @property
    def costs(self) -> list[float]:
        """The training cost of each epoch."""
        return [epoch.cost for epoch in self.epochs]

    @property
    def validation_costs(self) -> list[float]:
        """The validation cost of each epoch that has one."""
        return [e.validation_cost for e in self.epochs if e.validation_cost is not None]
