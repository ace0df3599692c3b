"""Options: every hyperparameter is one, and the help says what there is."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from ellnet.hyperparameters import Hyperparameters
from ellnet.models import load
from ellnet.version import VERSION
from tests.cli.command_line import Ell, environment

WORDS = {
    "hidden": ("4,3", (4, 3)),
    "activation": ("tanh,leaky_relu", ("tanh", "leaky_relu")),
    "output_activation": ("sigmoid", "sigmoid"),
    "cost": ("binary_cross_entropy", "binary_cross_entropy"),
    "initialization": ("glorot", "glorot"),
    "optimizer": ("adam", "adam"),
    "learning_rate": ("0.002", 0.002),
    "beta_1": ("0.8", 0.8),
    "beta_2": ("0.99", 0.99),
    "epsilon": ("1e-7", 1e-7),
    "momentum": ("0.7", 0.7),
    "rho": ("0.95", 0.95),
    "momentum_decay": ("0.005", 0.005),
    "weight_decay": ("0.02", 0.02),
    "clip_norm": ("2", 2.0),
    "schedule": ("cosine", "cosine"),
    "weight_decay_schedule": ("step", "step"),
    "dropout_schedule": ("exponential", "exponential"),
    "warmup": ("0.1", 0.1),
    "power_t": ("0.4", 0.4),
    "gamma": ("0.9", 0.9),
    "period": ("3", 3),
    "growth": ("2", 2),
    "floor": ("0.01", 0.01),
    "max_fun": ("99", 99),
    "l1": ("0.001", 0.001),
    "max_norm": ("3", 3.0),
    "dropout": ("0.1,0.2", (0.1, 0.2)),
    "input_dropout": ("0.05", 0.05),
    "threshold": ("1.5", 1.5),
    "quantiles": ("0.25", (0.25,)),
    "label_smoothing": ("0.01", 0.01),
    "l2": ("0.25", 0.25),
    "batch_size": ("8", 8),
    "epochs": ("2", 2),
    "validation_fraction": ("0.2", 0.2),
    "n_iter_no_change": ("3", 3),
    "tol": ("0.001", 0.001),
    "seed": ("4", 4),
    "dtype": ("float64", "float64"),
    "engine": ("array", "array"),
}
SWITCHES = {
    "shuffle": False,
    "early_stopping": True,
    "unit_variance": True,
    "zero_last": True,
}


def flag(name: str) -> str:
    """Return the option of a hyperparameter."""
    return f"--{name.replace('_', '-')}"


def test_every_hyperparameter_is_an_option_and_reaches_the_model(ell: Ell) -> None:
    """What is said on the command line is what the model file says."""
    words = [word for name, (text, _) in WORDS.items() for word in (flag(name), text)]

    words += ["--no-shuffle", "--early-stopping", "--unit-variance", "--zero-last"]

    ran = ell("train", "xor:m=60", *words, "--out", "run")

    chosen = load("run/model.safetensors").hyperparameters
    assert ran.code == 0, ran
    assert vars(chosen) == {name: value for name, (_, value) in WORDS.items()} | SWITCHES
    assert {f.name for f in dataclasses.fields(Hyperparameters)} == {*WORDS, *SWITCHES}


def test_the_help_lists_every_option_with_its_default(ell: Ell) -> None:
    """Hyperparameters stand under a heading of their own; lines fit 80 columns."""
    ran = ell("train", "--help")

    assert ran.code == 0
    own, _, hyperparameters = ran.out.partition("\nHyperparameters:\n")
    for name in (*WORDS, *SWITCHES):
        assert f"{flag(name)} " in hyperparameters
        assert f"{flag(name)} " not in own
    assert own.partition("Options:\n")[2].strip().startswith("--target COLUMN")
    assert "--split-column COLUMN" in own
    assert "[default: 0.001]" in hyperparameters
    assert "gradient_descent, momentum, nesterov, adam, adamw" in " ".join(hyperparameters.split())
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("command", ["train", "predict", "evaluate", "inspect"])
def test_every_command_explains_itself(ell: Ell, command: str) -> None:
    """The list of commands has a whole sentence for each, and each its help."""
    listed = next(
        line for line in ell("--help").out.splitlines() if line.strip().startswith(command)
    )

    assert listed.endswith(".")
    assert not listed.endswith("...")
    assert ell(command, "-h").out.startswith(f"Usage: ellnet {command}")


def test_nothing_at_all_shows_the_help(ell: Ell) -> None:
    """On stderr, with the exit code of a command line that lacks something."""
    ran = ell()

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("Usage: ellnet")
    assert "error" not in ran.err


def test_the_version_is_told(ell: Ell) -> None:
    """Name and number."""
    assert ell("--version").out == f"ellnet {VERSION}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("trian",), "'trian'"),
        (("train",), "missing argument 'TABLE'; ellnet train --help"),
        (("predict", "m"), "missing argument 'TABLE'; ellnet predict --help"),
        (("train", "iris", "more"), "more"),
        (("predict", "m", "t", "--unseen", "maybe"), "'maybe'"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(ell: Ell, words: tuple[str, ...], says: str) -> None:
    """It says what came and where the help is."""
    ran = ell(*words)

    assert ran.code == 2
    assert ran.err.startswith("ellnet: error: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert "--help" in ran.err


def test_the_help_imports_nothing_heavy(tmp_path: Path) -> None:
    """Neither scikit-learn, polars nor matplotlib is there before it is needed."""
    code = (
        "import sys; from ellnet.cli import main; main(['--help']); "
        "print([m for m in ('sklearn', 'scipy', 'polars', 'matplotlib', 'pandas') "
        "if m in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
        cwd=tmp_path,
    )

    assert ran.stderr == "[]\n"
