"""The native engine, compiled from native/."""

from collections.abc import Sequence

def version() -> str:
    """Return the version of the package that this module was built from."""

def variable(name: str) -> str | None:
    """Return a variable of the environment, None where it is not set."""

def targets() -> list[str]:
    """Return the names of the instruction sets that run here, best first."""

class Shape:
    """An architecture: n[0..L], g[1..L] by number, and the cost by number."""

    def __init__(
        self,
        n: Sequence[int],
        activations: Sequence[int],
        cost: int,
        threshold: float = 1.0,
        quantiles: Sequence[float] = [],
    ) -> None: ...
    @property
    def tiny(self) -> bool:
        """Whether examples lie in the lanes."""

    @property
    def products(self) -> float:
        """Fused multiply-adds of one example's forward pass."""

class Position:
    """Where training stands between two steps."""

    def __init__(self, step: int, epoch: int, batch: int, epoch_cost: float) -> None: ...
    @property
    def step(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def epoch_cost(self) -> float: ...

class Plan:
    """All that is chosen for a run."""

    def __init__(self) -> None: ...
    @property
    def shape(self) -> Shape: ...
    @shape.setter
    def shape(self, arg: Shape, /) -> None: ...
    @property
    def moments(self) -> int: ...
    @moments.setter
    def moments(self, arg: int, /) -> None: ...
    @property
    def optimizer(self) -> int: ...
    @optimizer.setter
    def optimizer(self, arg: int, /) -> None: ...
    @property
    def schedule(self) -> int: ...
    @schedule.setter
    def schedule(self, arg: int, /) -> None: ...
    @property
    def weight_decay_schedule(self) -> int: ...
    @weight_decay_schedule.setter
    def weight_decay_schedule(self, arg: int, /) -> None: ...
    @property
    def dropout_schedule(self) -> int: ...
    @dropout_schedule.setter
    def dropout_schedule(self, arg: int, /) -> None: ...
    @property
    def learning_rate(self) -> float: ...
    @learning_rate.setter
    def learning_rate(self, arg: float, /) -> None: ...
    @property
    def momentum(self) -> float: ...
    @momentum.setter
    def momentum(self, arg: float, /) -> None: ...
    @property
    def beta_1(self) -> float: ...
    @beta_1.setter
    def beta_1(self, arg: float, /) -> None: ...
    @property
    def beta_2(self) -> float: ...
    @beta_2.setter
    def beta_2(self, arg: float, /) -> None: ...
    @property
    def epsilon(self) -> float: ...
    @epsilon.setter
    def epsilon(self, arg: float, /) -> None: ...
    @property
    def weight_decay(self) -> float: ...
    @weight_decay.setter
    def weight_decay(self, arg: float, /) -> None: ...
    @property
    def rho(self) -> float: ...
    @rho.setter
    def rho(self, arg: float, /) -> None: ...
    @property
    def momentum_decay(self) -> float: ...
    @momentum_decay.setter
    def momentum_decay(self, arg: float, /) -> None: ...
    @property
    def l2(self) -> float: ...
    @l2.setter
    def l2(self, arg: float, /) -> None: ...
    @property
    def l1(self) -> float: ...
    @l1.setter
    def l1(self, arg: float, /) -> None: ...
    @property
    def clip_norm(self) -> float: ...
    @clip_norm.setter
    def clip_norm(self, arg: float, /) -> None: ...
    @property
    def max_norm(self) -> float: ...
    @max_norm.setter
    def max_norm(self, arg: float, /) -> None: ...
    @property
    def weight(self) -> float: ...
    @weight.setter
    def weight(self, arg: float, /) -> None: ...
    @property
    def dropout(self) -> list[float]: ...
    @dropout.setter
    def dropout(self, arg: Sequence[float], /) -> None: ...
    @property
    def batch_size(self) -> int: ...
    @batch_size.setter
    def batch_size(self, arg: int, /) -> None: ...
    @property
    def shuffle(self) -> bool: ...
    @shuffle.setter
    def shuffle(self, arg: bool, /) -> None: ...
    @property
    def seed(self) -> int: ...
    @seed.setter
    def seed(self, arg: int, /) -> None: ...
    @property
    def planned_epochs(self) -> int: ...
    @planned_epochs.setter
    def planned_epochs(self, arg: int, /) -> None: ...
    @property
    def lists_bytes(self) -> int: ...
    @lists_bytes.setter
    def lists_bytes(self, arg: int, /) -> None: ...
    @property
    def power_t(self) -> float: ...
    @power_t.setter
    def power_t(self, arg: float, /) -> None: ...
    @property
    def gamma(self) -> float: ...
    @gamma.setter
    def gamma(self, arg: float, /) -> None: ...
    @property
    def period(self) -> float: ...
    @period.setter
    def period(self, arg: float, /) -> None: ...
    @property
    def growth(self) -> float: ...
    @growth.setter
    def growth(self, arg: float, /) -> None: ...
    @property
    def floor(self) -> float: ...
    @floor.setter
    def floor(self, arg: float, /) -> None: ...
    @property
    def warmup(self) -> float: ...
    @warmup.setter
    def warmup(self, arg: float, /) -> None: ...
    @property
    def cuts(self) -> float: ...
    @cuts.setter
    def cuts(self, arg: float, /) -> None: ...

def run_float32(
    target: str,
    plan: Plan,
    position: Position,
    X: object,
    Y: object,
    w: object | None,
    validation: object | None,
    outputs: object | None,
    right: object | None,
    epochs: int,
    steps: int,
    threads: int,
    start: Sequence[Sequence[object]],
    after: Sequence[Sequence[object]],
    bad: Sequence[object],
    best: Sequence[object],
    look: object | None,
    watch: object | None,
    seconds: float,
) -> tuple[int, bool, bool, Position, Position, int, list[float], list[float], list[float]]:
    """Train; return how it ended, two positions, the best epoch, three lists of costs."""

class ReadingFloat32:
    """Parameters that stay open for reading."""

    def __init__(self, parameters: Sequence[object]) -> None: ...
    @property
    def copied(self) -> bool:
        """Whether it reads copies, which do not follow what is written to the arrays."""

def predict_float32(
    target: str, shape: Shape, reading: ReadingFloat32, X: object, out: object, threads: int
) -> None:
    """Write A[L] of the columns of X to the rows of `out`."""

def cost_float32(
    target: str,
    shape: Shape,
    parameters: Sequence[object],
    X: object,
    Y: object,
    w: object | None,
    threads: int,
) -> float:
    """Return the cost of examples, without penalty."""

def cost_and_gradients_float32(
    target: str,
    shape: Shape,
    parameters: Sequence[object],
    X: object,
    Y: object,
    w: object | None,
    threads: int,
    gradients: Sequence[object],
) -> float:
    """Write the gradients of the cost, without penalty; return it."""

def run_float64(
    target: str,
    plan: Plan,
    position: Position,
    X: object,
    Y: object,
    w: object | None,
    validation: object | None,
    outputs: object | None,
    right: object | None,
    epochs: int,
    steps: int,
    threads: int,
    start: Sequence[Sequence[object]],
    after: Sequence[Sequence[object]],
    bad: Sequence[object],
    best: Sequence[object],
    look: object | None,
    watch: object | None,
    seconds: float,
) -> tuple[int, bool, bool, Position, Position, int, list[float], list[float], list[float]]:
    """Train; return how it ended, two positions, the best epoch, three lists of costs."""

class ReadingFloat64:
    """Parameters that stay open for reading."""

    def __init__(self, parameters: Sequence[object]) -> None: ...
    @property
    def copied(self) -> bool:
        """Whether it reads copies, which do not follow what is written to the arrays."""

def predict_float64(
    target: str, shape: Shape, reading: ReadingFloat64, X: object, out: object, threads: int
) -> None:
    """Write A[L] of the columns of X to the rows of `out`."""

def cost_float64(
    target: str,
    shape: Shape,
    parameters: Sequence[object],
    X: object,
    Y: object,
    w: object | None,
    threads: int,
) -> float:
    """Return the cost of examples, without penalty."""

def cost_and_gradients_float64(
    target: str,
    shape: Shape,
    parameters: Sequence[object],
    X: object,
    Y: object,
    w: object | None,
    threads: int,
    gradients: Sequence[object],
) -> float:
    """Write the gradients of the cost, without penalty; return it."""

def peak_float32(arg0: str, arg1: int, /) -> float:
    """Return GFLOP/s of fused multiply-adds from registers."""

def peak_float64(arg0: str, arg1: int, /) -> float:
    """Return GFLOP/s of fused multiply-adds from registers."""
