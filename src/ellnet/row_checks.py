"""Which rows a model cannot take, and why: each row by itself, where `transform` names the first few."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ellnet.bad_rows import BadRow
from ellnet.columns import Column, Columns
from ellnet.encodings import BooleanEncoding, CategoryEncoding, Encoding, Unseen
from ellnet.preprocessing import Preprocessing, of_kind

__all__ = ["bad_rows", "unseen_values"]

Flags = NDArray[np.bool_]


def bad_rows(preprocessing: Preprocessing, columns: Columns, unseen: Unseen) -> list[BadRow]:
    """Return every value that `preprocessing.transform` would refuse, in the order of the columns.

    Args:
        preprocessing: how columns become features.
        columns: the table, with the columns of training.
        unseen: as for `transform`.

    Returns:
        What is wrong where, numbered as the source is.

    Raises:
        DataError: a whole column is of another kind; names it and the first row.
    """
    found = []
    for name, encoding in preprocessing.encodings.items():
        column = of_kind(columns, name, encoding.kind)
        for flags, rule in _refused(column, encoding, unseen):
            for place in np.flatnonzero(flags).tolist():
                row = place if columns.rows is None else int(columns.rows[place])
                (came,) = column.values[place : place + 1].tolist()
                value = "" if column.missing[place] else f", got {came!r:.60}"
                found.append(BadRow(row, None, name, f"{rule}{value}"))
    return found


def _refused(column: Column, encoding: Encoding, unseen: Unseen) -> Iterator[tuple[Flags, str]]:
    """Yield rows that are refused, and the rule that refuses them."""
    numeric = not isinstance(encoding, BooleanEncoding | CategoryEncoding)
    if numeric:
        yield np.isinf(column.values), "must hold finite numbers"
    if unseen == "ignore":
        return
    if not encoding.missing:
        yield column.missing, "had no missing value in training, and has one"
    if isinstance(encoding, CategoryEncoding):
        yield _strange(column, encoding), "must hold categories seen in training"


def _strange(column: Column, encoding: CategoryEncoding) -> Flags:
    """Return where a value stands that training never saw, and that no feature is for."""
    if encoding.infrequent:
        return np.zeros(len(column.values), bool)
    known = {None, *encoding.levels}
    return np.array([value not in known for value in column.values], bool)


def unseen_values(preprocessing: Preprocessing, columns: Columns) -> dict[str, tuple[int, str]]:
    """Return of each column how many rows have values that training never saw, and the first value."""
    found = {}
    for name, encoding in preprocessing.encodings.items():
        if isinstance(encoding, CategoryEncoding):
            column = of_kind(columns, name, encoding.kind)
            rows = np.flatnonzero(_strange(column, encoding))
            if len(rows):
                found[name] = (len(rows), str(column.values[rows[0]]))
    return found
