"""The self-test of a C file: parity vectors and what the model says of them, and a main that compares."""

import numpy as np
from numpy.typing import NDArray

from ellnet.columns import Column
from ellnet.forms.c_text import array_of, double, fill, floats, single, string
from ellnet.forms.parity import TOLERANCES, Expected
from ellnet.targets import Target

__all__ = ["self_test"]

TEST = """\
#ifdef ELLNET_SELF_TEST

#include <stdio.h>

#define @NAME@_TESTS @ROWS@

static const @NAME@_row @NAME@_test_rows[@NAME@_TESTS] = {
@ENTRIES@
};

@EXPECTED@

@NUMBERS@

/* Compares with what the model said of these rows; gives 0 where all agree. */
int main(void)
{
    float outputs[@NAME@_OUTPUTS], worst = 0.0f;
    const float allowed = @TOLERANCE@, unit = @UNIT@;
    int i, k, labels = 0;
    for (i = 0; i < @NAME@_TESTS; i++) {
        const float *expected = @NAME@_test_expected + i * @NAME@_OUTPUTS;
        int number = @NAME@_predict(&@NAME@_test_rows[i], outputs);
        for (k = 0; k < @NAME@_OUTPUTS; k++) {
            float size = fabsf(expected[k]) > unit ? fabsf(expected[k]) : unit;
            float error = outputs[k] == expected[k] ? 0.0f : fabsf(outputs[k] - expected[k]) / size;
            worst = error <= worst ? worst : error;
        }
        if (@NAME@_test_numbers[i] >= 0 && number != @NAME@_test_numbers[i]) {
            labels++;
        }
    }
    printf("%d rows, worst difference %.3g of %.3g allowed, %d other labels\\n", @NAME@_TESTS,
           (double)worst, (double)allowed, labels);
    return worst <= allowed && labels == 0 ? 0 : 1;
}

#endif"""


def self_test(wanted: Expected, target: Target, name: str) -> str:
    """Return the self-test.

    Args:
        wanted: the parity vectors and what the model says of them.
        target: what the outputs mean.
        name: what every identifier begins with.
    """
    columns = list(wanted.rows.columns.values())
    rows = range(wanted.rows.m)
    entries = [
        "    {" + ", ".join(_constant(column, row) for column in columns) + "}," for row in rows
    ]
    outputs, numbers = wanted.outputs, [str(number) for number in _numbers(wanted, target)]
    return fill(
        TEST,
        NAME=name,
        ROWS=str(len(rows)),
        ENTRIES="\n".join(entries),
        EXPECTED=array_of(
            f"static const float {name}_test_expected[{outputs.size}]", floats(outputs)
        ),
        NUMBERS=array_of(f"static const int {name}_test_numbers[{name}_TESTS]", numbers),
        TOLERANCE=single(TOLERANCES["float32"]),
        UNIT=single(wanted.unit),
    )


def _constant(column: Column, row: int) -> str:
    value = column.values[row]
    if column.kind == "category":
        return (
            "NULL" if value is None else string(value, f"a category of column {column.name!r:.60}")
        )
    return double(value)


def _numbers(wanted: Expected, target: Target) -> NDArray[np.int64]:
    """Return the number of each row's class; -1 where two are too close to call."""
    if target.task == "regression":
        return np.zeros(wanted.rows.m, np.int64)
    ordered = np.sort(wanted.outputs, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 4 * TOLERANCES["float32"]
    numbers = {label: k for k, label in enumerate(target.classes)}
    found = np.array([numbers[label] for label in wanted.labels.tolist()], np.int64)
    return np.where(clear, found, -1)
