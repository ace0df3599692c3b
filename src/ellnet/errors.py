"""Every error that ellnet raises on purpose.

Each message is one sentence, or two: what the rule is, what came (with the column, row, layer or field
by name), and what to do about it. Each class also derives from the builtin that a caller would
expect, so that `except ValueError` goes on working.
"""

__all__ = [
    "CorruptFileError",
    "DataError",
    "DivergenceError",
    "EllnetError",
    "EllnetWarning",
    "FileAccessError",
    "HyperparameterError",
    "LayerError",
    "MissingExtraError",
    "NewerFileError",
    "PatchError",
    "ProofError",
    "ShapeError",
]


class EllnetError(Exception):
    """Base of every error raised on purpose."""


class DataError(EllnetError, ValueError):
    """A table or an array that cannot be trained on or predicted from."""


class HyperparameterError(EllnetError, ValueError):
    """A chosen value outside its range, or one that does not go with another."""


class ShapeError(EllnetError, ValueError):
    """A quantity of the notes (N3) with the wrong shape."""


class LayerError(EllnetError, IndexError):
    """A layer number outside 1..L."""


class DivergenceError(EllnetError, ArithmeticError, ValueError):
    """A cost or a parameter that became infinite or not a number in training.

    Attributes:
        outcome: the `ellnet.training.Outcome` with the last good parameters and the history.
    """

    def __init__(self, message: str, outcome: object = None) -> None:
        """Keep what training had reached beside the message."""
        super().__init__(message)
        self.outcome = outcome


class FileAccessError(EllnetError, OSError):
    """A file or folder that cannot be read or written."""


class CorruptFileError(EllnetError, ValueError):
    """A model file that is truncated, altered, or not one of ours."""


class NewerFileError(CorruptFileError):
    """A model file whose format version is later than this library knows."""


class MissingExtraError(EllnetError, ImportError):
    """An optional dependency that is needed and not installed."""


class PatchError(EllnetError, ValueError):
    """What an unchanged script asks of scikit-learn's own classes, and those of ellnet cannot give."""


class ProofError(EllnetError, ArithmeticError):
    """What was to be proved is not so, or could not be tried: nothing is returned."""


class EllnetWarning(UserWarning):
    """Something that was handled, and that the user should know about."""
