"""Tables for notebooks: small, self-contained HTML that is read in light and in dark.

The colours are a notebook's own where it has some, which may be dark where the system is light. There is
no script, no identifier and nothing fetched.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, is_sparse, to_numpy

__all__ = ["STYLE", "cells", "few", "histogram", "number", "section", "table"]

ROWS = 24
"""Rows of a table, at most; those in the middle are counted instead."""

MINUS = "\N{MINUS SIGN}"
BARS = 32
SAMPLE = 2**16
"""Entries that a histogram counts, at most, evenly spaced."""

INK = "color:var(--jp-content-font-color1,var(--vscode-editor-foreground,{}))"

STYLE = (
    f".ellnet-tab{{{INK.format('#1f2933')};font:12px system-ui,sans-serif;margin:.5em 0;"
    "max-width:52em;overflow-x:auto}"
    ".ellnet-tab table{border-collapse:collapse;margin:.3em 0;color:inherit}"
    ".ellnet-tab th,.ellnet-tab td{padding:2px 10px 2px 0;text-align:right;white-space:nowrap;"
    "border:0;background:none;color:inherit;font-variant-numeric:tabular-nums}"
    ".ellnet-tab th{font-weight:600;border-bottom:1px solid currentColor}"
    ".ellnet-tab th:first-child,.ellnet-tab td:first-child{text-align:left}"
    ".ellnet-tab tr{background:none}"
    ".ellnet-tab .h{fill:#3b6fb6}.ellnet-tab .w{color:#a8231c;font-weight:600}"
    ".ellnet-tab .one{stroke:#3b6fb6}.ellnet-tab .two{stroke:#c2622d}"
    ".ellnet-tab .k{fill:#c2622d}"
    ".ellnet-tab p{margin:.2em 0}.ellnet-tab svg text{fill:currentColor;font-size:10px}"
    f"@media (prefers-color-scheme:dark){{.ellnet-tab{{{INK.format('#dfe6ee')}}}"
    ".ellnet-tab .h{fill:#79a8e8}.ellnet-tab .w{color:#ff8a80}"
    ".ellnet-tab .one{stroke:#79a8e8}.ellnet-tab .two{stroke:#e8935f}.ellnet-tab .k{fill:#e8935f}}"
)


def section(*parts: str) -> str:
    """Return parts as one self-contained piece of a page."""
    return f'<div class="ellnet-tab"><style>{STYLE}</style>{"".join(parts)}</div>'


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the headings are text, the cells HTML that has been escaped where it must be."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in few(rows))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def few(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return the rows, or of many the first and the last, and how many are between."""
    if len(rows) <= ROWS:
        return list(rows)
    half = ROWS // 2
    return [*rows[:half], [f"⋮ {len(rows) - 2 * half} more"], *rows[-half:]]


def cells(array: Array) -> list[str]:
    """Return shape, smallest, mean, largest and a histogram of an array, as cells.

    What is not finite is counted, in place of the mean.
    """
    shape = " × ".join(map(str, array.shape))
    if is_sparse(array):
        ends = (float(array.min()), float(array.mean()), float(array.max()))
        return [f"{shape} sparse", *map(number, ends), histogram(array.tocsr().data)]
    values = to_numpy(array)
    if values.size == 0:
        return [shape, "", "", "", ""]
    finite = np.isfinite(values)
    strange = values.size - int(np.count_nonzero(finite))
    if strange:
        return [
            shape,
            "",
            f'<span class="w">{strange:,} not finite</span>',
            "",
            histogram(values[finite]),
        ]
    mean = float(np.mean(values, dtype=np.float64))
    least, most = float(np.min(values)), float(np.max(values))
    return [shape, number(least), number(mean), number(most), histogram(values)]


def number(value: float) -> str:
    """Return a number with three digits, its minus as wide as a digit."""
    short = f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e")
    return short.replace("-", MINUS)


def histogram(values: NDArray[np.generic], width: int = 96, height: int = 18) -> str:
    """Return how values spread from their smallest to their largest, as a small SVG."""
    flat = np.asarray(values).ravel()
    flat = flat[:: max(1, -(-flat.size // SAMPLE))].astype(np.float64)
    if flat.size == 0 or np.ptp(flat) == 0 or not np.isfinite(np.ptp(flat)):
        return ""
    counts, _ = np.histogram(flat, BARS)
    high = np.sqrt(counts / counts.max()) * height
    step = width / BARS
    bars = "".join(
        f"M{k * step:g} {height}v{-h:.1f}h{step:g}v{h:.1f}z" for k, h in enumerate(high) if h > 0
    )
    return (
        f'<svg role="img" aria-label="histogram" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><path class="h" d="{bars}"/></svg>'
    )
