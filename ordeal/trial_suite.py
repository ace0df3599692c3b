"""The whole suite with its large counts, as `./run test --ordeal` has it."""

import os

from ordeal.sittings import Sitting, Trial
from ordeal.suites import run_tests
from tests.counts import ORDEAL

__all__ = ["TRIAL"]


def work(sitting: Sitting) -> None:
    """Run every test; where only a part was asked for, with the ordinary counts."""
    large = sitting.scale >= 1
    run_tests(
        sitting,
        ["tests", *(["--ordeal"] if large else [])],
        environment={**os.environ, ORDEAL: str(int(large))},
    )


TRIAL = Trial("the suite is green with its large counts", work)
