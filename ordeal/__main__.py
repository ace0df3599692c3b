"""The trials: `python -m ordeal [NAME...]`; `./run ordeal` makes the builds that they need before."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ordeal.builds import BUILDS
from ordeal.finding import ROOT, trial, wanted
from ordeal.holding import Held, Plan, hold

__all__ = ["main"]


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    says = argparse.ArgumentParser(
        prog="./run ordeal",
        description="Hold trials one after the other; each tells what it has done. The exit code is 0 "
        "where every one of them was stood.",
    )
    says.add_argument("names", nargs="*", metavar="NAME", help="a trial; all by default")
    says.add_argument("--list", action="store_true", help="say which trials there are, and no more")
    says.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="PART",
        help="do this part of the counts, such as 0.01 for a look; 1 by default",
    )
    says.add_argument("--seed", type=int, default=0, help="begin random choices elsewhere")
    says.add_argument(
        "--logs",
        type=Path,
        default=ROOT / ".run" / "ordeal",
        metavar="FOLDER",
        help="what trials print goes here; .run/ordeal by default",
    )
    return says


def table(held: Sequence[Held]) -> str:
    """Return the result, a line a trial, and below it what was measured and what went wrong."""
    width = max([len(each.done) for each in held] + [5])
    lines = [f"{'trial':<15}{'count':<{width + 2}}{'result':<9}{'seconds':>8}"]
    lines += [
        f"{each.name:<15}{each.done:<{width + 2}}{each.verdict:<9}{each.seconds:>8.0f}"
        for each in held
    ]
    figures = [(each.name, *pair) for each in held for pair in each.figures.items()]
    lines += ["", *(f"{name}: {what}: {value}" for name, what, value in figures)] if figures else []
    wrong = [f"{each.name}: {each.reason}" for each in held if each.reason]
    return "\n".join([*lines, "", *wrong]) if wrong else "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Hold trials; after the word `builds` only print those that they need, a line each."""
    listing = words[:1] == ["builds"]
    chosen = parser().parse_args(words[1:] if listing else words)
    try:
        names = wanted(chosen.names)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    if chosen.list:
        print("\n".join(f"{name:<15}{trial(name).purpose}" for name in names))
        return 0
    if listing:
        needed = dict.fromkeys(build for name in names for build in trial(name).builds)
        for build in needed:
            print(build, BUILDS[build].sanitizers)
        return 0
    plan = Plan(chosen.scale, chosen.seed, chosen.logs)
    print(f"ordeal: {len(names)} trials; what they print is in {plan.logs}", file=sys.stderr)
    held = [hold(name, plan) for name in names]
    print(table(held))
    return int(any(each.verdict != "ok" for each in held))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("interrupted: the trial under way was ended")
