"""`ellnet search`: many networks on a table, their cost curves, and what may be said of the best."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ellnet.cli.options import FIELDS, GroupedCommand
from ellnet.cli.search_options import (
    budget_options,
    plan_of,
    search_options,
    searched_options,
    table_options,
)
from ellnet.cli.sources import open_table, table_name
from ellnet.cli.tables_shown import show_scores
from ellnet.cli.terminal import say, tell_trouble, terminal
from ellnet.errors import HyperparameterError, MissingExtraError
from ellnet.interruption import interruptible

__all__ = ["search"]

NOT_SAVED = "interrupted in the refit, whose model is not saved"


class SearchGroup(click.Group):
    """Takes a word that is no command for a table: `search TABLE` is `search run TABLE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the word in that need not be typed."""
        if args and args[0] not in {*self.commands, "--help", "-h"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=SearchGroup, short_help="Search hyperparameters by their cost curves.")
def search() -> None:
    """Search hyperparameters by their cost curves.

    \b
    ellnet search TABLE --target Y --learning-rate 1e-4:1e-1:log --hidden "64|128,64" --epochs 50
    ellnet search show STUDY       best, table, curves, importance
    ellnet search resume STUDY     go on after Ctrl-C, or with more --trials
    ellnet search run --help       every option
    """  # noqa: D301 - click knows the backspace as: leave these lines as they are


@search.command(cls=GroupedCommand, short_help="Search on a table.")
@click.argument("table")
@table_options
@search_options
@click.option(
    "--trials",
    type=int,
    metavar="N",
    help="Trials in all.  [default: 60, or every combination of a grid]",
)
@budget_options
@searched_options
def run(table: str, **given: Any) -> int:
    r"""Search on TABLE: a file, or a built-in set.

    Every hyperparameter takes a value, several with commas between (relu,tanh), lists with bars
    between (64|128,64), or a range (1e-4:1e-1:log). Where none has several, a space by task and size is
    searched.
    """
    from ellnet.search.study import Definition, Study

    console = terminal(stderr=given["as_json"])
    plan = plan_of(table, given)
    columns = open_table(table, ignore=given["ignore"], categorical=given["categorical"])
    definition = _definition(table, columns, plan, given, Definition)
    study = Study(given["study"]) if given["study"] else Study.free(table_name(table))
    ready = _ready(definition, columns, given)
    study.begin(definition)
    return _searched(console, study, columns, ready, given)


@search.command(short_help="Go on with a study.")
@click.argument("folder", metavar="STUDY", type=click.Path(path_type=Path))
@click.option(
    "--trials", type=click.IntRange(1), metavar="N", help="Trials in all.  [default: as before]"
)
@click.option(
    "--refit", is_flag=True, help="Train the winner, score it on the test rows, and save it."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@budget_options
def resume(folder: Path, **given: Any) -> int:
    """Go on with STUDY after Ctrl-C or a kill, or with more trials; nothing is run twice."""
    from ellnet.search.material import fingerprint
    from ellnet.search.study import Study

    console, study = terminal(stderr=given["as_json"]), Study(folder)
    definition = study.definition()
    columns = open_table(
        definition.table, ignore=definition.ignore, categorical=definition.categorical
    )
    if fingerprint(columns) != definition.fingerprint:
        raise HyperparameterError(
            f"{definition.table} has changed since {folder} began, and old and new trials could not be "
            "compared; begin a new search"
        )
    if given["trials"] is not None:
        definition = replace(definition, trials=given["trials"])
    ready = _ready(definition, columns, given)
    study.begin(definition)
    return _searched(console, study, columns, ready, given)


@search.command(short_help="Show what a study has found.")
@click.argument("folder", metavar="STUDY", type=click.Path(path_type=Path))
@click.option(
    "--top",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="Trials in the table.",
)
@click.option(
    "--storage", metavar="URL", help="The database with its password, where it needs one."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def show(folder: Path, top: int, storage: str | None, as_json: bool) -> None:
    """Show STUDY: the best with its uncertainty, the table, the curves, importance, and pictures."""
    from ellnet.search import Found
    from ellnet.search.measures import measure_of
    from ellnet.search.study import Study

    study = Study(folder)
    definition = study.definition()
    measure = measure_of(definition.search.metric, definition.target)
    found = Found(study.results(measure.direction, storage), measure)
    report = _shown(terminal(stderr=as_json), study, found, top=top)
    if as_json:
        click.echo(json.dumps(report, allow_nan=False))


def _definition(table: str, columns: Any, plan: Any, given: Mapping[str, Any], made: Any) -> Any:
    """Return all that the trials follow from."""
    from ellnet.search import Evaluation, Search, Space
    from ellnet.search.material import fingerprint
    from ellnet.search.spaces import default_space
    from ellnet.targets import Target

    counts = given["cost"] == "poisson"
    target = Target.fit(
        columns[plan.target], plan.task or ("regression" if counts else None), counts=counts
    )
    said = {name: given[name] for name in FIELDS if given.get(name) is not None}
    space = Space.read(said)
    if not space.dimensions:
        usual = default_space(target.task, columns.m, said.get("optimizer", ""))
        space = Space.read({**usual, **said})
    evaluation = Evaluation(given["folds"], given["groups"], given["time"])
    searched = Search(
        space, given["sampler"], given["pruner"], given["metric"], evaluation, given["seed"]
    )
    return made(
        table,
        fingerprint(columns),
        replace(plan, task=target.task),
        searched,
        tuple(given["ignore"]),
        tuple(given["categorical"]),
        _anchored(given["storage"]),
        searched.usual_trials if given["trials"] is None else given["trials"],
    )


def _anchored(url: str | None) -> str | None:
    """Return the URL of a database whose file is the same wherever the study is gone on with."""
    head, three, path = (url or "").partition(":///")
    if head.partition("+")[0] != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return url
    return f"{head}{three}{Path(path).absolute()}"


def _ready(definition: Any, columns: Any, given: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the examples and the budget; what cannot be is refused before a folder is made."""
    from ellnet.search import Budget

    budget = Budget(definition.trials, given["seconds"], given["workers"])
    return definition.search.checked(columns, definition.plan), budget


def _searched(
    console: Console, study: Any, columns: Any, ready: tuple[Any, Any], given: Mapping[str, Any]
) -> int:
    """Run what is left of a study, show what was found, and refit the winner where that is asked for."""
    from ellnet.cli.search_shown import Progress
    from ellnet.search.measures import measure_of

    definition, (material, budget) = study.definition(), ready
    searched = definition.search
    measure = measure_of(searched.metric, definition.target)
    say(console, f"{columns.source}: {columns.m:,} rows; study folder: {study.path}")
    try:
        with (
            study.ledger(measure.direction, given["storage"]) as ledger,
            Progress(terminal(stderr=True)) as progress,
        ):
            found = searched.run_on(
                material, budget, ledger=ledger, watcher=progress.watcher, ended=progress.ended
            )
    except KeyboardInterrupt:
        click.echo(f"ellnet: interrupted; go on with: ellnet search resume {study.path}", err=True)
        return 130
    report, refitted, code = _shown(console, study, found, top=10), None, 0
    if given["refit"]:
        try:
            refitted, code = _refit(console, study, columns, found)
        except KeyboardInterrupt:
            again = f"go on with: ellnet search resume {study.path} --refit"
            click.echo(f"ellnet: {NOT_SAVED}; {again}", err=True)
            code = 130
    if given["as_json"]:
        report |= {"refit": refitted} if given["refit"] else {}
        click.echo(json.dumps(report, allow_nan=False))
    return code


def _shown(console: Console, study: Any, found: Any, *, top: int) -> dict[str, Any]:
    """Show what was found, draw it, and return it for programs."""
    from ellnet.cli.search_shown import report_of, show_curves, show_found
    from ellnet.search.importance import importance_of

    searched = study.definition().search
    space = searched.known_space
    show_curves(console, found)
    show_found(console, found, top=top)
    tried = len({repr(result.chosen) for result in found.results.values()})
    most = searched.combinations
    if tried >= most:
        say(console, f"every combination was tried: there are {tried}")
    elif searched.sampler == "grid":
        say(console, f"{tried} of the grid's {most:,} combinations")
    shares = importance_of(found, space)
    if shares:
        said = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        say(console, f"importance (share of the difference between trials): {said}")
    drawn = _draw(study.path, found, space)
    if drawn:
        say(console, f"drawn in {study.path}: {', '.join(drawn)}")
    return {"study": str(study.path), **report_of(found, shares)}


def _draw(path: Path, found: Any, space: Any) -> Sequence[str]:
    """Draw the pictures, where matplotlib is there and the folder can be written."""
    from ellnet.search.pictures import ParallelCoordinatesDisplay, SearchCurvesDisplay

    drawn = []
    with suppress(MissingExtraError, OSError):
        SearchCurvesDisplay.from_search(found, space, title=path.name).save(path / "curves.png")
        drawn.append("curves.png")
        ParallelCoordinatesDisplay.from_search(found, space, title=path.name).save(
            path / "parallel.png"
        )
        drawn.append("parallel.png")
    return drawn


def _refit(console: Console, study: Any, columns: Any, found: Any) -> tuple[dict[str, Any], int]:
    """Train the winner as the main job does, score it on the rows that no trial saw, and save it."""
    definition = study.definition()
    trained = definition.search.refit(columns, definition.plan, found.best)
    if trained.model.history.stopped == "interrupted":  # what was learned by then is not the winner
        raise KeyboardInterrupt
    path = study.path / "model.safetensors"
    with interruptible():
        trained.model.save(path)
    show_scores(console, trained.scores, trained.model.target, trained.scored)
    say(console, f"saved in {path}")
    refitted = {
        "model": str(path),
        "scored_on": trained.scored,
        "scores": {name: scores.to_json() for name, scores in trained.scores.items()},
        "trouble": trained.trouble,
    }
    return refitted, tell_trouble(trained.trouble)
