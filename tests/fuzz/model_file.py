"""A fuzzer of model files, led by coverage: `python -m tests.fuzz.model_file [SECONDS]`, by default 600.

It needs atheris (`python -m pip --python .venv/bin/python install atheris`). The first finding ends it
with code 77 and a traceback, and is left in the file that it names. Half of what it makes is signed
again, so that it gets behind the digest.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

KEPT = Path(__file__).resolve().parents[1] / "files" / "kept"

__all__ = ["main", "tried"]


def tried(data: bytes) -> None:
    """Judge bytes as they are, and signed again."""
    from tests.files.judging import costly, judged
    from tests.files.mutants import signed

    for each in {data, signed(data)}:
        cost = costly(each, judged(each))
        if cost:
            raise AssertionError(cost)


def _started(atheris: ModuleType, seconds: int, corpus: Path) -> None:
    mutate: Callable[[bytes, int], bytes] = atheris.Mutate

    def changed(data: bytes, most: int, seed: int) -> bytes:
        """Take one of our own mutants now and then; else what the fuzzer makes."""
        from tests.files.mutants import KINDS, mutant

        if data and seed % 4 == 0:
            try:
                return mutant(seed % (len(KINDS) * 10**6), [data])[:most]
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                return mutate(data, most)
        return mutate(data, most)

    options = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=1024"]
    words = [sys.argv[0], *options, "-max_len=65536", f"-artifact_prefix={corpus}/", str(corpus)]
    atheris.Setup(words, tried, custom_mutator=changed)
    atheris.Fuzz()


def main() -> None:
    """Fuzz for so many seconds."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is missing: python -m pip --python .venv/bin/python install atheris")
    with atheris.instrument_imports(include=["ellnet"]):
        import ellnet.estimators
        import ellnet.loading  # noqa: F401
    corpus = Path(tempfile.mkdtemp(prefix="ellnet-fuzz-"))
    for path in KEPT.glob("*.safetensors"):
        (corpus / path.name).write_bytes(path.read_bytes())
    print(f"corpus in {corpus}", flush=True)  # noqa: T201 - it talks on the terminal
    _started(atheris, seconds, corpus)


if __name__ == "__main__":
    main()
