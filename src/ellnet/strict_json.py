"""Reading JSON from a file that anybody may have written: every field is checked and named."""

import math
import reprlib
from collections.abc import Sequence
from typing import Any, NoReturn

from ellnet.errors import CorruptFileError

__all__ = ["Fields", "shown"]


def shown(value: object, most: int = 60) -> str:
    """Show a value from a file in a length that a message can bear, without writing all of it out."""
    brief = reprlib.Repr()
    brief.maxlist = brief.maxdict = brief.maxtuple = 6
    brief.maxstring = brief.maxother = brief.maxlong = most
    try:
        text = brief.repr(value)
    except (ValueError, RecursionError):  # a whole number of very many digits
        return "a value that is too large to show"
    return text if len(text) <= most else f"{text[:most]}..."


class Fields:
    """The fields of one JSON object; each is asked for once, and none may be left over."""

    def __init__(self, values: object, place: str) -> None:
        """Take an object; `place` is what messages call it.

        Raises:
            CorruptFileError: it is no object.
        """
        self.place = place
        if not isinstance(values, dict):
            self._refuse("must be an object", values)
        self._left: dict[str, Any] = dict(values)

    def _refuse(self, rule: str, value: object) -> NoReturn:
        raise CorruptFileError(f"{self.place} {rule}, got {shown(value, 80)}")

    def _take(self, name: str) -> Any:
        if name not in self._left:
            raise CorruptFileError(f"{self.place} lacks the field {name!r}")
        return self._left.pop(name)

    def _typed(self, name: str, types: type | tuple[type, ...], rule: str) -> Any:
        value = self._take(name)
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            self._refuse(f"{name} must be {rule}", value)
        return value

    def text(self, name: str) -> str:
        """Return a string."""
        return str(self._typed(name, str, "a string"))

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return bool(self._typed(name, bool, "true or false"))

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self._typed(name, (int, float), "a number")
        if not math.isfinite(value):
            self._refuse(f"{name} must be a finite number", value)
        return float(value)

    def items(self, name: str) -> list[Any]:
        """Return a list of anything."""
        return list(self._typed(name, list, "a list"))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, each once."""
        values = self.items(name)
        if not all(isinstance(value, str) for value in values) or len(set(values)) < len(values):
            self._refuse(f"{name} must be a list of strings, each once", values)
        return tuple(values)

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """Return one of the strings allowed."""
        value = self._take(name)
        if value not in allowed:
            self._refuse(f"{name} must be one of {', '.join(allowed)}", value)
        return str(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object as it is: whoever asks checks what is in it."""
        return dict(self._typed(name, dict, "an object"))

    def object(self, name: str) -> "Fields":
        """Return an object within."""
        return Fields(self._take(name), f"{self.place}.{name}")

    def says(self, name: str, word: str) -> bool:
        """Say whether the field is a certain word, and take it away if so."""
        if self._left.get(name) != word:
            return False
        del self._left[name]
        return True

    def objects(self, name: str) -> list["Fields"]:
        """Return a list of objects within."""
        return [
            Fields(value, f"{self.place}.{name}[{i}]") for i, value in enumerate(self.items(name))
        ]

    def done(self) -> None:
        """Refuse what has not been asked for."""
        if self._left:
            raise CorruptFileError(
                f"{self.place} has the unknown field {shown(next(iter(self._left)))}"
            )
