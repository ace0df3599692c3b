"""A model as one C99 file: preprocessing, network and target, with no allocation and no dependency."""

import hashlib
from pathlib import Path

import numpy as np

from ellnet.encodings import CategoryEncoding
from ellnet.errors import DataError
from ellnet.files.durable import write_durably
from ellnet.files.model_file import ModelRecord, model_bytes
from ellnet.forms.c_layers import activation_functions, dense_function, layer_calls, weight_arrays
from ellnet.forms.c_preprocessing import (
    feature_lines,
    field_type,
    level_arrays,
    preprocessing_functions,
)
from ellnet.forms.c_self_test import self_test
from ellnet.forms.c_text import (
    check_identifier,
    comment,
    double,
    fill,
    identifiers,
    string,
    text_identifier,
)
from ellnet.forms.parity import expected
from ellnet.models import Model
from ellnet.targets import Target
from ellnet.version import VERSION

__all__ = ["c_source", "export_c"]

FAR = 1000.0
"""Deviations from the target's mean that its values may have."""

LARGEST = 50_000_000
"""Parameters of the largest network that is written as text, some 600 MB of it."""

HEAD = """\
/*
 * A network trained by ellnet @VERSION@, as one C99 file: preprocessing included, float32 weights, no
 * allocation, nothing needed but the standard library (math.h, string.h). Safe for threads; predicting
 * takes about @STACK@ bytes of stack.
 *
 * @SUMMARY@
 * SHA-256 of the model file: @DIGEST@
 *
 *     cc -std=c99 -O2 -c @NAME@.c                                   # link with -lm
 *     cc -std=c99 -O2 -DELLNET_SELF_TEST @NAME@.c -lm && ./a.out    # the self-test
 *
 * Other files have the declarations by
 *     #define @NAME@_DECLARATIONS_ONLY
 *     #include "@NAME@.c"
 */
#ifndef @NAME@_DECLARED
#define @NAME@_DECLARED

#define @NAME@_OUTPUTS @OUTPUTS@
@CLASSES@
/* One row of the table. A field is missing where its comment says so, and such a value is taken as
 * the model takes it; a category that training never saw is no category. */
typedef struct @NAME@_row {
@FIELDS@
} @NAME@_row;

/*
 * Predicts one row.
 * outputs: @NAME@_OUTPUTS numbers: @MEANING@
 * Returns @RETURNED@, and -1 where row or outputs is NULL.
 */
int @NAME@_predict(const @NAME@_row *row, float *outputs);

#endif

#ifndef @NAME@_DECLARATIONS_ONLY

#include <math.h>
#include <stddef.h>
@INCLUDES@
#ifdef __FAST_MATH__
#error "missing values are NAN, which -ffast-math does away with: compile without it"
#endif"""

PREDICT = """\
int @NAME@_predict(const @NAME@_row *row, float *outputs)
{
    float a[@WIDTH@], b[@WIDTH@];
@VARIABLES@    if (row == NULL || outputs == NULL) {
        return -1;
    }
@FEATURES@
@LAYERS@
@ENDING@
}"""

MULTICLASS = """\
    for (i = 0; i < @NAME@_OUTPUTS; i++) {
        outputs[i] = @LAST@[i];
        number = @LAST@[i] > @LAST@[number] ? i : number;
    }
    return number;"""

BINARY = """\
    outputs[0] = 1.0f - @LAST@[0];
    outputs[1] = @LAST@[0];
    return @LAST@[0] > 0.5f ? 1 : 0;"""

REGRESSION = """\
    outputs[0] = (float)((double)@LAST@[0] * @SCALE@ + @MEAN@);
    return 0;"""


def export_c(model: Model, path: str | Path, *, name: str | None = None) -> None:
    """Write a model as one C99 file with a self-test.

    Args:
        model: the model.
        path: the file.
        name: what every identifier begins with; by default it follows from the file's name.

    Raises:
        HyperparameterError: the name is no identifier.
        DataError: the model is too large, or holds a text or a number that C or float32 cannot.
        FileAccessError: the file cannot be written; says why, and what to do.
    """
    chosen = text_identifier(Path(path).stem) if name is None else name
    write_durably(path, c_source(model, name=chosen).encode("ascii"))


def c_source(model: Model, *, name: str = "model") -> str:
    """Return a model as C99, in ASCII; the same model gives the same text.

    Raises:
        HyperparameterError: the name is no identifier.
        DataError: the model is too large, or holds a text or a number that C or float32 cannot.
    """
    check_identifier(name)
    _check_target(model.target)
    if model.network.size > LARGEST:
        raise DataError(
            f"a C file may have {LARGEST:,} parameters, got {model.network.size:,}; export ONNX, or a "
            "smaller network"
        )
    preprocessing = model.preprocessing
    fields = identifiers(preprocessing.column_names)
    parts = [
        _head(model, fields, name),
        weight_arrays(model.network, name),
        level_arrays(preprocessing, fields, name),
        _labels(model.target, name),
        preprocessing_functions(preprocessing, name),
        dense_function(name),
        activation_functions(model.network, name),
        _predict(model, fields, name),
        self_test(expected(model), model.target, name),
        "#endif",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(model: Model, fields: list[str], name: str) -> str:
    """Return the comment, the declarations and the includes."""
    target, net = model.target, model.network
    rows = []
    for field, (column, encoding) in zip(
        fields, model.preprocessing.encodings.items(), strict=True
    ):
        kind, meaning = field_type(encoding)
        rows.append(f"    {kind}{field}; /* {comment(column)}: {meaning} */")
    classes = target.task != "regression"
    declared = (
        f"extern const char *const {name}_labels[{name}_OUTPUTS]; /* what the numbers mean */\n"
    )
    meaning = "the probability of each class" if classes else "the value, in the target's own units"
    return fill(
        HEAD,
        NAME=name,
        VERSION=VERSION,
        STACK=str(8 * max(net.n)),
        DIGEST=hashlib.sha256(model_bytes(ModelRecord(**vars(model)))).hexdigest(),
        SUMMARY=comment(f"{net!r}, predicting {target.name!r:.60} ({target.task})", 1000),
        OUTPUTS=str(len(target.classes) or 1),
        CLASSES=declared if classes else "",
        FIELDS="\n".join(rows),
        MEANING=meaning,
        RETURNED=f"the number of the class, whose text is in {name}_labels" if classes else "0",
        INCLUDES="#include <string.h>\n" if model.preprocessing.category_names else "",
    )


def _check_target(target: Target) -> None:
    """Refuse a regression whose values float32 does not reach."""
    limits = {"tiny": float(np.finfo(np.float32).tiny), "max": float(np.finfo(np.float32).max)}
    largest = abs(target.mean) + FAR * target.scale
    if target.task == "regression" and not (
        largest < limits["max"] and target.scale > limits["tiny"]
    ):
        raise DataError(
            f"the form C gives float32 values, and target {target.name!r:.60} has the mean "
            f"{target.mean:g} and the deviation {target.scale:g}; predict it in another unit"
        )


def _labels(target: Target, name: str) -> str:
    if target.task == "regression":
        return ""
    what = f"a class of target {target.name!r:.60}"
    texts = ",\n    ".join(string(str(label), what) for label in target.classes)
    return f"const char *const {name}_labels[{name}_OUTPUTS] = {{\n    {texts},\n}};"


def _predict(model: Model, fields: list[str], name: str) -> str:
    """Return the function that predicts."""
    net, target = model.network, model.target
    calls, last = layer_calls(net, name)
    ending = {"binary": BINARY, "multiclass": MULTICLASS, "regression": REGRESSION}[target.task]
    encodings = model.preprocessing.encodings.values()
    kinds = {encoding.kind for encoding in encodings}
    variables = []
    if target.task == "multiclass" or kinds & {"category", "date"}:
        variables.append("i")
    if any(isinstance(each, CategoryEncoding) for each in encodings):
        variables.append("level")
    if target.task == "multiclass":
        variables.append("number = 0")
    scales = {"SCALE": double(target.scale), "MEAN": double(target.mean)}
    return fill(
        PREDICT,
        NAME=name,
        WIDTH=str(max(net.n)),
        VARIABLES=f"    int {', '.join(variables)};\n" if variables else "",
        FEATURES=feature_lines(model.preprocessing, fields, name),
        LAYERS=calls,
        ENDING=fill(ending, NAME=name, LAST=last, **scales),
    )
