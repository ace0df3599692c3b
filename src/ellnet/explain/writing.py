"""Writing a sheet: in the form that the file's ending asks for, all numbers beside it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ellnet.errors import FileAccessError
from ellnet.explain.html_form import html_page
from ellnet.explain.latex_form import latex_document
from ellnet.explain.numbers_file import ENDINGS, write_numbers
from ellnet.explain.sheet import Sheet
from ellnet.explain.terminal_form import terminal_lines
from ellnet.files.durable import write_durably

__all__ = ["FORMS", "sheet_text", "write_sheet"]

WIDTH = 100


def sheet_text(sheet: Sheet, width: int = WIDTH) -> str:
    """Return the sheet as plain text, no line wider than `width` columns."""
    return "".join(f"{line.plain}\n" for line in terminal_lines(sheet, width))


FORMS: dict[str, Callable[[Sheet], str]] = {
    ".html": html_page,
    ".tex": latex_document,
    ".txt": sheet_text,
}
"""The forms of a file, by its ending."""


def write_sheet(sheet: Sheet, path: str | Path, *, numbers: str = "npz") -> tuple[Path, Path]:
    """Write a sheet as HTML, LaTeX or text, and all of its numbers beside it.

    Args:
        sheet: the sheet.
        path: ends in .html, .tex or .txt; the numbers go to a file of the same name.
        numbers: "npz" for NumPy, or "csv" with a line a number.

    Returns:
        Both files.

    Raises:
        FileAccessError: another ending, or a file that cannot be written; says what to do.
        DataError: LaTeX of a network of 500 parameters or more.
    """
    page = Path(path)
    if page.suffix.lower() not in FORMS:
        raise FileAccessError(f"{page} must end in {', '.join(FORMS)}; name another file")
    if f".{numbers}" not in ENDINGS:
        raise FileAccessError(f"numbers must be npz or csv, got {numbers!r}")
    beside = page.with_suffix(f".{numbers}")
    text = FORMS[page.suffix.lower()](replace(sheet, numbers_file=beside.name))
    write_numbers(beside, dict(sheet.numbers))
    write_durably(page, text.encode())
    return page, beside
