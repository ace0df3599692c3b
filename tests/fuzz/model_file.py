"""A fuzzer of model files, led by coverage: `python -m tests.fuzz.model_file [SECONDS]`, by default 600.

It needs atheris (`python -m pip --python .venv/bin/python install atheris`). The first finding ends it
with code 77 and a traceback, and is left in the file that it names. Half of what it makes is signed
again, so that it gets behind the digest.
"""

import gc
import sys
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from types import FunctionType

KEPT = Path(__file__).resolve().parents[1] / "files" / "kept"

READ_BY = ("ellnet.", "json.")
"""Modules whose branches lead the fuzzer."""

__all__ = ["main", "tried"]


def tried(data: bytes) -> None:
    """Judge bytes as they are, signed again, and changed in one of our own ways."""
    from tests.files.judging import costly, judged
    from tests.files.mutants import mutant, signed

    several = {data, signed(data)}
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        several.add(mutant(zlib.crc32(data), [data]))  # of what can be taken apart
    for each in several:
        cost = costly(each, judged(each))
        if cost:
            raise AssertionError(cost)


def main() -> None:
    """Fuzz for so many seconds."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing: python -m pip --python .venv/bin/python install atheris")
    import ellnet.estimators
    import ellnet.loading  # noqa: F401

    # One by one: an editable installation has an importer that atheris does not get into.
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and str(function.__module__).startswith(READ_BY):
            atheris.instrument_func(function)
    corpus = Path(tempfile.mkdtemp(prefix="ellnet-fuzz-"))
    for path in KEPT.glob("*.safetensors"):
        (corpus / path.name).write_bytes(path.read_bytes())
    print(f"corpus in {corpus}", flush=True)  # noqa: T201 - it talks on the terminal
    options = [
        f"-max_total_time={seconds}",
        "-timeout=20",
        "-rss_limit_mb=1024",
        "-max_len=65536",
        "-len_control=0",
    ]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={corpus}/", str(corpus)], tried)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
