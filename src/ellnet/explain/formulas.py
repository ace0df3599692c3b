"""Formulas as docstrings have them, read into trees: `dZ[l] = W[l+1]^T dZ[l+1] * g[l]'(Z[l])`.

The vocabulary is closed: a word that is no quantity of the notes is prose, and prose ends a formula.
What stands side by side is a product; `/` takes the whole product on its left and one factor on its
right; what touches, as in `2h` and `J(theta)`, belongs together before all else.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["FormulaError", "Node", "Token", "parse", "segments"]

QUANTITIES = (
    "examples seen",
    *("largest", "norm", "keep", "epoch", "period", "cuts", "steps", "step", "warmup"),
    *("factor", "power_t", "loss"),
)
"""Quantities that have a word for a name."""

GREEK = ("dtheta", "theta", "alpha", "beta", "gamma", "epsilon", "lambda", "mu", "psi", "rho", "pi")
FUNCTIONS = (
    *("exp", "log2", "log", "tanh", "cos", "sqrt", "max", "min", "sigmoid", "softplus"),
    *("sign", "std", "floor", "Im", "J", "g", "N", "U"),
)
"""What may be applied to brackets that touch it."""

PREFIXES = ("log", "sign", "Im")
"""Those that are written without brackets too: log A."""

RELATIONS = (":=", "<=", ">=", "=", "~", "<", ">")

_WORDS = r"[A-Za-z]{2,}(?:-[A-Za-z]{2,})+(?:'s)?|[A-Za-z]{2,}'s|[A-Z]\d+"
_NAMES = rf"(?:dA|dZ|dW|db|dJ|{'|'.join((*FUNCTIONS, *GREEK, 'sum'))}|[A-Za-z])(?![A-Za-z])"
_TOKENS = re.compile(
    rf"""(?P<word>(?:{_WORDS})(?![A-Za-z]))
    |(?P<quantity>(?:{"|".join(map(re.escape, QUANTITIES))})(?![A-Za-z]))
    |(?P<name>{_NAMES})
    |(?P<prose>[A-Za-z]+)
    |(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?(?:\.\.\.)?)
    |(?P<layer>(?<=\S)\[[lL0-9](?:[+-]1)?\])
    |(?P<mark>\.\.\.|\.\.|:=|<=|>=|\|\||[-+*/^_='~<>(),|])
    |(?P<other>\S)""",
    re.VERBOSE,
)
_STARTS = {"quantity", "name", "number"}


class FormulaError(ValueError):
    """What stands there is no formula."""


class Token(NamedTuple):
    """A piece of a sentence: its kind, its text, where it is, and whether a space stands before it."""

    kind: str
    text: str
    start: int
    spaced: bool

    @property
    def end(self) -> int:
        """Where the next one may begin."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class Node:
    """A node of a formula: what it is, its text where it has one, and its parts."""

    kind: str
    text: str = ""
    parts: tuple["Node", ...] = ()


def tokens_of(sentence: str) -> list[Token]:
    """Cut a sentence into tokens."""
    return [
        Token(
            found.lastgroup or "",
            found.group(),
            found.start(),
            found.start() > 0 and sentence[found.start() - 1].isspace(),
        )
        for found in _TOKENS.finditer(sentence)
    ]


class _Reader:
    """Reads one formula from the tokens of a sentence."""

    def __init__(self, tokens: list[Token], at: int) -> None:
        self.tokens = tokens
        self.at = at
        self.first = at
        self.depth = 0
        self.bars: list[str] = []

    def peek(self, *texts: str) -> bool:
        """Say whether the next token is one of these marks."""
        token = self.next
        return token is not None and token.kind == "mark" and token.text in texts

    @property
    def next(self) -> Token | None:
        """The token ahead, None at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, *texts: str) -> str:
        """Take a mark that has to stand here."""
        if not self.peek(*texts):
            raise FormulaError(f"no {' or '.join(texts)} at {self.next}")
        self.at += 1
        return self.tokens[self.at - 1].text

    def relation(self) -> Node:
        """A sum, or sums with relations between them."""
        left = self.range()
        while self.peek(*RELATIONS):
            left = Node("relation", self.take(*RELATIONS), (left, self.range()))
        return left

    def range(self) -> Node:
        """A sum, or two with `..` between them."""
        left = self.sum()
        if self.peek(".."):
            self.take("..")
            return Node("range", "", (left, self.sum()))
        return left

    def sum(self) -> Node:
        """Terms with + and - between them."""
        left = self.signed()
        while self.peek("+", "-"):
            left = Node("sum", self.take("+", "-"), (left, self.term()))
        return left

    def signed(self) -> Node:
        """A term that may begin with a minus."""
        if self.peek("-"):
            self.take("-")
            return Node("minus", "", (self.term(),))
        return self.term()

    def term(self) -> Node:
        """Factors with *, / or nothing between them."""
        left = self.factor()
        while True:
            if self.peek("*"):
                self.take("*")
                left = Node("times", "", (left, self.factor()))
            elif self.peek("/"):
                self.take("/")
                left = Node("fraction", "", (left, self.factor()))
            elif self.factor_ahead():
                left = Node("product", "", (left, self.factor()))
            else:
                return left

    def factor_ahead(self) -> bool:
        """Say whether a factor follows without a mark between."""
        token = self.next
        if token is None or not token.spaced:
            return False
        if token.kind == "mark":
            return token.text in {"(", "...", "|", "||"} and self.opens(token)
        return token.kind in _STARTS and self.means(token)

    def opens(self, token: Token) -> bool:
        """Say whether a mark opens something here: `...` and brackets of words do not."""
        if token.text == "...":
            return True
        try:
            _Reader(self.tokens, self.at).primary()
        except FormulaError:
            return False
        return True

    def means(self, token: Token) -> bool:
        """Say whether a quantity's word, or a letter that is a word too, is meant as a symbol here."""
        if token.kind == "name":
            return token.text != "a" or self.beside_mathematics()
        return token.kind != "quantity" or self.depth > 0 or self.beside_mathematics()

    def beside_mathematics(self) -> bool:
        """Say whether a mark of a formula stands beside the token ahead, or a symbol before it."""
        before, after = self.at - 1, self.at + 1
        marks = {*RELATIONS, "+", "-", "*", "/", "^", "_", "|", "("}
        ahead = self.tokens[after] if after < len(self.tokens) else None
        behind = self.tokens[before] if before >= 0 else None
        if ahead is not None and ahead.kind == "mark" and ahead.text in marks:
            return ahead.text not in {"(", "|"} or before >= self.first
        if behind is None or before < self.first:
            return False
        return behind.kind in {"name", "number"} or behind.text in marks

    def factor(self) -> Node:
        """A power, with the letters that touch a number before it: 2h."""
        left = self.power()
        touching = self.next
        if left.kind == "number" and touching and touching.kind == "name" and not touching.spaced:
            return Node("product", "tight", (left, self.power()))
        return left

    def power(self) -> Node:
        """Something with what is written above it."""
        base = self.primary()
        while self.peek("^", "'"):
            if self.take("^", "'") == "'":
                base = Node("prime", "", (base,))
            elif self.peek("-"):
                self.take("-")
                base = Node("power", "", (base, Node("minus", "", (self.primary(),))))
            else:
                base = Node("power", "", (base, self.primary()))
        if base.kind in {"prime", "layer"} and self.touches("("):
            return Node("call", "", (base, *self.arguments()))
        return base

    def touches(self, text: str) -> bool:
        """Say whether this mark follows without a space."""
        token = self.next
        return token is not None and token.text == text and not token.spaced

    def primary(self) -> Node:
        """A number, a symbol, a function with its argument, or something between brackets."""
        token = self.next
        if token is None:
            raise FormulaError("nothing is left to read")
        if token.kind == "mark" and token.text in {"(", "|", "||"}:
            return self.brackets()
        if token.kind == "mark" and token.text == "...":
            self.at += 1
            return Node("dots")
        if token.kind not in _STARTS or not self.means(token):
            raise FormulaError(f"{token.text!r} is no part of a formula")
        self.at += 1
        if token.kind == "number":
            return Node("number", token.text)
        if token.text == "sum":
            return Node("total", "", (*self.below(), self.term()))
        if token.text in FUNCTIONS and self.applied(token):
            return self.function(token)
        return self.marked(Node("symbol" if token.kind == "name" else "quantity", token.text))

    def applied(self, token: Token) -> bool:
        """Say whether a name is a function here: brackets touch it, or it is no single letter."""
        return self.touches("(") or len(token.text) > 1

    def function(self, token: Token) -> Node:
        """A function of brackets that touch it, or of the factor after it."""
        name = Node("function", token.text)
        if self.touches("("):
            return Node("call", "", (name, *self.arguments()))
        if token.text not in PREFIXES or not self.factor_ahead():
            raise FormulaError(f"{token.text} of nothing")
        return Node("prefix", "", (name, self.factor()))

    def arguments(self) -> tuple[Node, ...]:
        """What stands between brackets, with commas."""
        self.take("(")
        self.depth += 1
        found = [self.sum()]
        while self.peek(","):
            self.take(",")
            found.append(self.sum())
        self.take(")")
        self.depth -= 1
        return tuple(found)

    def brackets(self) -> Node:
        """One sum between round brackets or bars."""
        mark = self.take("(", "|", "||")
        self.depth += 1
        inner = self.sum()
        self.take(")" if mark == "(" else mark)
        self.depth -= 1
        return Node("brackets", mark, (inner,))

    def marked(self, symbol: Node) -> Node:
        """A symbol with its layer and what is written below it."""
        below = self.below()
        found = Node("below", "", (symbol, *below)) if below else symbol
        if self.next is not None and self.next.kind == "layer":
            self.at += 1
            return Node("layer", self.tokens[self.at - 1].text[1:-1], (found,))
        return found

    def below(self) -> tuple[Node, ...]:
        """What is written below: _k, _1, _(t+1)."""
        if not self.touches("_"):
            return ()
        self.take("_")
        if self.peek("("):
            return (self.brackets().parts[0],)
        token = self.next
        if token is None or token.kind not in {"name", "number"}:
            raise FormulaError(f"nothing to write below at {token}")
        self.at += 1
        return (Node("symbol" if token.kind == "name" else "number", token.text),)


def _with_cases(reader: _Reader, first: Node) -> Node:
    """Read on where cases follow: `y = a where c, b where d, else e`.

    Raises:
        FormulaError: none do.
    """
    rows: list[Node] = []
    left, value = first.parts if first.kind == "relation" else (None, first)
    while _word(reader, "where"):
        reader.at += 1
        rows += [value, reader.relation()]
        reader.take(",")
        if _word(reader, "else"):
            reader.at += 1
            cases = Node("cases", "", (*rows, reader.sum()))
            return cases if left is None else Node("relation", first.text, (left, cases))
        value = reader.sum()
    raise FormulaError("no cases")


def _word(reader: _Reader, word: str) -> bool:
    return reader.next is not None and reader.next.text == word


def _formula(tokens: list[Token], at: int) -> tuple[Node, int]:
    """Read a formula that begins at a token; return it, and the token after it."""
    reader = _Reader(tokens, at)
    found = reader.relation()
    end = reader.at
    try:
        return _with_cases(reader, found), reader.at
    except FormulaError:
        return found, end


def parse(text: str) -> Node:
    """Read a formula that is all of the text.

    Raises:
        FormulaError: it is none, or something is left over.
    """
    tokens = tokens_of(text)
    found, end = _formula(tokens, 0)
    if end < len(tokens):
        raise FormulaError(f"{text!r} goes on after the formula: {text[tokens[end].start :]!r}")
    return found


def segments(sentence: str) -> list[tuple[str, Node | None]]:
    """Cut a sentence into prose and formulas: each piece of text, with the tree where it is a formula."""
    tokens, at, begun = tokens_of(sentence), 0, 0
    found: list[tuple[str, Node | None]] = []
    while at < len(tokens):
        try:
            node, end = _formula(tokens, at)
        except FormulaError:
            at += 1
            continue
        start = tokens[at].start
        if begun < start:
            found.append((sentence[begun:start], None))
        begun, at = tokens[end - 1].end, end
        found.append((sentence[start:begun], node))
    if begun < len(sentence):
        found.append((sentence[begun:], None))
    return found
