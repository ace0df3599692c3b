"""Whether two definitions of a study are of the same search."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["difference"]

FREE = {"trials", "table", "storage"}
"""What may differ: how many trials, how the table was named, where results are kept."""


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Name the first thing in which two definitions differ, "" where their trials are the same."""
    ours, theirs = _flat(one), _flat(other)
    for name in dict.fromkeys([*ours, *theirs]):
        if name not in FREE and ours.get(name) != theirs.get(name):
            return "the table's values" if name == "fingerprint" else name
    return ""


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in json.loads(json.dumps(values)).items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name} ")
        else:
            flat[f"{before}{name}"] = value
    return flat
