"""Bulk prediction: a model over a table that is larger than memory, batch by batch, in its order."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from ellnet.bad_rows import BadRow
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.engines import engine
from ellnet.errors import DataError, EllnetWarning, HyperparameterError
from ellnet.models import Model
from ellnet.row_checks import bad_rows, unseen_values
from ellnet.table_batches import Batch, TableBatches, Wanted

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BATCH", "BulkPrediction", "Given", "Predicted", "Word", "bad_rows_frame"]

BATCH = 2**16
"""Rows of a batch; a multiple of the array engine's passes, so that batches change no bit of it."""

NUMBERS_IN_MEMORY = 2**24
"""Features of all rows of a batch together, at most; of a wide table fewer rows are taken at once."""

PASS = 2**13
"""Rows of a batch, at least."""

Word = Literal["class", "probabilities", "value"]

ROW = "row"


@dataclass(frozen=True)
class Given:
    """What is given of each row.

    Attributes:
        words: "class" and "probabilities" of a classification, "value" of a regression.
        activations: layers whose A[l] are given, one column a unit.
        numbered: whether each row's number in the table stands first.
    """

    words: Sequence[Word]
    activations: Sequence[int] = ()
    numbered: bool = False

    @property
    def decided(self) -> bool:
        """Whether the prediction itself is given, a class or a value."""
        return "class" in self.words or "value" in self.words

    @classmethod
    def of(
        cls,
        model: Model,
        words: Sequence[str] | None,
        activations: Sequence[int] = (),
        *,
        numbered: bool = False,
    ) -> "Given":
        """Check what is asked of a model; None for all that it predicts.

        Raises:
            HyperparameterError: a word that does not go with the model, or a layer it does not have.
        """
        regression = model.target.task == "regression"
        allowed: tuple[Word, ...] = ("value",) if regression else ("class", "probabilities")
        for word in words or ():
            if word not in allowed:
                raise HyperparameterError(
                    f"a model of a {model.target.task} target gives {' and '.join(allowed)}, "
                    f"got {word!r}"
                )
        L = model.network.L
        for layer in activations:
            if not 1 <= layer <= L:
                raise HyperparameterError(
                    f"activations are those of a layer from 1 to {L}, got {layer}"
                )
        asked = allowed if words is None else [word for word in get_args(Word) if word in words]
        if not asked and not activations:
            raise HyperparameterError(
                f"something must be given of each row: {', '.join(allowed)}, or activations"
            )
        return cls(tuple(asked), tuple(dict.fromkeys(activations)), numbered)


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a batch gives: a frame with a row for each good row, the bad ones, and how far it is."""

    frame: "pl.DataFrame"
    bad: Sequence[BadRow]
    part: float


@final
@dataclass
class BulkPrediction:
    """A model at work on one table.

    Attributes:
        model: the model.
        given: what is given of each row.
        keep: columns of the table that are handed on, before what is predicted.
        unseen: what to do with values that training never saw.
        apart: whether bad rows are set apart; else the first one is an error.
        rows: good rows so far.
        bad: bad rows so far.
    """

    model: Model
    given: Given
    keep: Sequence[str] = ()
    unseen: Unseen = "error"
    apart: bool = False
    rows: int = 0
    bad: int = 0
    _strange: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        """What is to be read of the table."""
        kinds = {name: kind for name, kind, _ in self.model.preprocessing.describe()}
        widest = max(self.model.network.n)
        size = max(PASS, min(BATCH, NUMBERS_IN_MEMORY // widest // PASS * PASS))
        return Wanted(kinds, tuple(dict.fromkeys(self.keep)), size)

    def run(self, table: TableBatches) -> Iterator[Predicted]:
        """Predict a table that was opened as `wanted`.

        Warns, after the last batch, of values that training never saw, if they are ignored.

        Raises:
            DataError: a table that does not fit the model, or a bad row, where they are not set apart.
        """
        self._check_columns(table)
        for batch in table.batches:
            predicted = self._of(batch)
            self.rows += predicted.frame.height
            self.bad += len({each.row for each in predicted.bad})
            yield predicted
        self._warn()

    def nothing(self) -> "pl.DataFrame":
        """Return the frame of no row, which has the columns of all others."""
        import polars as pl  # noqa: PLC0415 - prediction from a record needs none of it

        X = np.zeros((0, self.model.network.n[0]), self.model.hyperparameters.dtype)
        kept = pl.DataFrame(schema=dict.fromkeys(self.keep, pl.Null))
        return self._frame(X, kept, np.zeros(0, np.int64))

    def _check_columns(self, table: TableBatches) -> None:
        """Refuse a table without the columns of training, and two columns of one name."""
        mine = {self.model.target.name, *self.keep}
        others = [
            n for n in table.names if n not in mine or n in self.model.preprocessing.encodings
        ]
        self.model.preprocessing.check_names(others, table.source)
        names = [*self.keep, *self._names()]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise DataError(
                f"the predictions would have two columns called {double!r}; rename the one of "
                f"{table.source}, or do not keep it"
            )

    def _of(self, batch: Batch) -> Predicted:
        """Predict a batch, without its bad rows."""
        found = list(batch.bad)
        good = _without(batch, found)
        try:
            X = self._inputs(batch.columns.take(good))
        except DataError:
            refused = bad_rows(self.model.preprocessing, batch.columns.take(good), self.unseen)
            if not refused:
                raise
            found += _with_lines(batch, refused)
            good = _without(batch, found)
            X = self._inputs(batch.columns.take(good))
        if found and not self.apart:
            raise DataError(
                f"{min(found).sentence()}; mend it, or set bad rows apart with --bad-rows FILE"
                f"{'' if self.unseen == 'ignore' else ' (--unseen ignore takes what is new for none)'}"
            )
        kept = batch.kept[good] if found and batch.kept.width else batch.kept
        frame = self._frame(X, kept, np.asarray(batch.columns.rows)[good])
        return Predicted(frame, sorted(found), batch.part)

    def _inputs(self, columns: Columns) -> NDArray[Any]:
        """Return X (m, n[0]); rows of values that training never saw are counted, and told at the end."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", EllnetWarning)
            X = self.model.preprocessing.transform(columns, unseen=self.unseen)
        if told:
            for name, (count, first) in unseen_values(self.model.preprocessing, columns).items():
                before, kept = self._strange.get(name, (0, first))
                self._strange[name] = (before + count, kept)
        return X

    def _warn(self) -> None:
        for name, (count, first) in self._strange.items():
            warnings.warn(
                f"column {name!r} has values that training never saw in {count} "
                f"row{'s' if count > 1 else ''}, such as {first!r}; they are taken for no category at "
                "all",
                EllnetWarning,
                stacklevel=2,
            )

    def _names(self) -> list[str]:
        """Return the names of what is predicted, in order."""
        target, net = self.model.target, self.model.network
        own = f"predicted({target.name})" if target.name in self.keep else target.name
        names = [ROW] if self.given.numbered else []
        if self.given.decided:
            names.append(own)
        if "probabilities" in self.given.words:
            names += [f"p({label})" for label in target.classes]
        layers = self.given.activations
        return names + [f"A[{l}][{i}]" for l in layers for i in range(1, net.n[l] + 1)]

    def _frame(
        self, X: NDArray[Any], kept: "pl.DataFrame", rows: NDArray[np.int64]
    ) -> "pl.DataFrame":
        """Return the result's rows: their number, what is kept, what is predicted."""
        import polars as pl  # noqa: PLC0415 - prediction from a record needs none of it

        values = self._values(X)
        if self.given.numbered:
            values.insert(0, rows)
        names = self._names()
        series = [pl.Series(n, v) for n, v in zip(names, values, strict=True)]
        first = [series.pop(0)] if self.given.numbered else []
        return pl.DataFrame([*first, *kept.get_columns(), *series])

    def _values(self, X: NDArray[Any]) -> list[Any]:
        """Return what is predicted, a column each, in the order of `_names`."""
        model, given = self.model, self.given
        chosen, net, target = engine(model.hyperparameters.engine), model.network, model.target
        values: list[Any] = []
        if given.words or net.L in given.activations:
            A = np.asarray(chosen.predict(net, X.T))
        if given.decided:
            values.append(target.decode(A))
        if "probabilities" in given.words:
            values += list(np.asarray(target.probabilities(A), np.float64).T)
        for layer in given.activations:
            values += list(A if layer == net.L else chosen.predict(net.upto(layer), X.T))
        return values


def _without(batch: Batch, found: Sequence[BadRow]) -> NDArray[np.int64]:
    """Return the places of the rows of a batch that are not bad."""
    bad = np.array([each.row for each in found], np.int64)
    return np.flatnonzero(~np.isin(np.asarray(batch.columns.rows), bad))


def _with_lines(batch: Batch, found: Sequence[BadRow]) -> list[BadRow]:
    """Add to bad rows the lines that they stand in, where the table is text."""
    if batch.lines is None:
        return list(found)
    places = np.searchsorted(np.asarray(batch.columns.rows), [each.row for each in found])
    lines = batch.lines[places].tolist()
    return [replace(each, line=line) for each, line in zip(found, lines, strict=True)]


def bad_rows_frame(found: Sequence[BadRow]) -> "pl.DataFrame":
    """Return bad rows as a frame: row, line, column, reason."""
    import polars as pl  # noqa: PLC0415 - prediction from a record needs none of it

    schema = {"row": pl.Int64, "line": pl.Int64, "column": pl.String, "reason": pl.String}
    columns = {name: [getattr(each, name) for each in found] for name in schema}
    return pl.DataFrame(columns, schema)
