"""From a row of a table to the features a[0], a[1], ... as C99: every encoding, missing values included.

Numbers are reckoned with in double up to the features, which are float. What the C cannot do is
refuse: missing values and categories that training never saw are taken as `Model.predict` takes them
with unseen="ignore".
"""

import math

from ellnet.encodings import (
    CLIP,
    DAY,
    HUGE,
    CategoryEncoding,
    DateEncoding,
    Encoding,
    NumberEncoding,
    Standard,
)
from ellnet.forms.c_text import double, fill, string
from ellnet.preprocessing import Preprocessing

__all__ = ["feature_lines", "field_type", "level_arrays", "preprocessing_functions"]

STANDARD = """\
/* Standardised, then clipped smoothly: z / sqrt(1 + (z / 3)^2). */
static float @NAME@_standard(double x, double scale, double shift)
{
    double z = x / scale - shift;
    z = z < -@HUGE_Z@ ? -@HUGE_Z@ : z > @HUGE_Z@ ? @HUGE_Z@ : z;
    return (float)(z / sqrt(1.0 + (z / @CLIP_Z@) * (z / @CLIP_Z@)));
}"""

LEVEL = """\
/* The number of a text among the levels of its column; count where it is none of them. */
static int @NAME@_level(const char *text, const char *const *levels, int count)
{
    int i;
    for (i = 0; i < count; i++) {
        if (strcmp(text, levels[i]) == 0) {
            return i;
        }
    }
    return count;
}"""

WAVES = """\
/* A place in a cycle, from 0 to 1, as a point on the circle. */
static void @NAME@_waves(double part, float *a)
{
    a[0] = (float)sin(@TWO_PI@ * part);
    a[1] = (float)cos(@TWO_PI@ * part);
}

/* How much of its period has gone by at x. */
static double @NAME@_part_of(double x, double period)
{
    return (x - floor(x / period) * period) / period;
}

/* Days from 1970 to 1 January of a year of the Gregorian calendar. */
static double @NAME@_new_year(double year)
{
    double before = year - 1.0;
    return before * 365.0 + floor(before / 4.0) - floor(before / 100.0) + floor(before / 400.0)
           - 719162.0;
}

/* How much of its year has gone by at a time in seconds since 1970. */
static double @NAME@_part_of_year(double seconds)
{
    const double day_in_micro = 86400e6;
    double micro = floor(seconds * 1e6), day = floor(micro / day_in_micro);
    double year = floor(day / 365.2425) + 1970.0;
    if (@NAME@_new_year(year) > day) {
        year -= 1.0;
    }
    if (@NAME@_new_year(year + 1.0) <= day) {
        year += 1.0;
    }
    return (micro - @NAME@_new_year(year) * day_in_micro)
           / ((@NAME@_new_year(year + 1.0) - @NAME@_new_year(year)) * day_in_micro);
}"""


def field_type(encoding: Encoding) -> tuple[str, str]:
    """Return the C type of a column's field, and what it holds, in words."""
    if isinstance(encoding, CategoryEncoding):
        blank = "NULL" if "" in encoding.levels else "NULL or an empty text"
        return "const char *", f"text in UTF-8; {blank} where missing"
    kinds = {"number": "number", "boolean": "0 or 1", "date": "seconds since 1970, UTC"}
    return "double ", f"{kinds[encoding.kind]}; NAN where missing"


def preprocessing_functions(preprocessing: Preprocessing, name: str) -> str:
    """Return the functions that the columns need."""
    encodings = list(preprocessing.encodings.values())
    standards = [e for e in encodings if isinstance(e, NumberEncoding | DateEncoding)]
    parts = []
    if any(each.standard is not None for each in standards):
        parts.append(STANDARD)
    if any(isinstance(each, CategoryEncoding) and each.levels for each in encodings):
        parts.append(LEVEL)
    if any(isinstance(each, DateEncoding) for each in encodings):
        parts.append(WAVES)
    numbers = {"HUGE_Z": HUGE, "CLIP_Z": CLIP, "TWO_PI": 2.0 * math.pi}
    constants = {word: double(value) for word, value in numbers.items()}
    return fill("\n\n".join(parts), NAME=name, **constants)


def level_arrays(preprocessing: Preprocessing, fields: list[str], name: str) -> str:
    """Return the levels of every column of categories, as arrays of strings.

    Raises:
        DataError: a level that C cannot hold; names the column.
    """
    parts = []
    for field, (column, encoding) in zip(fields, preprocessing.encodings.items(), strict=True):
        if isinstance(encoding, CategoryEncoding) and encoding.levels:
            what = f"a category of column {column!r:.60}"
            texts = ",\n    ".join(string(level, what) for level in encoding.levels)
            declared = f"static const char *const {name}_level_{field}[{len(encoding.levels)}]"
            parts.append(f"{declared} = {{\n    {texts},\n}};")
    return "\n\n".join(parts)


def feature_lines(preprocessing: Preprocessing, fields: list[str], name: str) -> str:
    """Return the statements that turn `row` into the features a[0], a[1], ..."""
    lines, start = [], 0
    for field, (column, encoding) in zip(fields, preprocessing.encodings.items(), strict=True):
        lines += _lines(encoding, f"row->{field}", f"{name}_level_{field}", start, name)
        start += len(encoding.features(column))
    return "\n".join(f"    {line}" for line in lines)


def _lines(encoding: Encoding, value: str, levels: str, start: int, name: str) -> list[str]:
    """Return the statements of one column, whose first feature is a[start]."""
    if isinstance(encoding, CategoryEncoding):
        return _category(encoding, value, levels, start, name)
    if isinstance(encoding, DateEncoding):
        return _date(encoding, value, start, name)
    known = f"(float)(2.0 * {value} - 1.0)"
    if isinstance(encoding, NumberEncoding):
        standard = encoding.standard
        known = f"(float){value}" if standard is None else _standard(standard, value, name)
    lines = [f"a[{start}] = isnan({value}) ? 0.0f : {known};"]
    if encoding.missing:
        lines.append(f"a[{start + 1}] = isnan({value}) ? 1.0f : 0.0f;")
    return lines


def _standard(standard: Standard, value: str, name: str) -> str:
    scale, shift = double(standard.scale), double(standard.mean / standard.scale)
    return f"{name}_standard({value}, {scale}, {shift})"


def _category(
    encoding: CategoryEncoding, value: str, levels: str, start: int, name: str
) -> list[str]:
    count = len(encoding.levels)
    width = len(encoding.features(""))
    blank = "" if "" in encoding.levels else f" || {value}[0] == '\\0'"
    found = f"{name}_level({value}, {levels}, {count})" if count else "0"
    lines = [
        f"for (i = {start}; i < {start + width}; i++) {{",
        "    a[i] = 0.0f;",
        "}",
        f"if ({value} == NULL{blank}) {{",
        f"    a[{start + width - 1}] = 1.0f;" if encoding.missing else "    ; /* no category */",
        "} else {",
        f"    level = {found};",
    ]
    if encoding.infrequent:
        lines.append(f"    a[{start} + level] = 1.0f;")
    else:
        lines += [f"    if (level < {count}) {{", f"        a[{start} + level] = 1.0f;", "    }"]
    return [*lines, "}"]


def _date(encoding: DateEncoding, value: str, start: int, name: str) -> list[str]:
    width = len(encoding.features("")) - encoding.missing
    lines = [
        f"for (i = {start}; i < {start + width}; i++) {{",
        "    a[i] = 0.0f;",
        "}",
        f"if (!isnan({value})) {{",
        f"    a[{start}] = {_standard(encoding.standard, value, name)};",
        f"    {name}_waves({name}_part_of_year({value}), a + {start + 1});",
        f"    {name}_waves({name}_part_of({value} / {double(DAY)} + 3.0, 7.0), a + {start + 3});",
    ]
    if encoding.hours:
        lines.append(
            f"    {name}_waves({name}_part_of({value} / {double(DAY)}, 1.0), a + {start + 5});"
        )
    lines.append("}")
    if encoding.missing:
        lines.append(f"a[{start + width}] = isnan({value}) ? 1.0f : 0.0f;")
    return lines
