"""What the bits of a run may not hang on: threads, instruction sets, and where it is cut."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ellnet.engines import native
from tests.engines.every_engine import TARGETS
from tests.engines.native.configurations import Case, bits, run_of
from tests.engines.native.running import BEST, on_target

__all__ = ["hold_bits"]


def hold_bits(case: Case, threads: int, cut: Callable[[int], int]) -> None:
    """Train on every instruction set, on so many threads, and in two pieces; all bits must be the same.

    Args:
        case: the run.
        threads: a number of threads, beside one.
        cut: gives the step to cut at, from the number of steps.
    """
    with on_target(BEST):
        whole = run_of(case, n_threads=1)
        expected = bits(whole)

        assert bits(run_of(case, n_threads=threads)) == expected
        for target in TARGETS[1:]:
            with on_target(target):
                assert bits(run_of(case, n_threads=1)) == expected, target
        if whole.divergence is None:
            cut_at(case, cut(whole.state.step), expected)


def cut_at(case: Case, step: int, expected: tuple[bytes, ...]) -> None:
    """Run a case up to a step, and from there to its end, and compare with the whole."""
    a_step = case.chosen.examples_a_step(case.m)
    a_epoch = -(-case.m // a_step)
    asked = iter([False] * step + [True])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "WATCH_SECONDS", 0.0)
        first = run_of(case, watch=lambda *_: next(asked))
    left = case.epochs - first.state.epoch

    rest = run_of(case, first.state, epochs=left)

    assert first.state.step == min(step, case.epochs * a_epoch)
    joined = replace(
        rest,
        iterations=first.iterations + rest.iterations,
        costs=first.costs + rest.costs,
        validation_costs=first.validation_costs + rest.validation_costs,
    )
    assert bits(joined) == expected
