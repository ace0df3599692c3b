"""`ellnet`, and `python -m ellnet`: Ctrl-C is heard before anything that takes time is imported."""

import sys

INTERRUPTED, SENTENCE = 130, "ellnet: interrupted\n"

try:
    import os
    import signal
    from types import FrameType
except KeyboardInterrupt:
    sys.stderr.write(SENTENCE)
    sys.exit(INTERRUPTED)

__all__ = ["main"]


def main() -> int:
    """Run the command line of this process, and return its exit code (see `ellnet.cli`).

    Nothing is under way while modules are imported, so Ctrl-C ends the process there and then: an
    exception could be lost in a module that catches whatever comes while it is imported.
    """
    try:
        heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if heard:  # else it is ignored, as in a job in the background, or somebody else's
            signal.signal(signal.SIGINT, _end)
        from ellnet.cli import main as run  # noqa: PLC0415 - it takes a third of a second

        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the way out is not interrupted again
        _say_interrupted()
        return INTERRUPTED


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    _say_interrupted()
    os._exit(INTERRUPTED)


def _say_interrupted() -> None:
    try:
        os.write(2, SENTENCE.encode())
    except OSError:  # nobody reads any more
        return


if __name__ == "__main__":
    sys.exit(main())
