"""The ledger of digests, and the lock beside it."""

from dataclasses import replace
from pathlib import Path

import pytest

from ellnet.errors import FileAccessError
from ellnet.files.digest_chain import Links
from ellnet.files.ledger import LEDGER, Entry, add_entry, read_ledger
from ellnet.files.locks import locked

ONE = Entry(1, 0, 10, Links("a", "b", "c", "d"), "")
TWO = Entry(2, 5, 25, Links("a", "b", "e", "f"), "early")


def test_lines_come_back_in_the_order_of_training(tmp_path: Path) -> None:
    """Of two for one place the first stands, unless the second says that the run ended there."""
    for entry in (TWO, ONE, replace(ONE, links=replace(ONE.links, parameters="x"))):
        add_entry(tmp_path, entry)
    add_entry(tmp_path, replace(ONE, stopped="epochs"))

    assert read_ledger(tmp_path) == [replace(ONE, stopped="epochs"), TWO]
    assert read_ledger(tmp_path / "none") == []


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    """What follows begins a line of its own."""
    add_entry(tmp_path, ONE)
    with (tmp_path / LEDGER).open("a") as file:
        file.write(TWO.line()[:40])

    add_entry(tmp_path, TWO)

    assert read_ledger(tmp_path) == [ONE, TWO]


def test_a_lock_keeps_others_out_until_it_is_given_back(tmp_path: Path) -> None:
    """In this process as in another."""
    with (
        locked(tmp_path / "f", "the run"),
        pytest.raises(FileAccessError, match="another process is training into the run; wait"),
    ):
        locked(tmp_path / "f", "the run").__enter__()

    with locked(tmp_path / "f", "the run"):
        assert (tmp_path / "f").read_bytes() == b""


def test_a_lock_in_no_folder_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    with pytest.raises(FileAccessError, match="cannot be opened: No such file"):
        locked(tmp_path / "none" / "f", "the run").__enter__()
