"""The page on seeing a network: what it shows runs, and its pictures are there and small."""

import re

import pytest

from ellnet.cli.draw import draw
from ellnet.cli.responses import responses

LARGEST = 130_000


@pytest.fixture(scope="module")
def page(root):
    """The page as it stands."""
    return (root / "docs" / "seeing.md").read_text(encoding="utf-8")


def test_every_block_runs(page, tmp_path, monkeypatch):
    """In the order of the page, in one namespace; every assertion in it holds."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)

    for block in blocks:
        exec(compile(block, "docs/seeing.md", "exec"), names)  # noqa: S102 - what the page shows

    assert len(blocks) == 4
    assert sum(block.count("assert ") for block in blocks) >= 11


def test_every_option_that_is_shown_is_one(page):
    """In the commands of the page."""
    known = {option for command in (draw, responses) for p in command.params for option in p.opts}
    commands = "".join(re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL))
    shown = set(re.findall(r"(?<=\s)(--?[a-z-]+)(?=\s|$)", commands))

    assert len(shown) >= 5
    assert shown <= known


def test_every_picture_is_there_for_light_and_for_dark(root, page):
    """Each with words for who does not see it, and none of them large; none is left over."""
    shown = re.findall(r'<picture>.*?srcset="(.*?)".*?alt="(.*?)" src="(.*?)"', page)
    files = {
        str(path.relative_to(root / "docs")) for path in (root / "docs/images/seeing").iterdir()
    }

    assert {name for dark, _, light in shown for name in (dark, light)} == files
    for dark, words, light in shown:
        assert dark == light.replace("-light", "-dark")
        assert len(words) > 30
        assert all((root / "docs" / name).stat().st_size < LARGEST for name in (dark, light))
