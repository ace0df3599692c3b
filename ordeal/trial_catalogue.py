"""The whole catalogue of equations against the array engine, and its bits on every instruction set."""

from ordeal.sittings import Sitting, Trial
from ordeal.suites import run_tests

__all__ = ["TRIAL"]

TESTS = (
    "tests/engines/native/test_agreement.py",
    "tests/engines/native/test_targets.py",
    "tests/engines/native/test_coverage.py",
    "tests/engines/native/test_bits.py",
)


def work(sitting: Sitting) -> None:
    """Run the tests that hold both engines to one another."""
    run_tests(sitting, TESTS)


TRIAL = Trial("every equation of the catalogue agrees with the array engine: 1e-12, 2e-5", work)
