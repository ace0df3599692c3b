"""Ctrl-C as a wish."""

import os
import signal
import threading

import pytest

from ellnet.interruption import interruptible


def press() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_press_is_noted_and_the_second_raises():
    """One press is a wish, two are an order."""
    with pytest.raises(KeyboardInterrupt), interruptible() as pressed:  # noqa: PT012
        assert not pressed()
        press()
        assert pressed()
        press()


def test_the_handler_before_is_put_back():
    """Afterwards Ctrl-C is what it was."""
    before = signal.getsignal(signal.SIGINT)

    with interruptible():
        inside = signal.getsignal(signal.SIGINT)

    assert inside is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_is_never_interrupted():
    """Signals arrive in the main thread alone; elsewhere nothing is touched."""
    seen = []

    def body() -> None:
        with interruptible() as pressed:
            seen.append(pressed())

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()

    assert seen == [False]
