"""The page on coming from scikit-learn: what it shows runs, and what it lists is what there is."""

import inspect
import re

import pytest

from ellnet.estimators import MLPClassifier, MLPRegressor


@pytest.fixture(scope="module")
def page(root):
    """The page as it stands."""
    return (root / "docs" / "migration.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_block_runs(page):
    """In the order of the page, in one namespace."""
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)

    for block in blocks:
        exec(compile(block, "docs/migration.md", "exec"), names)  # noqa: S102 - what the page shows

    assert len(blocks) >= 7


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_every_parameter_is_named(cls, page):
    """In the table, or among what is more."""
    chapter = page.split("## Attributes")[0]

    assert [p for p in inspect.signature(cls).parameters if f"`{p}`" not in chapter] == []


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_every_attribute_that_is_promised_is_there(cls, page):
    """Those with an underscore at the end, but for the frame's names."""
    table = page.split("## Attributes and methods")[1].split("## What differs")[0]
    promised = set(re.findall(r"`(\w+_)`", table)) - {"feature_names_in_"}
    if cls is MLPRegressor:
        promised -= {"classes_"}
    found = cls(solver="lbfgs").fit([[0.0], [1.0], [2.0]], [0, 1, 1])

    assert [name for name in sorted(promised) if not hasattr(found, name)] == []
