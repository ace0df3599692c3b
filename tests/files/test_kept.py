"""Files of every format version that there has been are read, and predict what they predicted."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from ellnet.estimators import MLPClassifier
from ellnet.files.container import FORMAT_VERSION
from ellnet.loading import load
from ellnet.models import Model
from tests.files.make_kept import KEPT, ROWS

VERSIONS = range(1, FORMAT_VERSION + 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_of_each_version_predicts_what_it_did(version: int) -> None:
    """A model and an estimator, to rounding on whatever machine; to the bytes when saved again."""
    told = json.loads((KEPT / f"format-{version}.json").read_text())

    model = load(KEPT / f"format-{version}-model.safetensors")
    estimator = load(KEPT / f"format-{version}-estimator.safetensors")

    assert isinstance(model, Model)
    assert isinstance(estimator, MLPClassifier)
    np.testing.assert_allclose(model.predict_proba(ROWS), told["model"], rtol=0, atol=1e-5)
    found = estimator.predict_proba(np.array(told["X"]))
    np.testing.assert_allclose(found, told["estimator"], rtol=0, atol=1e-12)


def test_a_file_of_this_version_is_saved_to_the_same_bytes(tmp_path: Path) -> None:
    """Until the format's version rises a model file's bytes do not change."""
    for name in ("model", "estimator"):
        kept = KEPT / f"format-{FORMAT_VERSION}-{name}.safetensors"
        thing = load(kept)

        thing.save(tmp_path / name)

        written = re.compile(rb'\\"library_version\\":\\"[^"]*\\"|\\"digest\\":\\"[0-9a-f]{64}\\"')
        assert written.sub(b"", (tmp_path / name).read_bytes()) == written.sub(
            b"", kept.read_bytes()
        )
