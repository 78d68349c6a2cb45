r"""Conditions, as ease.ml/ci writes them and in plain words.

``n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01``: ``n`` and ``o`` are the accuracies of the new and the
old model, ``d`` the share of rows that they answer otherwise, each bar with its tolerance. In plain
words: ``accuracy(new) - accuracy(old) > 0.02 +/- 0.01``; only some rows:
``recall(new, label='>50K', sex='Female') > 0.6 +/- 0.05``. What is measured and no mean over rows
has a bar without a tolerance: ``latency_ms(new) < 20``, ``size_mb(new) < 50``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from clew.errors import InvalidParameter

Subject = Literal["new", "old", "both"]
_SHORT: dict[str, tuple[str, Subject]] = {
    "n": ("accuracy", "new"),
    "o": ("accuracy", "old"),
    "d": ("disagreement", "both"),
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign>\+/-|±|/\\|[-+*<>(),=])|(?P<other>\S))"
)
_GRAMMAR = "TERMS > BAR +/- TOLERANCE, as in n - o > 0.02 +/- 0.01 (several: joined by /\\)"


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is asked of a model: ``accuracy(new, sex='Female')``.

    Parameters
    ----------
    metric : str
        ``accuracy``, ``recall``, ``latency_ms``, …
    subject : {"new", "old", "both"}
        Of which model.
    where : tuple of (column, value)
        Only the rows that have these values.
    """

    metric: str
    subject: Subject
    where: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        told = "".join(f", {column}={value!r}" for column, value in self.where)
        return f"{self.metric}({self.subject if self.subject != 'both' else 'new, old'}{told})"


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison: a sum of quantities, a bar, a tolerance.

    Parameters
    ----------
    terms : tuple of (float, Quantity)
        Factors and quantities.
    above : bool
        Whether the sum is to be above the bar, or below it.
    bar : float
        The bar.
    tolerance : float or None
        Within so much of the bar either verdict is right. None: what is measured is no estimate.
    text : str
        As it was written.
    """

    terms: tuple[tuple[float, Quantity], ...]
    above: bool
    bar: float
    tolerance: float | None
    text: str

    @property
    def sign(self) -> str:
        """The comparison: ``>`` or ``<``."""
        return ">" if self.above else "<"


def parse(text: str) -> tuple[Clause, ...]:
    r"""Return the clauses of a condition; all of them must hold.

    Raises
    ------
    InvalidParameter
        When it is none; says where and what was expected.

    Examples
    --------
    >>> clause, = parse("n - 1.1 * o > 0.01 +/- 0.01")
    >>> [(factor, str(quantity)) for factor, quantity in clause.terms]
    [(1.0, 'accuracy(new)'), (-1.1, 'accuracy(old)')]
    """
    return tuple(_Parser(text).clauses())


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        for match in _TOKEN.finditer(text.rstrip()):
            kind = str(match.lastgroup)
            if kind == "other":
                raise self._wrong(match.start(kind), "a name, a number or a sign")
            self.tokens.append((kind, match[kind], match.start(kind)))
        self.at = 0

    def clauses(self) -> Iterator[Clause]:
        while True:
            yield self._clause()
            if self._peek()[0] == "end":
                return
            self._take("/\\")

    def _clause(self) -> Clause:
        start = self._peek()[2]
        terms, constant = self._sum()
        sign = self._next()
        if sign[1] not in ("<", ">"):
            raise self._wrong(sign[2], "< or >")
        bar = self._number(signed=True) - constant
        tolerance = None
        if self._peek()[1] in ("+/-", "±"):
            self._next()
            tolerance = self._number()
            if tolerance <= 0:
                raise self._wrong(start, "a tolerance above 0")
        stop = self._peek()[2]
        if not terms:
            raise self._wrong(start, "a quantity, such as n or accuracy(new)")
        shown = self.text[start:stop].strip()
        return Clause(terms, sign[1] == ">", bar, tolerance, shown)

    def _sum(self) -> tuple[tuple[tuple[float, Quantity], ...], float]:
        terms: dict[Quantity, float] = {}
        constant, factor = 0.0, 1.0
        if self._peek()[1] in ("-", "+"):
            factor = -1.0 if self._next()[1] == "-" else 1.0
        while True:
            scale, quantity = self._term()
            if quantity is None:
                constant += factor * scale
            else:
                terms[quantity] = terms.get(quantity, 0.0) + factor * scale
            if self._peek()[1] not in ("-", "+"):
                kept = tuple((scale, quantity) for quantity, scale in terms.items() if scale)
                return kept, constant
            factor = -1.0 if self._next()[1] == "-" else 1.0

    def _term(self) -> tuple[float, Quantity | None]:
        scale, quantity = 1.0, None
        while True:
            kind, _, place = self._peek()
            if kind == "number":
                scale *= self._number()
            elif kind == "name" and quantity is None:
                quantity = self._quantity()
            else:
                raise self._wrong(place, "a number or one quantity")
            if self._peek()[1] != "*":
                return scale, quantity
            self._next()

    def _quantity(self) -> Quantity:
        _, name, place = self._next()
        if self._peek()[1] != "(":
            if name not in _SHORT:
                raise self._wrong(place, f"n, o, d or {name}(new)")
            return Quantity(*_SHORT[name])
        self._take("(")
        subjects: list[str] = []
        where: list[tuple[str, str]] = []
        while True:
            kind, word, place = self._next()
            if kind != "name":
                raise self._wrong(place, "new, old, or COLUMN=VALUE")
            if self._peek()[1] == "=":
                self._next()
                where.append((word, self._value()))
            elif word in ("new", "old") and not where:
                subjects.append(word)
            else:
                raise self._wrong(place, "new, old, or COLUMN=VALUE")
            if self._next_of(",", ")") == ")":
                break
        both = sorted(subjects) == ["new", "old"]
        if not both and len(subjects) != 1:
            raise self._wrong(place, "new, or old, or new, old")
        subject: Subject = "both" if both else "new" if subjects[0] == "new" else "old"
        return Quantity(name, subject, tuple(sorted(where)))

    def _value(self) -> str:
        kind, text, place = self._next()
        if kind == "text":
            return text[1:-1]
        if kind in ("number", "name"):
            return text
        raise self._wrong(place, "a value: 'Female', 3")

    def _number(self, *, signed: bool = False) -> float:
        factor = 1.0
        if signed and self._peek()[1] == "-":
            self._next()
            factor = -1.0
        kind, text, place = self._next()
        if kind != "number":
            raise self._wrong(place, "a number")
        return factor * float(text)

    def _peek(self) -> tuple[str, str, int]:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return "end", "", len(self.text)

    def _next(self) -> tuple[str, str, int]:
        found = self._peek()
        self.at += 1
        return found

    def _take(self, sign: str) -> None:
        self._next_of(sign)

    def _next_of(self, *signs: str) -> str:
        _, text, place = self._next()
        if text not in signs:
            raise self._wrong(place, " or ".join(signs))
        return text

    def _wrong(self, place: int, expected: str) -> InvalidParameter:
        seen = self.text[place : place + 20] or "its end"
        return InvalidParameter(
            f"this is no condition: {self.text!r}",
            got=f"{seen!r} at character {place + 1}",
            expected=expected,
            hint=_GRAMMAR,
        )
