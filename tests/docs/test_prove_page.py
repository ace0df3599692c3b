"""The page on the proof sheet: what it shows runs."""

import re

import pytest

from ellnet.cli.prove import prove
from ellnet.explain.slips import SLIPS


@pytest.fixture(scope="module")
def page(root):
    """The page as it stands."""
    return (root / "docs" / "prove.md").read_text(encoding="utf-8")


def test_every_block_runs(page, tmp_path, monkeypatch):
    """In the order of the page, in one namespace; every assertion in it holds."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)

    for block in blocks:
        exec(compile(block, "docs/prove.md", "exec"), names)  # noqa: S102 - what the page shows

    assert len(blocks) == 4
    assert sum(block.count("assert ") for block in blocks) >= 8


def test_every_option_that_is_shown_is_one(page):
    """In the commands of the page."""
    known = {option for parameter in prove.params for option in parameter.opts}
    shown = set(
        re.findall(
            r"(?<=\s)(--?[a-z-]+)(?=\s|$)",
            "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)),
        )
    )

    assert shown
    assert shown <= known


def test_every_erratum_has_its_slip():
    """Those of N7: 1 to 4 among the rules, 5 in the shape."""
    assert {slip.erratum for slip in SLIPS} == {0, 1, 2, 3, 4}
