"""Assertions made from an identifier: what is the same thing has the same attributes.

Each proposes corrections: what most rows of the thing say, or what was said before and after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clew.debug.assertions.assertion import Assertion, Row, Then
from clew.errors import InvalidParameter

Attribute = Callable[[Row, Any], Any]


def consistent(
    identifier: str | Attribute,
    *,
    attributes: Mapping[str, Attribute] | None = None,
    time: str | None = None,
    seconds: float | None = None,
    then: Then = "monitor",
) -> tuple[Assertion, ...]:
    """Return assertions that hold when rows of the same thing agree.

    Parameters
    ----------
    identifier : str or callable
        The column that names the thing, or a function of a row and its answer.
    attributes : mapping of str to callable, optional
        What must agree: functions of a row and its answer; by default the answer itself, for which
        the one of the majority is proposed.
    time, seconds : str and float, optional
        Asks also that no answer changes and changes back within so many seconds of this column; the
        answer before is proposed.
    then : str
        Of the assertions about the answer; see `Assertion`.
    """
    if (time is None) != (seconds is None):
        raise InvalidParameter("time= and seconds= belong together")
    thing = _column(identifier) if isinstance(identifier, str) else identifier
    called = identifier if isinstance(identifier, str) else getattr(thing, "__name__", "thing")
    found = []
    if attributes is None:
        found.append(
            Assertion(
                f"one answer for each {called}",
                _different(thing, _answer),
                "batch",
                then=then,
                correct=_majority(thing),
            )
        )
    for name, attribute in (attributes or {}).items():
        said = f"one {name} for each {called}"
        found.append(Assertion(said, _different(thing, attribute), "batch"))
    if time is not None and seconds is not None:
        back = _back(thing, time, seconds)
        found.append(
            Assertion(
                f"no flicker of a {called} within {seconds:g} s",
                lambda rows, answers: [float(at in back(rows, answers)) for at in range(len(rows))],
                "batch",
                then=then,
                correct=back,
            )
        )
    return tuple(found)


def _column(name: str) -> Attribute:
    return lambda row, answer: row[name]


def _answer(row: Row, answer: Any) -> Any:
    return answer


def _groups(thing: Attribute, rows: Sequence[Row], answers: Sequence[Any]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for at, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        found.setdefault(str(thing(row, answer)), []).append(at)
    return list(found.values())


def _most(values: Sequence[Any]) -> Any:
    """Return the value of more than half, or None."""
    value, count = Counter(values).most_common(1)[0]
    return value if 2 * count > len(values) else None


def _different(
    thing: Attribute, attribute: Attribute
) -> Callable[[Sequence[Row], Sequence[Any]], list[float]]:
    """Return the share of its fellows with which each row does not agree, where most say else."""

    def scored(rows: Sequence[Row], answers: Sequence[Any]) -> list[float]:
        found = [0.0] * len(rows)
        for group in _groups(thing, rows, answers):
            said = [attribute(rows[at], answers[at]) for at in group]
            counts, most = Counter(said), _most(said)
            for at, value in zip(group, said, strict=True):
                if len(counts) > 1 and (most is None or value != most):
                    found[at] = 1 - counts[value] / len(said)
        return found

    return scored


def _majority(thing: Attribute) -> Callable[[Sequence[Row], Sequence[Any]], dict[int, Any]]:
    def proposed(rows: Sequence[Row], answers: Sequence[Any]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for group in _groups(thing, rows, answers):
            most = _most([answers[at] for at in group])
            if most is not None:
                found |= {at: most for at in group if answers[at] != most}
        return found

    return proposed


def _back(
    thing: Attribute, time: str, seconds: float
) -> Callable[[Sequence[Row], Sequence[Any]], dict[int, Any]]:
    """Return answers that change and change back in time, with the one around them."""

    def proposed(rows: Sequence[Row], answers: Sequence[Any]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for group in _groups(thing, rows, answers):
            ordered = sorted(group, key=lambda at: float(rows[at][time]))
            said = [answers[at] for at in ordered]
            start = 0
            while start < len(ordered):
                end = start
                while end + 1 < len(said) and said[end + 1] == said[start]:
                    end += 1
                if start > 0 and end + 1 < len(ordered):
                    before, after = ordered[start - 1], ordered[end + 1]
                    lasted = float(rows[after][time]) - float(rows[before][time])
                    if said[start - 1] == said[end + 1] and lasted <= seconds:
                        found |= {ordered[at]: answers[before] for at in range(start, end + 1)}
                start = end + 1
        return found

    return proposed
