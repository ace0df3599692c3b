"""What may become of a file that anybody wrote: refused in a sentence, or whole; and at what cost."""

import time
import tracemalloc
import warnings
from dataclasses import dataclass

import numpy as np

from ellnet.engines import engine
from ellnet.errors import CorruptFileError, EllnetWarning
from ellnet.estimators.fitted import FittedMLP
from ellnet.files.model_file import ModelRecord, model_bytes
from ellnet.loading import of_bytes
from ellnet.models import Model

__all__ = ["SECONDS", "Verdict", "costly", "judged"]

SECONDS = 2.0
"""Of processor time that reading a small file may take."""

ROOM = 2**20
"""Bytes that reading may take beside four times the file: the interpreter's own, and messages."""


@dataclass(frozen=True)
class Verdict:
    """What became of a file: "" or the sentence that refused it; seconds, and bytes at the most."""

    sentence: str
    seconds: float
    most: int


def judged(data: bytes) -> Verdict:
    """Read a file that anybody wrote; whatever is neither refused nor whole raises.

    What is read must be written again, that be read to the same bytes, and predict: it keeps to the
    schema.
    """
    tracemalloc.start()
    begun = time.process_time()
    sentence, thing = "", None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", EllnetWarning)
            thing = of_bytes(data, "here")
    except CorruptFileError as error:
        sentence = str(error)
    seconds, (_, most) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if thing is None:
        assert sentence.startswith("here "), sentence
        assert "\n" not in sentence, sentence
        assert len(sentence) < 1000, sentence
        return Verdict(sentence, seconds, most)
    again = _written(thing)
    assert _written(of_bytes(again, "again")) == again
    _used(thing)
    return Verdict("", seconds, most)


def _written(thing: object) -> bytes:
    if isinstance(thing, Model):
        return model_bytes(ModelRecord(**vars(thing)))
    assert isinstance(thing, FittedMLP)
    return thing._file_bytes()


def _used(thing: object) -> None:
    """Predict from what was read: its parts fit each other."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if isinstance(thing, Model):
            X = np.zeros((thing.network.n[0], 1), thing.hyperparameters.dtype)
            A = np.asarray(engine(thing.hyperparameters.engine).predict(thing.network, X))
            assert thing.target.decode(A).shape == (1,)
            return
        assert isinstance(thing, FittedMLP)
        predicted = thing.predict(np.zeros((1, thing.network_.n[0])))
        assert len(predicted) == 1


def costly(data: bytes, verdict: Verdict) -> str:
    """Say what reading has cost too much, "" where it has not."""
    if verdict.seconds > SECONDS:
        return f"{verdict.seconds:.1f} s of processor time"
    if verdict.most > 4 * len(data) + ROOM:
        return f"{verdict.most} bytes of memory for a file of {len(data)}"
    return ""
