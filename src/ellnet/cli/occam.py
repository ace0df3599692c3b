"""`ellnet occam`: the smallest network that is as good as any, found from the linear model up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.cli.search_options import plan_of, table_options
from ellnet.cli.sources import open_table, table_name
from ellnet.cli.tables_shown import show_scores
from ellnet.cli.terminal import say, tell_trouble, terminal
from ellnet.errors import MissingExtraError, ProofError
from ellnet.interruption import interruptible

__all__ = ["occam"]

LADDER = ("folds", "repeats", "groups", "time", "max_layers", "max_width", "starts", "metric")
MORE = ("activation", "epochs", "rows", "level", "seed")
OPTIONS = (
    click.option("--folds", default=10, show_default=True, metavar="K", help="Folds."),
    click.option(
        "--repeats",
        type=int,
        metavar="N",
        help="How often the rows are cut into folds.  [default: 2 below 5,000 rows and without --time, "
        "else 1]",
    ),
    click.option("--groups", metavar="COLUMN", help="Rows of one value stay together; no input."),
    click.option("--time", metavar="COLUMN", help="Rows judged on come later by it; no input."),
    click.option(
        "--max-layers",
        default=4,
        show_default=True,
        metavar="L",
        help="Layers at most, the output layer included; 1 is the linear model.",
    ),
    click.option(
        "--max-width", default=256, show_default=True, metavar="N", help="Units a layer at most."
    ),
    click.option(
        "--starts",
        default=3,
        show_default=True,
        metavar="N",
        help="Trainings of each network on each fold, of which rows of their own choose one.",
    ),
    click.option(
        "--metric",
        default="cost",
        show_default=True,
        metavar="NAME",
        help="What is compared: cost, rmse, mae, accuracy or any scorer of scikit-learn's.",
    ),
    click.option(
        "--activation",
        default="relu",
        show_default=True,
        metavar="NAME",
        help="Activation of the hidden layers.",
    ),
    click.option(
        "--epochs", default=200, show_default=True, metavar="N", help="Of a training, at most."
    ),
    click.option(
        "--rows",
        default=20_000,
        show_default=True,
        metavar="N",
        help="Rows to climb on at most; of more a sample is drawn, and the refit takes all.",
    ),
    click.option(
        "--level",
        default=0.05,
        show_default=True,
        metavar="P",
        help="A rung with a p below it has gained.",
    ),
    click.option("--seed", default=0, show_default=True, metavar="N", help="Seed of everything."),
    click.option("--seconds", type=float, metavar="S", help="No rung begins after so many."),
    click.option("--workers", type=int, metavar="N", help="Folds at once.  [default: the cores]"),
    click.option(
        "--folder", type=click.Path(path_type=Path), help="Folder.  [default: ladders/NAME-1]"
    ),
    click.option("--no-refit", is_flag=True, help="Only recommend; train and save no model."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
)


def _ladder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command(short_help="Find the smallest network that is as good as any.")
@click.argument("table")
@table_options
@_ladder_options
def occam(table: str, **given: Any) -> int:
    """Find the smallest network that is as good as any on TABLE: a file, or a built-in set.

    The ladder starts at logistic or linear regression, adds units and layers step by step, compares
    all on the same folds, and stops when nothing more is gained. It recommends the smallest network
    within one standard error of the best, trains that on all rows, and scores it on rows that no rung
    saw.

    \b
    ellnet occam moons
    ellnet occam houses.csv --target price --max-layers 3

    The same command with --folder FOLDER goes on with a ladder that was interrupted.
    """  # noqa: D301 - click knows the backspace as: leave these lines as they are
    from ellnet.search import Budget, Ladder
    from ellnet.search.ladder_folder import LadderDefinition, LadderFolder
    from ellnet.search.material import fingerprint

    console = terminal(stderr=given["as_json"])
    plan = plan_of(table, given)
    columns = open_table(table, ignore=given["ignore"], categorical=given["categorical"])
    budget = Budget(seconds=given["seconds"], workers=given["workers"])
    ladder = Ladder(**{name: given[name] for name in (*LADDER, *MORE)})
    ground = ladder.ground(columns, plan)
    definition = LadderDefinition(table, fingerprint(columns), plan, ladder)
    folder = LadderFolder(given["folder"] or LadderFolder.free(table_name(table)).path)
    task = _Task(console, folder, definition, columns, budget, given)
    try:
        climbed = _climbed(task, ground)
    except KeyboardInterrupt:
        said = "interrupted before a rung was done; the same command with --folder"
        click.echo(f"ellnet: {said} {folder.path} goes on", err=True)
        return 130
    return _shown(task, climbed)


@dataclass(frozen=True)
class _Task:
    """What the command is about: where it shows, where it keeps, and what it climbs on."""

    console: Console
    folder: Any
    definition: Any
    columns: Any
    budget: Any
    given: Mapping[str, Any]


def _climbed(task: _Task, ground: Any) -> Any:
    """Climb, and write each rung down as it is done."""
    from ellnet.cli.occam_shown import LadderProgress, show_rows

    rungs = task.folder.begin(task.definition)
    show_rows(task.console, task.definition.table, ground)
    say(task.console, f"folder: {task.folder.path}")
    with LadderProgress(terminal(stderr=True), ground) as progress:

        def ended(rung: Any) -> None:
            rungs.append(rung)
            task.folder.write(task.definition, rungs)
            progress.ended(rung)

        return task.definition.ladder.climb_on(
            ground,
            task.budget,
            known=tuple(rungs),
            ended=ended,
            watcher=progress.watch,
        )


def _shown(task: _Task, climbed: Any) -> int:
    """Show what was found, refit the recommended network, and print the report."""
    from ellnet.cli.occam_shown import report_of, show_ladder

    show_ladder(task.console, climbed)
    _draw(task, climbed)
    path = task.folder.path
    if climbed.ended == "seconds":
        say(task.console, f"the same command with --folder {path} and more --seconds goes on")
    interrupted = "interrupted" if climbed.ended == "interrupted" else ""
    scores: Mapping[str, Any] = {}
    shrunk, code = None, 0
    if not task.given["no_refit"] and not interrupted:
        try:
            scores, shrunk, code = _refit(task, climbed)
        except KeyboardInterrupt:
            interrupted = "interrupted in the refit, whose model is not saved"
    if task.given["as_json"]:
        click.echo(report_of(climbed, str(path), scores, shrunk))
    if interrupted:
        click.echo(
            f"ellnet: {interrupted}; the same command with --folder {path} goes on", err=True
        )
    return 130 if interrupted else code


def _draw(task: _Task, climbed: Any) -> None:
    """Draw the picture, where matplotlib is there and the folder can be written."""
    from ellnet.search.ladder_picture import LadderDisplay

    path = task.folder.path / "ladder.png"
    try:
        LadderDisplay.from_climbed(climbed, title=task.definition.table).save(path)
    except (MissingExtraError, OSError):
        return
    except ValueError as error:  # what matplotlib says of numbers that it cannot draw
        say(task.console, f"not drawn: {error}")
        return
    say(task.console, f"drawn in {path}")


def _refit(task: _Task, climbed: Any) -> tuple[Mapping[str, Any], Any, int]:
    """Train the recommended network as on the folds, score it, shrink it, and save it."""
    definition = task.definition
    trained = definition.ladder.refit(task.columns, definition.plan, climbed.recommended)
    shown = dict(trained.scores)
    if trained.model.network.L == 1:
        shown.pop("linear", None)  # the network is a linear model itself
    show_scores(task.console, shown, trained.model.target, trained.scored)
    model, shrunk = _shrunk(task.console, trained.model)
    path = task.folder.path / "model.safetensors"
    with interruptible():
        model.save(path)
    say(task.console, f"saved in {path}")
    return dict(trained.scores), shrunk, tell_trouble(trained.trouble)


def _shrunk(console: Console, model: Any) -> tuple[Any, Any]:
    """Take out what the outputs do not need; a model for which that cannot be proved stays as it is."""
    try:
        smaller, shrunk = model.shrunk()
    except ProofError as error:
        say(console, f"not shrunk: {error}")
        return model, None
    for step in shrunk.steps:
        say(console, f"shrunk: {step.sentence}")
    if shrunk.steps or model.network.L > 1:
        say(console, shrunk.summary())
    return smaller, shrunk
