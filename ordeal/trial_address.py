"""The native tests under AddressSanitizer and UndefinedBehaviorSanitizer."""

from ordeal.builds import preloaded
from ordeal.sittings import Sitting, Trial
from ordeal.suites import run_tests

__all__ = ["TESTS", "TRIAL"]

TESTS = (
    "tests/engines/native",
    "tests/engines/test_many.py",
    "--ignore=tests/engines/native/test_memory.py",  # bounds addresses: a sanitizer takes them all
    "--ignore=tests/engines/native/test_interrupts.py",  # bounds times, which it multiplies
    "--ignore=tests/engines/native/test_objects.py",  # compiles files, and runs nothing of ours
)
"""What runs under a sanitizer."""


def work(sitting: Sitting) -> None:
    """Run the tests; the first report ends the process."""
    prefix, environment = preloaded("address")
    run_tests(sitting, TESTS, prefix=prefix, environment=environment)


TRIAL = Trial("no read or write beside memory, nothing undefined", work, builds=("address",))
