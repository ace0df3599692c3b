"""How do the costs grow? With width, depth, examples a step and examples in all; import and memory.

One thing grows while all others stand. Beside the time of a training step stands what its
matrix products alone would take at the machine's peak: a curve that bends away has a reason.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.entrants import entrants, peers_by_name
from benchmarks.figures import Figure, by_kind, to_json
from benchmarks.footprint import IMPORTS, Footprint, footprints
from benchmarks.nets import Net
from benchmarks.processes import processes
from benchmarks.report import RESULTS, Report, folder, write_json
from benchmarks.rounds import Pace
from benchmarks.speed import Bench, argument, training
from benchmarks.tables import WIDTH, empty, microseconds, times

__all__ = ["SERIES", "Point", "Series", "main", "packages", "peak_of"]

FORMAT = 1

INPUTS, OUTPUTS, BATCH = 64, 10, 128

ENOUGH_STEPS, FEW_STEPS = 64, 16
"""Steps of an epoch that is timed; the few where one takes long."""

LONG_STEP = 10**9
"""Floating-point operations of a step that takes long."""

PACE = Pace(0.03, 0.7, rounds=3, limit=8.0)

MEGA = 2**20

MILLION = "a million examples of 64 numbers (250 MiB)"


def measured_net(n: tuple[int, ...], batch: int = BATCH, steps: int = 0) -> Net:
    """Return a network with so many steps an epoch; 0 for as many as make a good sample."""
    net = Net(n, batch, steps or ENOUGH_STEPS)
    return replace(net, steps=FEW_STEPS) if not steps and net.training_flop > LONG_STEP else net


@dataclass(frozen=True)
class Series:
    """One thing that grows.

    Attributes:
        name: its word.
        axis: what stands at the axis.
        values: what it grows through.
        net: the network of a value.
    """

    name: str
    axis: str
    values: tuple[int, ...]
    net: Callable[[int], Net]


SERIES = (
    Series(
        "examples",
        "examples in all, of 64-128-128-10",
        (1_024, 10_240, 102_400, 1_024_000),
        lambda m: measured_net((INPUTS, 128, 128, OUTPUTS), steps=m // BATCH),
    ),
    Series(
        "width",
        "units w of 64-w-w-10",
        (16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
        lambda w: measured_net((INPUTS, w, w, OUTPUTS)),
    ),
    Series(
        "depth",
        "hidden layers of 64 units",
        (1, 2, 4, 8, 16, 32, 64),
        lambda d: measured_net((INPUTS, *[64] * d, OUTPUTS)),
    ),
    Series(
        "batch",
        "examples a step, of 64-128-128-10",
        (1, 4, 16, 64, 256, 1024, 4096),
        lambda b: measured_net((INPUTS, 128, 128, OUTPUTS), b),
    ),
)
"""Examples come first: what a million of them need is asked before anything larger was there."""


@dataclass(frozen=True)
class Point:
    """What was measured of one value of a series."""

    series: str
    value: int
    figures: tuple[Figure, ...]


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for; a wrong word ends the program with a sentence."""
    parser = argparse.ArgumentParser("./run bench growth", description=__doc__.split("\n\n")[0])
    names = [series.name for series in SERIES]
    parser.add_argument("--series", choices=names, action="append", help="one of them alone")
    of = "of scikit-learn,torch,jax, or none"
    parser.add_argument(
        "--peers", type=argument(peers_by_name), default="scikit-learn,torch", help=of
    )
    parser.add_argument("--threads", type=int, default=machine.physical_cores())
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args(arguments)


def packages(arguments: Sequence[str]) -> list[str]:
    """Return the packages that this question needs beside ellnet's own."""
    return [package for peer in parsed(arguments).peers for package in peer.packages]


def grown(bench: Bench, report: Report, chosen: Sequence[Series]) -> list[Point]:
    """Measure every value of the series."""
    points = []
    for series in chosen:
        for value in series.values:
            net, before = series.net(value), len(report.figures)
            bench.prepare(net)
            bench.measure(training(net), net, PACE, net.batch, net.training_flop)
            points.append(Point(series.name, value, tuple(report.figures[before:])))
    return points


def with_peaks(points: Sequence[Point], report: Report) -> list[Point]:
    """Return the points with the machine's peak in every figure."""
    return [
        replace(p, figures=tuple(replace(f, peak=report.peaks.of(f.entrant)) for f in p.figures))
        for p in points
    ]


def peak_of(point: Point) -> float | None:
    """Return the peak of all cores, whichever number of threads was the better at this point."""
    return max((f.peak for f in point.figures if f.entrant.ours and f.peak), default=None)


def growth_table(series: Series, points: Sequence[Point]) -> Table:
    """Return a series as a table: ours, its part of the peak, and how many times as long others take."""
    kinds = dict.fromkeys(f.entrant.kind for p in points for f in p.figures if not f.entrant.ours)
    table = empty("", series.name, "min µs", "% of peak", *kinds)
    for point in points:
        chosen = by_kind(point.figures)
        mine = next((f for f in chosen if f.entrant.ours), None)
        if mine is None:
            continue
        others = {f.entrant.kind: times(f.minimum / mine.minimum) for f in chosen}
        peak = peak_of(point)
        percent = f"{100 * mine.gflops / peak:.0f}" if peak else "-"
        cells = [others.get(kind, "-") for kind in kinds]
        table.add_row(f"{point.value:,}", microseconds(mine.minimum), percent, *cells)
    return table


def footprint_table(found: Sequence[Footprint], memory: Mapping[str, int]) -> Table:
    """Return seconds and memory of imports, and the most memory of each entrant's process."""
    table = empty("Seconds of an import, most memory of the process", "", "s", "MiB")
    for each in found:
        cells = (f"{each.seconds:.2f}", f"{each.memory / MEGA:,.0f}")
        table.add_row(each.name, *(("-", each.passed_over) if each.passed_over else cells))
    table.add_section()
    for kind, most in memory.items():
        table.add_row(f"{kind}, {MILLION}", "", f"{most / MEGA:,.0f}")
    return table


def measured(
    given: argparse.Namespace, console: Console
) -> tuple[Report, list[Point], dict[str, int]]:
    """Measure all series that were asked for."""
    report = Report(machine.describe(), {"threads": given.threads, "training": asdict(PACE)})
    everybody = [
        each
        for each in entrants("auto", given.threads, given.peers)
        if each.trains and (each.main or not each.ours)
    ]
    chosen = [each for each in SERIES if not given.series or each.name in given.series]
    memory: dict[str, int] = {}
    with processes(everybody) as running:
        bench = Bench(running, report, console)
        bench.greet()
        points = grown(bench, report, [each for each in chosen if each.name == "examples"])
        if points:
            for entrant, most in bench.everybody_s("memory").items():
                memory[entrant.kind] = min(most, memory.get(entrant.kind, most))
        points += grown(bench, report, [each for each in chosen if each.name != "examples"])
        bench.look_at_peak()
    return report, with_peaks(points, report), memory


def written(
    report: Report, points: Sequence[Point], found: Sequence[Footprint], memory: Mapping[str, int]
) -> dict[str, Any]:
    """Return all of it as JSON values."""
    return {
        "format": FORMAT,
        "benchmark": "growth",
        "machine": dict(report.machine),
        "settings": dict(report.settings),
        "versions": dict(sorted(report.versions.items())),
        "passed_over": report.passed_over,
        "peaks": report.peaks.to_json(),
        "points": [
            {"series": p.series, "value": p.value, "figures": [to_json(f) for f in p.figures]}
            for p in points
        ],
        "imports": [asdict(each) for each in found],
        "memory": dict(memory),
    }


def main(arguments: Sequence[str]) -> int:
    """Measure, show and write."""
    given = parsed(arguments)
    target = folder(given.output)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    report, points, memory = measured(given, Console(stderr=True))
    found = footprints(list(IMPORTS))
    write_json(target / "growth.json", written(report, points, found, memory))
    from benchmarks.growth_picture import draw  # noqa: PLC0415 - matplotlib is slow to import

    draw(report, SERIES, points, target / "growth.png")
    for series in SERIES:
        mine = [point for point in points if point.series == series.name]
        if mine:
            console.print(f"A training step, by {series.axis}", soft_wrap=True)
            console.print(growth_table(series, mine))
    console.print(footprint_table(found, memory))
    console.print(f"written: {target / 'growth.json'}, {target / 'growth.png'}", soft_wrap=True)
    return 0
