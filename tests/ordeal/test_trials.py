"""Trials in small, and that each can fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ellnet.engines import native
from ordeal import trial_company, trial_forks, trial_predictions
from ordeal.sittings import Failed, Sitting
from tests.engines.every_engine import TARGETS

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(not TARGETS, reason="the native engine was not built")

SMALL = ["company", "forks", "predictions"]


@pytest.mark.parametrize("names", [SMALL, ["allocations"]], ids=["several", "allocations"])
def test_a_small_part_of_a_trial_is_stood(names, tmp_path):
    """As the command holds them, a hundredth of the counts."""
    if names == ["allocations"] and not (sys.platform == "linux" and shutil.which("g++")):
        pytest.skip("no g++ here, or no Linux")

    command = [sys.executable, "-m", "ordeal", *names, "--scale", "0.01", "--logs", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert done.stdout.count(" ok ") == len(names)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [("other", "other bits"), ("crash", "ended with -6"), ("exit", "ended with 1")],
)
def test_a_child_that_is_not_right_is_found(wrong, said, monkeypatch):
    """Other bits, a crash, an exception."""
    parent, real = os.getpid(), trial_forks.digest

    def digest(seed: int) -> bytes:
        if os.getpid() == parent:
            return real(seed)
        if wrong == "crash":
            os.abort()
        if wrong == "exit":
            raise LookupError
        return b"other"

    monkeypatch.setattr(trial_forks, "digest", digest)
    with pytest.raises(Failed, match=said):
        trial_forks.work(Sitting(scale=0.005))


@pytest.mark.parametrize("trial", [trial_company, trial_predictions])
def test_a_wrong_bit_is_found(trial, monkeypatch):
    """Every hundredth prediction is wrong in its last bit."""
    real, calls = native.predict, iter(range(10**6))

    def predict(*arguments: Any, **options: Any) -> np.ndarray:
        A = real(*arguments, **options)
        return np.nextafter(A, np.inf) if next(calls) % 100 == 99 else A

    monkeypatch.setattr(native, "predict", predict)
    with pytest.raises(Failed, match=r"differs|other bits"):
        trial.work(Sitting(scale=0.05))


def test_a_late_answer_to_ctrl_c_is_found():
    """A call that hears nothing for three tenths of a second; and one that hears at once."""
    program = """
import signal, time
from ordeal.sittings import Failed
from ordeal.trial_interrupts import Call, in_time

def deaf():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    time.sleep(0.3)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    time.sleep(1)

def kept(): pass
signal.signal(signal.SIGINT, signal.default_int_handler)
print(in_time(Call(lambda: time.sleep(1), kept), "sleep", 0.05)[0].of_its_own < 0.1)
try:
    in_time(Call(deaf, kept), "deaf", 0.05)
except Failed as failed:
    print(failed)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True\nCtrl-C after 0.050 s of 'deaf' took ")
