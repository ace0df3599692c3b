"""How fast are training and prediction? Four networks, beside other libraries, in turns.

Every library lives in a process of its own and does the same work, round after round (A B C D, A B C D,
...); the minima and the medians of the samples are shown. A step of training is shuffle, gather, forward,
cost, backward and Adam: whole epochs are timed and divided by their steps. A library that cannot be had
is named and passed over.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks import machine
from benchmarks.entrants import OURS, Entrant, entrants, peers_by_name
from benchmarks.figures import Figure
from benchmarks.nets import MANY, Net, by_name
from benchmarks.processes import Process, ProcessError, processes
from benchmarks.report import RESULTS, Report, folder, write_json
from benchmarks.rounds import Pace, Samples, Task, alternate
from benchmarks.tables import WIDTH, show
from ellnet.engines import ENGINES

__all__ = ["main", "packages"]

FULL = (Pace(0.05, 60.0, rounds=10), Pace(0.05, 20.0, rounds=10))
QUICK = (Pace(0.03, 4.0, rounds=3, limit=10.0), Pace(0.02, 1.5, rounds=3, limit=4.0))
"""How long training and a prediction are measured on each net."""

QUICK_END = 150.0
"""Seconds after which a quick run hurries to its end, on a slow or busy machine."""

TRAINING_SHARE, SHARES = 3, 5
"""Training's share of the time for a net; the two predictions have one each."""

PEAK_EVERY = 5
"""Rounds between two looks at the machine's peak."""

TOLERANCE = 1e-4
"""How far outputs may lie from ours before any training: all have the same parameters."""

BUSY = 0.3
"""A load for each core from which the reader is told."""


def argument(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return the same reader with errors in the words that argparse shows."""

    def reader(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return reader


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for; a wrong word ends the program with a sentence."""
    parser = argparse.ArgumentParser("./run bench", description=__doc__.split("\n\n")[0])
    parser.epilog = "Other benchmarks: ./run bench growth, fashion or defaults, each with --help"
    parser.add_argument("--quick", action="store_true", help="less than three minutes")
    nets, peers = argument(by_name), argument(peers_by_name)
    parser.add_argument("--nets", type=nets, default="", help="such as 3-5-5-3-1,100-64-64-2")
    of = "of scikit-learn,torch,jax,onnxruntime, or none"
    parser.add_argument("--peers", type=peers, default="", help=of)
    parser.add_argument("--engine", choices=["auto", *ENGINES], default="auto")
    parser.add_argument("--threads", type=int, default=machine.physical_cores())
    parser.add_argument("--seconds", type=float, help="of training on each net; a third to predict")
    parser.add_argument("--all", action="store_true", help="show peers with every thread count")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder of the results")
    given = parser.parse_args(arguments)
    if given.threads < 1 or (given.seconds is not None and given.seconds <= 0):
        parser.error("--threads and --seconds must be above 0")
    return given


def packages(arguments: Sequence[str]) -> list[str]:
    """Return the packages that this question needs beside ellnet's own."""
    return [package for peer in parsed(arguments).peers for package in peer.packages]


def paces(given: argparse.Namespace) -> tuple[Pace, Pace]:
    """Return how long training and a prediction are measured on each net."""
    training, prediction = QUICK if given.quick else FULL
    if given.seconds is None:
        return training, prediction
    return (
        replace(QUICK[0], seconds=given.seconds, limit=math.inf),
        replace(QUICK[1], seconds=given.seconds / 3, limit=math.inf),
    )


class Bench:
    """One run of the benchmark."""

    def __init__(self, everybody: Sequence[Process], report: Report, console: Console) -> None:
        """Take the processes, where to write what is found, and where to say how it goes."""
        self._everybody = list(everybody)
        self._report = report
        self._console = console
        self._began = time.monotonic()
        self.shares_left = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def say(self, words: str) -> None:
        """Tell how it goes, with the seconds since the beginning."""
        line = f"{self.elapsed:6.1f} s  {words}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def pass_over(self, process: Process, reason: str) -> None:
        """Go on without an entrant, whose process ends; its library is named once."""
        entrant = process.entrant
        self._everybody = [each for each in self._everybody if each is not process]
        process.close()
        name = entrant.kind if entrant.ours else entrant.library
        if name not in self._report.passed_over:
            self._report.passed_over[name] = reason
            self.say(f"{name} is passed over: {reason}")

    def greet(self) -> None:
        """See who is there; their libraries have been imported meanwhile."""
        for process in list(self._everybody):
            entrant = process.entrant
            try:
                told = process.ask("hello")
            except ProcessError as error:
                self.pass_over(process, str(error))
                continue
            self._report.versions |= told["versions"]
            if told["target"]:
                self._report.targets[entrant.kind] = told["target"]
            if entrant.target not in {"", told["target"]}:
                self.pass_over(process, f"it runs as {told['target']}, not as {entrant.target}")

    def everybody_s(self, what: str) -> dict[Entrant, Any]:
        """Return what each answers to the same request."""
        found = {}
        for process in list(self._everybody):
            try:
                found[process.entrant] = process.ask(what)
            except ProcessError as error:
                self.pass_over(process, str(error))
        return found

    def look_at_peak(self) -> None:
        """Take a sample of the machine's peak for every way that ellnet runs in."""
        for entrant, peak in self.everybody_s("peak").items():
            self._report.peaks.add(entrant, peak)

    def prepare(self, net: Net) -> None:
        """Give the network to everybody; whose outputs are others computes something else."""
        expected = None
        for process in list(self._everybody):
            try:
                A = np.array(process.ask("prepare", **asdict(net)))
            except ProcessError as error:
                self.pass_over(process, str(error))
                continue
            expected = A if expected is None else expected
            off = float(np.max(np.abs(A - expected)))
            if not off <= TOLERANCE:
                self.pass_over(process, f"its outputs on {net.name} lie {off:.2g} from ellnet's")

    def measure(self, task: Task, net: Net, pace: Pace, rows: int, flop: int) -> None:
        """Measure one task on one net, and keep the figures."""
        training = task.name == "training"
        asked = [p for p in self._everybody if _takes_part(p.entrant, training=training)]
        self.say(f"{net.name}: {task.name}" + ("" if training else f" of {rows:,}"))
        self.look_at_peak()
        for samples in alternate(asked, task, self.in_time(pace, training=training), self._between):
            entrant = samples.process.entrant
            self._note(samples, f"{task.name} {rows}, {net.name}")
            if samples.values:
                values = samples.values
                self._report.figures.append(
                    Figure.of(task.name, net.name, rows, entrant, values=values, flop=flop)
                )

    def in_time(self, pace: Pace, *, training: bool) -> Pace:
        """Return a pace that leaves time for what comes after, where the time is limited."""
        share = TRAINING_SHARE if training else 1
        left = max(0.0, QUICK_END - self.elapsed) * share / max(share, self.shares_left)
        self.shares_left -= share
        return replace(pace, limit=min(pace.limit, left)) if pace.limit < math.inf else pace

    def _between(self, number: int) -> None:
        if number and number % PEAK_EVERY == 0:
            self.look_at_peak()

    def _note(self, samples: Samples, where: str) -> None:
        if samples.trouble:
            self.pass_over(samples.process, f"{samples.trouble} ({where})")
        if samples.slower:
            self._report.left_out.append(f"{where}: {samples.process.entrant.name}")


def _takes_part(entrant: Entrant, *, training: bool) -> bool:
    return entrant.trains if training else entrant.predicts


def training(net: Net) -> Task:
    """Return the task of training: a repetition is an epoch."""
    return Task("training", lambda process, n: float(process.ask("train", epochs=n)), net.steps)


def prediction(rows: int) -> Task:
    """Return the task of predicting so many rows: a repetition is a call."""
    return Task("prediction", lambda p, n: float(p.ask("predict", rows=rows, calls=n)), 1)


def _plain(pace: Pace) -> dict[str, float | None]:
    return {name: value if value < math.inf else None for name, value in asdict(pace).items()}


def measured(given: argparse.Namespace, console: Console) -> Report:
    """Measure everything that was asked for."""
    to_train, to_predict = paces(given)
    settings: dict[str, Any] = {
        "quick": given.quick,
        "threads": given.threads,
        "training": _plain(to_train),
        "prediction": _plain(to_predict),
    }
    report = Report(machine.describe(), settings)
    with processes(entrants(given.engine, given.threads, given.peers)) as everybody:
        bench = Bench(everybody, report, console)
        bench.say("the libraries are imported")
        bench.greet()
        bench.shares_left = SHARES * len(given.nets)
        for net in given.nets:
            bench.prepare(net)
            bench.measure(training(net), net, to_train, net.batch, net.training_flop)
            for rows in (1, MANY):
                flop = net.prediction_flop(rows)
                bench.measure(prediction(rows), net, to_predict, rows, flop)
        bench.look_at_peak()
        bench.say("done")
    peaks = report.peaks
    report.figures = [replace(each, peak=peaks.of(each.entrant)) for each in report.figures]
    return report


def main(arguments: Sequence[str]) -> int:
    """Measure, show and write."""
    given = parsed(arguments)
    told, console = Console(stderr=True), Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    target = folder(given.output)
    cores = machine.physical_cores()
    if machine.load() > BUSY * cores:
        words = f"the machine is busy (load {machine.load():.1f} on {cores} cores): expect noise"
        told.print(words, highlight=False)
    report = measured(given, told)
    if not any(figure.entrant.ours for figure in report.figures):
        told.print(f"{OURS} could not be measured: {report.passed_over}", markup=False)
        return 1
    write_json(target / "speed.json", report.to_json())
    from benchmarks.picture import draw  # noqa: PLC0415 - matplotlib is slow to import

    draw(report, target / "speed.png")
    show(console, report, everything=given.all)
    console.print(f"written: {target / 'speed.json'}, {target / 'speed.png'}", soft_wrap=True)
    return 0
