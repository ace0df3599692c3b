"""`ellnet doctor`: what ails a run, with the figures, and one change, which can be tried."""

import json
import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from ellnet.cli.curve import draw_curves
from ellnet.cli.options import read_config
from ellnet.cli.sources import open_table
from ellnet.cli.tables_shown import plain_table
from ellnet.cli.terminal import cell, say, terminal
from ellnet.cli.train import PLAN_OPTIONS, train
from ellnet.errors import DataError, EllnetError, FileAccessError
from ellnet.files.durable import read_whole
from ellnet.models import load
from ellnet.parts import Plan
from ellnet.runs import RunFolder

if TYPE_CHECKING:
    from ellnet.explain.doctor import Finding
    from ellnet.explain.doctor_runs import Admission
    from ellnet.explain.doctor_trial import Trial

__all__ = ["doctor"]

COMMAND_LIMIT = 2**20
"""Bytes of a command line that is read, at most."""


@click.command(short_help="Say what ails a run, and prescribe one change.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--table", metavar="TABLE", help="Where the table of training is now.")
@click.option("--try", "trying", is_flag=True, help="Train with and without the change.")
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def doctor(run: Path, table: str | None, trying: bool, seeds: int, as_json: bool) -> None:
    """Look at the folder RUN of a training run, and name what ails it, with the figures that say so.

    The rows that it learned from are looked at where its table is still what it was. With --try the
    prescribed change is trained beside the run as it was, seed by seed.
    """
    from ellnet.explain.doctor import examine
    from ellnet.explain.doctor_trial import try_change

    folder = RunFolder(run)
    if not run.is_dir():
        raise FileAccessError(f"there is no run folder {run}; name one, such as runs/iris-1")
    admission = _admitted(folder, table)
    found = examine(admission.patient)
    trial = None
    if trying and found:
        if admission.lacking:
            raise DataError(f"--try needs the table of training, and {admission.lacking}")
        if found[0].change.cures:
            trial = try_change(admission.patient, found[0].change, range(seeds))
    if as_json:
        click.echo(json.dumps(_document(run, admission, found, trial), allow_nan=False))
        return
    console = terminal()
    _show(console, run, admission, found)
    if trial is not None:
        _show_trial(console, trial)
    elif trying and found:
        say(console, "nothing to try: the change saves room and time, and is no cure")


def _admitted(folder: RunFolder, table: str | None) -> "Admission":
    """Load the run's model, and its table where that can be had."""
    from ellnet.explain.doctor_runs import patient_of

    model = load(folder.model)
    given = _given(folder)
    if given is None and table is None:
        return patient_of(model, None, None, "its command.txt does not say which table it was")
    options = given or {}
    source = table or str(options["table"])
    try:
        settings = read_config(options.get("config"), PLAN_OPTIONS)
        chosen = {name: options.get(name) or settings.get(name) for name in PLAN_OPTIONS}
        size = chosen["test_size"] if options.get("test_size") is None else options["test_size"]
        plan = Plan(
            model.target.name,
            model.target.task,
            0.2 if size is None else float(size),
            chosen["split_column"],
        )
        columns = open_table(
            source, ignore=chosen["ignore"] or (), categorical=chosen["categorical"] or ()
        )
        return patient_of(model, columns, plan)
    except EllnetError as error:
        if table is not None:
            raise
        return patient_of(model, None, None, f"its table cannot be read: {error}")


def _given(folder: RunFolder) -> Mapping[str, Any] | None:
    """Return the options of the command that made a run; None where it was no `ellnet train`."""
    try:
        text = read_whole(folder.path / "command.txt", COMMAND_LIMIT).decode()
        program, command, *words = shlex.split(text)
        if (program, command) != ("ellnet", "train"):
            return None
        with train.make_context("train", words) as context:
            return dict(context.params)
    except (FileAccessError, ValueError, click.exceptions.Exit, click.UsageError):
        return None


def _show(console: Console, run: Path, admission: "Admission", found: "list[Finding]") -> None:
    """Say what was looked at, what was found, and what to do about the first of it."""
    patient = admission.patient
    history, examples = patient.history, patient.train
    looked = "the parameters and the history alone"
    if examples is not None:
        held = patient.held_out
        others = "" if held is None else f", {held.m:,} held out"
        looked = f"{examples.m:,} training rows{others}"
    say(console, f"{run}: {len(history.epochs):,} epochs; looked at {looked}")
    if admission.lacking:
        say(console, f"not looked at: its rows, since {admission.lacking}")
    if not found:
        say(console, "nothing is found to ail it" + (" in what was looked at" * (examples is None)))
        return
    first, *others_found = found
    say(console, f"{first.illness}: {first.evidence}")
    say(console, f"prescribed: {first.change.says}")
    for each in others_found:
        word = "which may follow from it" if each.serious else "harmless"
        say(console, f"also {each.illness} ({word}): {each.evidence}")


def _show_trial(console: Console, trial: "Trial") -> None:
    """Show both curves, every pair, and the paired difference."""
    console.print()
    say(console, f"tried: {trial.change.says}, {len(trial.pairs)} seeds, each with and without")
    curves = {"as it was": trial.curve(changed=False), "with the change": trial.curve(changed=True)}
    shown = {name: curve for name, curve in curves.items() if curve}
    for line in draw_curves(shown, width=max(20, min(60, console.width - 12))):
        console.print(line)
    table = plain_table("held-out cost of seed", "as it was", "with the change", "difference")
    for pair in trial.pairs:
        figures = (pair.without, pair.changed, pair.difference)
        table.add_row(cell(pair.seed), *map(_figure, figures))
    console.print(table)
    say(console, _difference(trial))


def _figure(number: float) -> str:
    return "diverged" if math.isinf(number) else f"{number:.4g}"


def _difference(trial: "Trial") -> str:
    """Say what the change comes to."""
    better = f"the cost is lower with it for {trial.better} of {len(trial.pairs)} seeds"
    without, changed = trial.diverged
    if without or changed:
        return f"{without} runs diverged without the change and {changed} with it; {better}"
    error = trial.standard_error
    sure = "" if math.isnan(error) else f", give or take {error:.2g} (a standard error)"
    verdict = "" if trial.difference < 0 else "; the change does not help here"
    return f"paired difference: {trial.difference:+.4g}{sure}; {better}{verdict}"


def _document(
    run: Path, admission: "Admission", found: "list[Finding]", trial: "Trial | None"
) -> dict[str, Any]:
    return {
        "run": str(run),
        "looked_at_rows": admission.patient.train is not None,
        "lacking": admission.lacking,
        "findings": [finding.to_json() for finding in found],
        "trial": None if trial is None else trial.to_json(),
    }
