"""The native tests under ThreadSanitizer."""

import tempfile
from pathlib import Path

from ordeal.builds import preloaded
from ordeal.finding import ROOT
from ordeal.sittings import Failed, Sitting, Trial
from ordeal.suites import run_tests
from ordeal.trial_address import TESTS

__all__ = ["TRIAL"]

SUPPRESSED = ROOT / "ordeal" / "thread_suppressions.txt"


def work(sitting: Sitting) -> None:
    """Run the tests; every report of every process is looked at, also where the tests pass."""
    prefix, environment = preloaded("thread")
    with tempfile.TemporaryDirectory() as folder:
        said = f"{environment['TSAN_OPTIONS']}:suppressions={SUPPRESSED}:log_path={folder}/report"
        environment["TSAN_OPTIONS"] = said
        try:
            run_tests(sitting, TESTS, prefix=prefix, environment=environment)
        finally:
            reports = [path.read_text(errors="replace") for path in Path(folder).iterdir()]
            print("\n".join(reports))
        raced = sum(each.count("WARNING: ThreadSanitizer") for each in reports)
    if raced:
        raise Failed(f"ThreadSanitizer made {raced} reports; they are in the log")


TRIAL = Trial("no two threads at one place without saying so", work, builds=("thread",))
