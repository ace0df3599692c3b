"""Where the notes' argument for depth (N4) holds and where it does not, in the figures of one n."""

from collections.abc import Sequence

from ellnet.explain.circuits import Circuit
from ellnet.explain.circuits_training import Result

__all__ = ["verdict"]


def verdict(circuits: Sequence[Circuit], results: Sequence[Result] = ()) -> list[str]:
    """Say what the circuits show, and what training found.

    Args:
        circuits: the three of one n.
        results: of training, where there was some.
    """
    by_name = {circuit.name: circuit for circuit in circuits}
    tree, and_or, threshold = (by_name[name] for name in ("tree", "and_or", "threshold"))
    n = tree.network.n[0]
    sentences = [
        (
            f"Holds: against two levels of AND and OR depth wins. The tree takes {tree.gates:,} XOR "
            f"gates, the two-level network {and_or.gates:,} ANDs, since an AND that leaves out an input "
            "cannot imply odd parity: each recognises exactly one pattern."
        ),
        (
            f"Why 2^(n-1) and not 2^n: half of the {2**n:,} patterns are odd, and only those need an "
            "AND. Without one the output is 0, which is right for the other half."
        ),
        (
            f"Does not hold: against every shallow network. One hidden layer of {threshold.units} "
            f"thresholds computes parity too, with {_compared(threshold.units, tree.units)} "
            f"{tree.units} ReLU units, because parity depends on the sum of the inputs alone. In "
            f"weights it takes {threshold.weights:,}, the tree {tree.weights:,}."
        ),
    ]
    return [*sentences, *_found(results)]


def _compared(shallow: int, deep: int) -> str:
    if shallow == deep:
        return "as many units as the tree's"
    return f"{'fewer' if shallow < deep else 'more'} units than the tree's"


def _found(results: Sequence[Result]) -> list[str]:
    """Say what gradient descent made of nets that are large enough by construction."""
    if not results:
        return []
    solved = {result.contender.name: result for result in results}
    tree, step = solved.get("the tree's shape"), solved.get("the thresholds' shape")
    best = max(results, key=lambda result: (result.solved, -result.parameters))
    found = []
    if tree is not None and step is not None:
        found.append(
            "That weights exist does not mean that gradient descent finds them: from "
            f"{len(tree.learned)} seeds a net of the tree's shape ends with all of parity "
            f"{_times(tree.solved)}, one of the thresholds' shape {_times(step.solved)}."
        )
    found.append(
        f"Most often right was {best.contender.name} ({best.solved} of {len(best.learned)} seeds, "
        f"{best.parameters:,} parameters)."
        if best.solved
        else "No seed of any net solved it in these epochs."
    )
    if results[0].unseen:
        general = sum(result.general for result in results)
        every = sum(len(result.learned) for result in results)
        found.append(
            f"Of {every} trained nets {general} got the patterns right that were held out as well; "
            "to get those right that it saw, a net need not find the rule."
        )
    return found


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
