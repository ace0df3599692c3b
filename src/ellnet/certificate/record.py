"""What a certificate says, and the digest by which it belongs to a network's parameters."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.errors import CorruptFileError
from ellnet.network import Network
from ellnet.strict_json import Fields

__all__ = ["Certificate", "Check", "Kink", "ShapeCheck", "digest_of"]

KINKS_NAMED = 20
"""Kinks that are named one by one in words; the others are counted."""


@dataclass(frozen=True)
class Check:
    """One comparison of gradients.

    Attributes:
        method: "central differences" or "complex step".
        number: of the method's equation.
        of: what was compared, in words.
        compared: how many numbers that were.
        error: relative error ||g - h|| / (||g|| + ||h||) of all of them together.
        difference: ||g - h||.
        floor: what ||g - h|| may come to by rounding alone, however small the gradient is.
        bound: what the error has to stay below.
        worst: the entry that differs most.
        passed: whether ||g - h|| is within bound (||g|| + ||h||) + floor.
    """

    method: str
    number: str
    of: str
    compared: int
    error: float
    difference: float
    floor: float
    bound: float
    worst: str
    passed: bool


@dataclass(frozen=True)
class ShapeCheck:
    """One of the rules of dimensions (N3): what is required, and what was found."""

    quantity: str
    rule: str
    required: tuple[int, ...]
    found: tuple[int, ...]

    @property
    def passed(self) -> bool:
        """Whether both are the same."""
        return self.required == self.found


@dataclass(frozen=True)
class Kink:
    """A place where the cost has no derivative: a number that lies where its function bends.

    Attributes:
        quantity: as "Z[2]".
        unit: the row, from 1.
        example: the column, from 1; of a weight the input, from 1.
        function: what bends there, as "relu".
        value: the number.
    """

    quantity: str
    unit: int
    example: int
    function: str
    value: float


@dataclass(frozen=True)
class Certificate:
    """A proof by numbers that the gradient of a network is that of its cost.

    Attributes:
        digest: of the architecture and the parameters that it is about.
        parameters: how many there are.
        examples: how many the cost was taken over.
        cost: J there, penalties included.
        l2: lambda of the L2 penalty.
        l1: lambda of the L1 penalty.
        seed: of the entries and directions that were drawn.
        checks: the comparisons.
        shapes: the rules of dimensions, one by one.
        kinks: where the cost has no derivative, as far as they are named.
        kinks_found: how many such places there are.
        left_out: derivatives that no difference could be taken for, since each crosses a kink.
    """

    digest: str
    parameters: int
    examples: int
    cost: float
    l2: float
    l1: float
    seed: int
    checks: tuple[Check, ...]
    shapes: tuple[ShapeCheck, ...]
    kinks: tuple[Kink, ...]
    kinks_found: int
    left_out: int

    @property
    def passed(self) -> bool:
        """Whether every check and every shape is right."""
        return all(check.passed for check in self.checks) and all(s.passed for s in self.shapes)

    def belongs_to(self, net: Network) -> bool:
        """Say whether it is about exactly this architecture and these parameters."""
        return self.digest == digest_of(net)

    def sentences(self) -> Iterator[str]:
        """Go through what it says, a sentence at a time."""
        yield (
            f"the gradient of these {self.parameters:,} parameters is "
            f"{'right' if self.passed else 'WRONG'}: cost {self.cost:.6g} on {self.examples:,} "
            f"example{'' if self.examples == 1 else 's'}"
        )
        for check in self.checks:
            yield _of_check(check)
        wrong = [shape for shape in self.shapes if not shape.passed]
        for shape in wrong:
            yield (
                f"{shape.quantity} must have shape {shape.rule} = {shape.required}, "
                f"got {shape.found}"
            )
        if not wrong:
            yield f"all {len(self.shapes)} shapes are those of the rules (N3)"
        yield from self._of_kinks()

    def _of_kinks(self) -> Iterator[str]:
        if self.kinks_found == 0:
            yield "no kink: no number lies where its function bends"
            return
        named = ", ".join(_of_kink(kink) for kink in self.kinks[:KINKS_NAMED])
        rest = self.kinks_found - min(len(self.kinks), KINKS_NAMED)
        yield (
            f"kinks, where the cost has no derivative and the equation's side is taken: {named}"
            f"{f', and {rest:,} more' if rest else ''}"
        )

    def __str__(self) -> str:
        """All sentences, a line each."""
        return "\n".join(self.sentences())

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return {
            **vars(self),
            "checks": [vars(check) for check in self.checks],
            "shapes": [
                {**vars(s), "required": list(s.required), "found": list(s.found)}
                for s in self.shapes
            ],
            "kinks": [vars(kink) for kink in self.kinks],
        }

    @classmethod
    def from_json(cls, values: object) -> Self:
        """Build from what `to_json` gives.

        Raises:
            CorruptFileError: a field that is missing, unknown or of the wrong type; names it.
        """
        fields = Fields(values, "certificate")
        found = cls(
            digest=fields.text("digest"),
            parameters=_count(fields, "parameters"),
            examples=_count(fields, "examples"),
            cost=fields.number("cost"),
            l2=fields.number("l2"),
            l1=fields.number("l1"),
            seed=_count(fields, "seed"),
            checks=tuple(_check(each) for each in fields.objects("checks")),
            shapes=tuple(_shape(each) for each in fields.objects("shapes")),
            kinks=tuple(_kink(each) for each in fields.objects("kinks")),
            kinks_found=_count(fields, "kinks_found"),
            left_out=_count(fields, "left_out"),
        )
        fields.done()
        return found


def _of_check(check: Check) -> str:
    verdict = "agree" if check.passed else f"DISAGREE, most at {check.worst}"
    said = (
        f"{check.method} (eq. {check.number}) of {check.of} {verdict}: "
        f"relative error {check.error:.1e}, bound {check.bound:.0e}"
    )
    if check.passed and check.error > check.bound:
        said += (
            f"; the gradient is so small that rounding alone may come to {check.floor:.1e}, and the "
            f"difference is {check.difference:.1e}"
        )
    return said


def _of_kink(kink: Kink) -> str:
    return f"{kink.quantity}_{kink.unit},{kink.example} = {kink.value:.1e} ({kink.function})"


def _count(fields: Fields, name: str) -> int:
    value = fields.number(name)
    if value != int(value) or value < 0:
        raise CorruptFileError(f"{fields.place}: {name} must be a whole number of at least 0")
    return int(value)


def _check(fields: Fields) -> Check:
    found = Check(
        method=fields.text("method"),
        number=fields.text("number"),
        of=fields.text("of"),
        compared=_count(fields, "compared"),
        error=fields.number("error"),
        difference=fields.number("difference"),
        floor=fields.number("floor"),
        bound=fields.number("bound"),
        worst=fields.text("worst"),
        passed=fields.flag("passed"),
    )
    fields.done()
    return found


def _shape(fields: Fields) -> ShapeCheck:
    shapes = []
    quantity, rule = fields.text("quantity"), fields.text("rule")
    for name in ("required", "found"):
        sides = fields.items(name)
        if not all(type(side) is int and side >= 0 for side in sides):
            raise CorruptFileError(f"{fields.place}: {name} must hold whole numbers")
        shapes.append(tuple(sides))
    fields.done()
    return ShapeCheck(quantity, rule, *shapes)


def _kink(fields: Fields) -> Kink:
    found = Kink(
        fields.text("quantity"),
        _count(fields, "unit"),
        _count(fields, "example"),
        fields.text("function"),
        fields.number("value"),
    )
    fields.done()
    return found


def digest_of(net: Network) -> str:
    """Return the SHA-256 of a network's architecture and parameters, 64 hexadecimal digits.

    The same numbers in the same precision give the same digest, however they lie in memory.
    """
    options = dict(sorted(net.cost_options.items()))
    about = [list(net.n), list(net.activations), net.cost, options]
    digest = hashlib.sha256(json.dumps(about, default=list).encode())
    for array in map(to_numpy, net.parameters.arrays()):
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{array.dtype.name}{array.shape}".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
