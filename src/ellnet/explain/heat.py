"""Heat pictures: a large matrix as a small PNG, for pages in light and in dark.

Blue is negative and orange positive, which every kind of colour vision tells apart; the larger the
number, the less one sees through. Nothing is needed but zlib.
"""

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEGATIVE", "POSITIVE", "heat_uri", "reduced"]

NEGATIVE, POSITIVE = (33, 102, 172), (217, 95, 2)
LEVELS = 63
MOST = 64
"""Pixels of a side, at most: of a larger matrix each patch is shown by its entry of largest size."""


def reduced(values: NDArray[Any], most: int = MOST) -> NDArray[np.float64]:
    """Return at most so many rows and columns: each patch by its entry of largest size."""
    found = np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
    for axis in (0, 1):
        size = found.shape[axis]
        if size > most:
            edges = np.linspace(0, size, most + 1).astype(int)[:-1]
            low = np.minimum.reduceat(found, edges, axis=axis)
            high = np.maximum.reduceat(found, edges, axis=axis)
            found = np.where(-low > high, low, high)
    return found


def heat_uri(values: NDArray[Any]) -> str:
    """Return the picture as a data: address, which a page shows without fetching anything."""
    small = reduced(values)
    largest = float(np.max(np.abs(small), initial=0.0)) or 1.0
    pixels = np.rint(small / largest * LEVELS).astype(np.int64) + LEVELS
    rows, columns = small.shape
    lines = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in pixels)
    palette = b"".join(bytes(NEGATIVE if k < LEVELS else POSITIVE) for k in range(2 * LEVELS + 1))
    seen = bytes(round(255 * (abs(k - LEVELS) / LEVELS) ** 0.7) for k in range(2 * LEVELS + 1))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette),
            _chunk(b"tRNS", seen),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
