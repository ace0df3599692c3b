"""Bad rows: what a row has that cannot be taken, and where."""

from dataclasses import dataclass

__all__ = ["BadRow"]


@dataclass(frozen=True, order=True)
class BadRow:
    """One reason why a row cannot be taken; a row may have several.

    Attributes:
        row: its number in the source, from 0.
        line: its line in the source, from 1; None where the source is no text.
        column: the column; "" where it is the row as a whole.
        reason: what the rule is and what came.
    """

    row: int
    line: int | None
    column: str
    reason: str

    def sentence(self) -> str:
        """Say it in words: column, reason, row and line."""
        column = f"column {self.column!r} " if self.column else ""
        line = "" if self.line is None else f" (line {self.line})"
        return f"{column}{self.reason} in row {self.row}{line}"
