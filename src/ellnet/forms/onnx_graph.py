"""Building an ONNX graph node by node: names that never collide, constants that stand there once."""

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.errors import DataError, MissingExtraError

__all__ = ["ML", "OPSETS", "GraphBuilder", "onnx_module", "runtime_module"]

ML = "ai.onnx.ml"

OPSETS = {"": 17, ML: 3}
"""The operator sets that graphs are written in: ONNX Runtime reads them from version 1.13 on."""

PIP = "pip install 'ellnet[onnx]'"


def onnx_module() -> ModuleType:
    """Return the package onnx.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - an extra, needed by this form alone
    except ImportError as error:
        raise MissingExtraError(f"the form ONNX needs the package onnx: {PIP}") from error
    return onnx  # type: ignore[no-any-return]


def runtime_module() -> ModuleType:
    """Return the package onnxruntime.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - an extra, needed by this form alone
    except ImportError as error:
        raise MissingExtraError(
            f"an ONNX export is run before it is written, which needs onnxruntime: {PIP}"
        ) from error
    return onnxruntime  # type: ignore[no-any-return]


class GraphBuilder:
    """The nodes, constants, inputs and outputs of one graph."""

    def __init__(self) -> None:
        """Begin an empty graph."""
        onnx = onnx_module()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self._onnx = onnx
        self._names: set[str] = set()
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def unique(self, wanted: str) -> str:
        """Return a name that nothing in the graph has yet: the wanted one, or with underscores."""
        while wanted in self._names:
            wanted += "_"
        self._names.add(wanted)
        return wanted

    def input(self, name: str, dtype: str, columns: int) -> str:
        """Declare an input (m, columns) under exactly this name; m is free.

        Raises:
            DataError: the name cannot stand in an ONNX file.
        """
        if not name or not _is_text(name):
            raise DataError(
                f"an input of an ONNX graph must have a name of Unicode characters, got the column "
                f"{name!r}; give the column a name, or export with inputs='matrix'"
            )
        self._names.add(name)
        self.inputs.append(self._value(name, dtype, ["m", columns]))
        return name

    def output(self, name: str, dtype: str, columns: int | None) -> None:
        """Declare an output, (m,) or (m, columns)."""
        shape = ["m"] if columns is None else ["m", columns]
        self.outputs.append(self._value(name, dtype, shape))

    def constant(self, value: NDArray[Any], wanted: str) -> str:
        """Return the name of a constant; an equal one that is there already serves again."""
        key = (str(value.dtype), value.shape, value.tobytes())
        if key in self._known:
            return self._known[key]
        name = self.unique(wanted)
        self.constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        self._known[key] = name
        return name

    def texts(self, values: list[str], wanted: str) -> str:
        """Return the name of a constant of texts, (len(values),)."""
        name = self.unique(wanted)
        encoded = [value.encode() for value in values]
        kind = self._onnx.TensorProto.STRING
        self.constants.append(self._onnx.helper.make_tensor(name, kind, [len(values)], encoded))
        return name

    def add(
        self, op: str, *inputs: str, wanted: str = "", domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output, and return the output's name."""
        name = self.unique(wanted or f"ellnet/{op}_{len(self.nodes)}")
        made = self._onnx.helper.make_node(
            op, list(inputs), [name], name=name, domain=domain, **attributes
        )
        self.nodes.append(made)
        return name

    def cast(self, name: str, dtype: str, wanted: str = "") -> str:
        """Add a cast to float32, float64, int64, bool or string."""
        return self.add("Cast", name, wanted=wanted, to=self._kind(dtype))

    def _value(self, name: str, dtype: str, shape: list[Any]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._kind(dtype), shape)

    def _kind(self, dtype: str) -> int:
        kinds = self._onnx.TensorProto
        numbers = {
            "float32": kinds.FLOAT,
            "float64": kinds.DOUBLE,
            "int64": kinds.INT64,
            "bool": kinds.BOOL,
            "string": kinds.STRING,
        }
        return int(numbers[dtype])


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
