"""Whether two definitions of a study are of the same search."""

import json
from collections.abc import Mapping
from typing import Any

from ellnet.search.words import exact

__all__ = ["difference"]

FREE = {"trials", "table", "storage"}
"""What may differ: how many trials, how the table was named, where results are kept."""

OF_THE_TABLE = "fingerprint"
LISTS = ("hidden", "quantiles")
"""What has commas in one value, and bars between several."""


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Say of the first option in which two definitions differ what it was, and what it is now.

    Args:
        one: what was stored, as plain JSON values.
        other: what is asked for.

    Returns:
        Half a sentence, "" where the trials of both are the same.
    """
    ours, theirs = _options(one), _options(other)
    names = dict.fromkeys([*ours, *theirs])
    for name in sorted(names, key=OF_THE_TABLE.__eq__):  # an option may be why the values differ
        was, now = ours.get(name), theirs.get(name)
        if name in FREE or was == now:
            continue
        if name == OF_THE_TABLE:
            was, now = (each.get("table", "no table") for each in (one, other))
            return f"the table had other values there ({was}) than now ({now})"
        if name == "numerics":
            return f"ellnet calculated in its way number {was} there, and in number {now} now"
        option = f"--{name.replace('_', '-')}"
        return f"{option} was {_said(name, was)} there, and is {_said(name, now)} now"
    return ""


def _options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values by the name of their option, wherever they stand."""
    found: dict[str, Any] = {}
    for name, value in json.loads(json.dumps(values)).items():
        if isinstance(value, dict) and not _searched(value):
            found |= _options(value)
        else:
            found[name] = value
    return found


def _searched(value: Mapping[str, Any]) -> bool:
    """Say whether it is what a hyperparameter may be, and no group of options."""
    return set(value) == {"values"} or {"low", "high"} <= set(value)


def _said(name: str, value: Any) -> str:
    """Return a value as it is typed, so that two that differ are two words."""
    if value is None:
        return "not given"
    if not isinstance(value, dict):
        return exact(value)
    if "values" not in value:
        return f"{exact(value['low'])}:{exact(value['high'])}{':log' if value['log'] else ''}"
    lists = name in LISTS or any(isinstance(each, list) for each in value["values"])
    return ("|" if lists else ",").join(exact(each) for each in value["values"])
