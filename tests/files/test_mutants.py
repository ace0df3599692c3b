"""Files that anybody may have written: refused in a sentence or whole, quickly, in bounded memory."""

import resource
from collections import Counter
from pathlib import Path

import pytest

from ellnet.errors import CorruptFileError
from ellnet.loading import of_bytes
from tests.counts import count
from tests.files.forging import forged, from_text, parts
from tests.files.judging import SECONDS, costly, judged
from tests.files.mutants import KINDS, mutant

KEPT = Path(__file__).resolve().parent / "kept"
MODEL = (KEPT / "format-1-model.safetensors").read_bytes()
BASES = (MODEL, (KEPT / "format-1-estimator.safetensors").read_bytes())

BITS = 8 * len(MODEL)
MUTANTS = count(1200, 100_000)
GROWTH = 96 * 2**20
"""Bytes by which all mutants together may make the process larger, leaks included."""


def test_every_flipped_bit_of_a_model_is_detected() -> None:
    """A file of 20 KB with any single bit another is refused; the ordinary suite takes every 29th."""
    data = bytearray(MODEL)
    step = count(29, 1)
    for place in range(0, BITS, step):
        data[place >> 3] ^= 1 << (place & 7)
        with pytest.raises(CorruptFileError):
            of_bytes(bytes(data), "here")
        data[place >> 3] ^= 1 << (place & 7)

    assert BITS >= 160_000
    assert bytes(data) == MODEL


@pytest.mark.parametrize("shard", range(4))
def test_a_mutant_is_refused_in_a_sentence_or_whole(shard: int) -> None:
    """No crash, no other exception, no more than 2 s of processor time or 4 times the file of memory."""
    told: Counter[str] = Counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(shard * MUTANTS // 4, (shard + 1) * MUTANTS // 4):
        data = mutant(number, BASES)
        try:
            verdict = judged(data)
        except BaseException as error:
            error.add_note(f"mutant {number}, of the kind {KINDS[number % len(KINDS)].__name__}")
            raise
        told["refused" if verdict.sentence else "whole"] += 1

        assert costly(data, verdict) == "", f"mutant {number}"
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

    assert told["refused"] > told["whole"] > 0
    assert grown < GROWTH


def hostile() -> dict[str, bytes]:
    """Return large files whose few bytes claim or hold far more."""
    outer, inner, tensors = parts(MODEL)
    size = 3 * 2**20
    texts = {
        "empty lists": "[" + "[]," * (size // 3) + "[]]",
        "empty objects": '{"a":[' + "{}," * (size // 3) + "{}]}",
        "objects": '{"a":[' + '{"a":1},' * (size // 8) + "1]}",
        "short words": '{"a":["' + '","'.join(["ab"] * (size // 5)) + '"]}',
        "whole numbers": '{"a":[' + "999," * (size // 4) + "1]}",
        "numbers": '{"a":[' + "1.5," * (size // 4) + "1]}",
        "wide letters": '{"a":"' + "\\ud83d\\ude00" + "a" * size + '"}',
        "names": "{" + ",".join(f'"{k}":1' for k in range(size // 10)) + "}",
    }
    files = {name: from_text(outer, text, tensors) for name, text in texts.items()}
    estimator = parts(BASES[1])
    changes: dict[str, dict[str, object]] = {
        "layers": {"layers": 10**12},
        "a wide dtype": {"labels": {**estimator[1]["record"]["labels"], "dtype": "<U99999999"}},
        "a strange dtype": {"labels": {**estimator[1]["record"]["labels"], "dtype": "(9,9)i4"}},
    }
    for name, change in changes.items():
        record = {**estimator[1], "record": {**estimator[1]["record"], **change}}
        files[name] = forged(estimator[0], record, estimator[2])
    long = {**inner, "record": {**inner["record"], "architecture": {"n": [1] * 400_000}}}
    return {**files, "a long list": forged(outer, long, tensors)}


@pytest.mark.parametrize("name", hostile())
def test_a_file_that_would_grow_in_memory_is_refused(name: str) -> None:
    """Header bombs of 3 MB, under a right digest: at most four times the file, and 2 s."""
    data = hostile()[name]

    verdict = judged(data)

    assert verdict.sentence
    assert verdict.most <= 4 * len(data) + 2**20
    assert verdict.seconds < SECONDS
