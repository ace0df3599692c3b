"""Progress: a bar that moves in a terminal, lines elsewhere; never garbled, always taken away."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from ellnet.cli.progress import Lines, LiveBar, describe_epoch, progress_hook
from ellnet.cli.terminal import terminal
from ellnet.history import Epoch, History
from tests.cli.command_line import Ell, environment, mixed_table

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(*words: str, cwd: Path, columns: int) -> tuple[int, str]:
    """Run ellnet on a terminal of so many columns, and return its exit code and all it wrote."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    variables = {**environment(), "TERM": "xterm-256color"}
    variables.pop("COLUMNS")
    command = [sys.executable, "-m", "ellnet", *words]
    process = subprocess.Popen(
        command, cwd=cwd, env=variables, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    written = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(master)
    return process.wait(timeout=60), written.decode()


@pytest.mark.parametrize("columns", [80, 60])
def test_in_a_terminal_a_bar_moves_and_no_line_is_too_long(tmp_path: Path, columns: int) -> None:
    """The epoch's number climbs in one line, which is rewritten; the cursor is given back."""
    (tmp_path / "t.csv").write_text(mixed_table(400))
    words = ("train", "t.csv", "--target", "y", "--epochs", "900", "--n-iter-no-change", "900")

    code, written = on_a_terminal(*words, cwd=tmp_path, columns=columns)

    lines = [ESCAPES.sub("", line) for line in re.split(r"[\r\n]+", written)]
    bars = [line for line in lines if line.startswith("epoch ")]
    seen = {int(number) for number in re.findall(r"epoch (\d+)/900", "\n".join(bars))}
    assert code == 0
    assert len(seen) >= 3
    assert 900 in seen
    assert max(map(len, lines)) <= columns
    assert "cost" in bars[-1]
    assert "validation" in bars[-1]
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1


def test_elsewhere_there_is_a_line_at_the_first_epoch_and_at_the_end(ell: Ell) -> None:
    """No escape code, no bar; the last epoch is told once."""
    Path("t.csv").write_text(mixed_table())

    ran = ell("train", "t.csv", "--target", "y", "--epochs", "3")

    lines = ran.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch 1/3", "epoch 3/3"]
    assert all("cost " in line and "accuracy " in line for line in lines)
    assert "\x1b" not in ran.out + ran.err


def test_a_single_epoch_is_told_once(ell: Ell) -> None:
    """The first line is the last."""
    ran = ell("train", "xor:m=60", "--epochs", "1")

    assert ran.err.count("epoch 1/1") == 1


def test_a_line_says_what_was_measured() -> None:
    """Cost alone, or with the validation part's cost and metric."""
    bare = History(epochs=(Epoch(0.12345),))
    full = History(epochs=(Epoch(0.5, 0.25, 0.75),), metric="accuracy")

    assert describe_epoch(History()) == ""
    assert describe_epoch(bare) == "cost 0.1235"
    assert describe_epoch(full) == "cost 0.5, validation 0.25, accuracy 0.75"


def test_the_hook_follows_the_kind_of_console() -> None:
    """A terminal gets the bar."""
    console = terminal()
    lines = progress_hook(console)
    console._force_terminal = True

    assert isinstance(lines, Lines)
    assert isinstance(progress_hook(console), LiveBar)
