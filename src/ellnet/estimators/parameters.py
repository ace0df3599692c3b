"""The parameters of an estimator: what each may be, and the hyperparameters that they stand for."""

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ellnet.engines import NAMES
from ellnet.equations.activations import ACTIVATIONS
from ellnet.equations.costs import COSTS
from ellnet.equations.initializers import INITIALIZERS
from ellnet.equations.optimizers import OPTIMIZERS
from ellnet.equations.schedules import SCHEDULES
from ellnet.errors import HyperparameterError
from ellnet.hyperparameters import Hyperparameters

__all__ = [
    "CLASSIFIER_LOSSES",
    "CONSTRAINTS",
    "REGRESSOR_LOSSES",
    "check_epochs",
    "hidden_activation",
    "hidden_sizes",
    "hyperparameters_of",
    "is_stochastic",
    "keep",
    "seed_of",
]

OTHER_NAMES = {"logistic": "sigmoid", "exp": "exponential"}
"""What scikit-learn calls an activation, and what the field and we call it."""

AT_LEAST_0 = Interval(Real, 0, None, closed="left")
ABOVE_0 = Interval(Real, 0, None, closed="neither")
BELOW_1 = Interval(Real, 0, 1, closed="left")
UP_TO_1 = Interval(Real, 0, 1, closed="both")
COUNT = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", COUNT],
    "activation": [StrOptions({"logistic", *ACTIVATIONS} - {"softmax"}), "array-like"],
    "solver": [StrOptions({"lbfgs", "sgd", *OPTIMIZERS})],
    "alpha": [AT_LEAST_0],
    "batch_size": [StrOptions({"auto", "full"}), COUNT],
    "learning_rate": [StrOptions(set(SCHEDULES))],
    "learning_rate_init": [ABOVE_0],
    "power_t": [AT_LEAST_0],
    "max_iter": [COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [AT_LEAST_0],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [BELOW_1],
    "beta_1": [BELOW_1],
    "beta_2": [BELOW_1],
    "epsilon": [ABOVE_0],
    "n_iter_no_change": [COUNT, Options(Real, {np.inf})],
    "max_fun": [COUNT],
    "scoring": [str, callable, None],
    "dropout": [BELOW_1, "array-like"],
    "input_dropout": [BELOW_1],
    "alpha_l1": [AT_LEAST_0],
    "weight_decay": [AT_LEAST_0],
    "max_norm": [AT_LEAST_0],
    "clip_norm": [AT_LEAST_0],
    "rho": [BELOW_1],
    "momentum_decay": [AT_LEAST_0],
    "warmup": [UP_TO_1],
    "gamma": [ABOVE_0],
    "period": [COUNT],
    "growth": [COUNT],
    "floor": [UP_TO_1],
    "weight_decay_schedule": [StrOptions(set(SCHEDULES))],
    "dropout_schedule": [StrOptions(set(SCHEDULES))],
    "initialization": [StrOptions({"sklearn", "auto", *INITIALIZERS})],
    "unit_variance": ["boolean"],
    "zero_last": ["boolean"],
    "transform_layer": [Interval(Integral, 0, None, closed="left"), None],
    "engine": [StrOptions(set(NAMES))],
    "n_threads": [COUNT, None],
}
"""What each parameter of both estimators may be, for scikit-learn's own check."""

BY_OUR_NAME = (
    "input_dropout",
    "weight_decay",
    "max_norm",
    "clip_norm",
    "rho",
    "momentum_decay",
    "warmup",
    "gamma",
    "period",
    "growth",
    "floor",
    "weight_decay_schedule",
    "dropout_schedule",
    "unit_variance",
    "zero_last",
    "engine",
)
"""Parameters that are hyperparameters under the same name."""

CLASSIFIER_LOSSES = {
    "log_loss": "auto",
    **{name: name for name in COSTS if name.endswith(("cross_entropy", "squared_error"))},
}
"""The losses of a classifier, and the cost that each is; auto follows the classes."""

REGRESSOR_LOSSES = {
    name: "exponential" if name == "poisson" else "identity"
    for name in COSTS
    if not name.endswith("cross_entropy")
}
"""The losses of a regressor, each a cost by its name, with the output activation of each."""


def is_stochastic(estimator: Any) -> bool:
    """Say whether training goes by minibatches, so that partial_fit makes sense.

    Raises:
        AttributeError: it does not; says why.
    """
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True


def keep(estimator: Any, given: Mapping[str, Any]) -> None:
    """Set every parameter of a constructor as it was given: checks wait for fit, as scikit-learn asks.

    Args:
        estimator: the one that is made.
        given: the constructor's `locals()`.
    """
    for name, value in given.items():
        if name not in {"self", "__class__"}:
            setattr(estimator, name, value)


def hidden_sizes(given: Any) -> tuple[int, ...]:
    """Return the units of the hidden layers.

    Raises:
        HyperparameterError: a size that is no whole number of at least 1.
    """
    sizes = tuple(given) if isinstance(given, Iterable) else (given,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral) or int(size) <= 0:
            raise HyperparameterError(
                f"hidden_layer_sizes must be > 0 and whole numbers, got {list(sizes)}"
            )
    return tuple(int(size) for size in sizes)


def check_epochs(epochs: Any) -> None:
    """Refuse a number of epochs that is none.

    Raises:
        HyperparameterError: it is no whole number of at least 1.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, Integral) or int(epochs) < 1:
        raise HyperparameterError(f"epochs must be a whole number of at least 1, got {epochs!r}")


def hidden_activation(given: Any) -> str | tuple[str, ...]:
    """Return the activation of the hidden layers, one name or one a layer, by our names."""
    if isinstance(given, str):
        return OTHER_NAMES.get(given, given)
    return tuple(OTHER_NAMES.get(str(name), str(name)) for name in given)


def seed_of(random_state: Any) -> int:
    """Return a seed: a whole number is its own, anything else draws one."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def optimizer_of(estimator: Any) -> str:
    """Return the name of the optimizer that the solver is."""
    if estimator.solver != "sgd":
        return str(estimator.solver)
    if estimator.momentum == 0:
        return "gradient_descent"
    return "nesterov" if estimator.nesterovs_momentum else "momentum"


def schedule_of(estimator: Any) -> str:
    """Return the name of the schedule: scikit-learn's own two act with solver sgd alone, as there."""
    only_sgd = estimator.learning_rate in {"invscaling", "adaptive"}
    return "constant" if only_sgd and estimator.solver != "sgd" else str(estimator.learning_rate)


def hyperparameters_of(
    estimator: Any, *, m: int, epochs: int, seed: int, dtype: str
) -> Hyperparameters:
    """Return the hyperparameters that an estimator's parameters stand for.

    Args:
        estimator: with checked parameters.
        m: number of training examples.
        epochs: planned, those of earlier calls included.
        seed: of every random number.
        dtype: precision of the numbers.

    Raises:
        HyperparameterError: parameters that do not go together.
    """
    sizes = {"auto": min(200, m), "full": "full"}
    return Hyperparameters(
        hidden=hidden_sizes(estimator.hidden_layer_sizes),
        activation=hidden_activation(estimator.activation),
        dropout=_number_or_tuple("dropout", estimator.dropout),
        label_smoothing=float(getattr(estimator, "label_smoothing", 0.0)),
        l1=float(estimator.alpha_l1),
        optimizer=optimizer_of(estimator),
        learning_rate=float(estimator.learning_rate_init),
        beta_1=float(estimator.beta_1),
        beta_2=float(estimator.beta_2),
        epsilon=float(estimator.epsilon),
        momentum=float(estimator.momentum),
        schedule=schedule_of(estimator),
        power_t=float(estimator.power_t),
        max_fun=int(estimator.max_fun),
        l2=float(estimator.alpha),
        batch_size=sizes.get(estimator.batch_size, estimator.batch_size),  # type: ignore[arg-type]
        shuffle=bool(estimator.shuffle),
        epochs=epochs,
        early_stopping=False,
        initialization=(
            "auto" if estimator.initialization == "sklearn" else estimator.initialization
        ),
        tol=float(estimator.tol),
        seed=seed,
        dtype=dtype,  # type: ignore[arg-type]
        **{name: getattr(estimator, name) for name in BY_OUR_NAME},
    )


def _number_or_tuple(name: str, given: Any) -> float | tuple[float, ...]:
    """Return one number, or one a layer.

    Raises:
        HyperparameterError: something else is among them.
    """
    if not isinstance(given, Iterable):
        return float(given)
    numbers = list(given)
    if not all(isinstance(number, Real) for number in numbers):
        raise HyperparameterError(f"{name} must hold numbers, one a layer, got {numbers}")
    return tuple(map(float, numbers))
