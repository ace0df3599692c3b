"""The step of one parameter with its numbers, for each optimizer."""

from collections.abc import Callable, Mapping, Sequence

from ellnet.explain.figures import figure

__all__ = ["step_text"]

Options = Mapping[str, float]
Numbers = Sequence[float]


def _descent(dtheta: float, after: Numbers, t: int, o: Options) -> str:
    del after, t
    return f"{_f(o['learning_rate'])} · {_f(dtheta)}"


def _momentum(dtheta: float, after: Numbers, t: int, o: Options) -> str:
    del dtheta, t
    return f"{_f(o['learning_rate'])} · {_f(after[0])}"


def _nesterov(dtheta: float, after: Numbers, t: int, o: Options) -> str:
    del t
    return f"{_f(o['learning_rate'])} · ({_f(dtheta)} + {_f(o['momentum'])} · {_f(after[0])})"


def _adam(dtheta: float, after: Numbers, t: int, o: Options) -> str:
    del dtheta
    m = f"{_f(after[0])} / {_f(1 - o['beta_1'] ** t)}"
    v = f"{_f(after[1])} / {_f(1 - o['beta_2'] ** t)}"
    return f"{_f(o['learning_rate'])} · ({m}) / (√({v}) + {_f(o['epsilon'])})"


def _root(dtheta: float, after: Numbers, t: int, o: Options) -> str:
    del t
    rate = _f(o["learning_rate"])
    return f"{rate} · {_f(dtheta)} / (√{_f(after[0])} + {_f(o['epsilon'])})"


STEPS: dict[str, Callable[[float, Numbers, int, Options], str]] = {
    "gradient_descent": _descent,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _root,
    "adagrad": _root,
}
"""What is taken off a parameter; NAdam's is written as one number."""


def step_text(
    optimizer: str,
    theta: tuple[float, float],
    dtheta: float,
    after: Numbers,
    *,
    t: int,
    options: Options,
) -> str:
    """Write how a parameter becomes the next one.

    Args:
        optimizer: its name.
        theta: the parameter before and after the step.
        dtheta: its derivative.
        after: the moments after the step.
        t: the number of the step.
        options: the optimizer's.
    """
    old, new = theta
    begins = _f(old)
    if options.get("weight_decay"):
        begins += f" · (1 − {_f(options['learning_rate'])} · {_f(options['weight_decay'])})"
    if optimizer in STEPS:
        return f"{begins} − {STEPS[optimizer](dtheta, after, t, options)}"
    return f"{_f(old)} − {_f(old - new)}"


def _f(x: float) -> str:
    text = figure(x)
    return f"({text})" if text.startswith("−") else text
