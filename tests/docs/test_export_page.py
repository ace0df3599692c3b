"""The page on forms: its commands, its Python and its C run, in the order of the page."""

import io
import json
import re
import shlex
import subprocess

import pytest

from ellnet.cli import main
from ellnet.equations.activations import ACTIVATIONS
from ellnet.forms.onnx_graph import ML, OPSETS
from tests.forms.compiled import COMPILERS, STRICT


@pytest.fixture(scope="module")
def page(root):
    """The page as it stands."""
    return (root / "docs" / "export.md").read_text(encoding="utf-8")


def test_every_block_runs(page, tmp_path, monkeypatch, capsys):
    """Commands, then Python in one namespace, with a request to the application and the C at the end."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    commands = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)

    for line in "".join(commands).splitlines():
        words = shlex.split(line)
        assert words[0] == "ellnet"
        assert main(words[1:]) == 0
    for block in blocks:
        exec(compile(block, "docs/export.md", "exec"), names)  # noqa: S102 - what the page shows

    assert len(blocks) == 5
    assert _asked(names, [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]) == ["setosa", "virginica"]
    capsys.readouterr()
    if COMPILERS:
        assert _c_says(page, tmp_path).startswith("setosa 0.")


def _asked(names, rows):
    """What the application answers."""
    content = json.dumps(rows).encode()
    environ = {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
    said = []
    answer = names["application"](environ, lambda *head: said.append(head))
    assert said[0][0] == "200 OK"
    return json.loads(b"".join(answer))


def _c_says(page, folder):
    """What the program of the page prints."""
    (block,) = re.findall(r"```c\n(.*?)```", page, flags=re.DOTALL)
    (folder / "main.c").write_text(block)
    command = [COMPILERS[0], *STRICT, "main.c", "iris.c", "-lm", "-o", "program"]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run([folder / "program"], capture_output=True, text=True, check=True)
    return done.stdout


def test_what_the_page_says_of_the_forms_is_so(page):
    """The operator sets, and the number of activations."""
    assert f"ai.onnx {OPSETS['']} and {ML} {OPSETS[ML]}" in page
    assert len(ACTIVATIONS) == 15
    assert "All fifteen activations" in page
