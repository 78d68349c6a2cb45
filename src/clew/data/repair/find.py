"""The repairs of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from clew.data.repair.change import Repair
from clew.data.repair.coded import Coded, Codes, coded
from clew.data.repair.column import Beliefs, Column
from clew.data.repair.constraint import Dependency, dependencies
from clew.data.repair.discover import informants
from clew.data.repair.reason import reasons
from clew.data.repair.spelling import Mistakes
from clew.errors import InvalidParameter

_ROUNDS, _LEARNT = 9, 4
_SHARED = 0.3


def find(
    table: Any,
    constraints: str | Path | Iterable[str | Dependency] = (),
    *,
    least: float = 0.5,
    seed: int = 0,
) -> tuple[Repair, ...]:
    """Return the values of a table that are probably wrong, and what they should be.

    A value is judged by the rows that are equal to its own in other columns, which are found in
    the table, by those of constraints, and by the texts that a mistake makes of others. Missing
    values, numbers with fractions, and columns whose values hardly repeat are left alone.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
    constraints : path, or iterable of str or Dependency
        ``Zip -> City``, or denial constraints as HoloClean writes them; of a file, one a line.
    least : float
        Smallest confidence.
    seed : int
        Of the rows from which it is learnt.

    Returns
    -------
    tuple of Repair
        By row. The confidence of a repair is the probability that it is right.

    Raises
    ------
    InvalidParameter
        When a constraint is none or names no column that can be repaired by it, when `least` is
        no probability, or when the table has no rows.

    Notes
    -----
    Each round judges all columns by what is believed of the others, and changes one value of a
    row, the surest: of two columns that determine each other, the second then agrees.
    """
    if not 0.0 <= least <= 1.0:
        raise InvalidParameter("a confidence is a probability", got=repr(least), expected="0 to 1")
    data = coded(table)
    random = np.random.default_rng(seed)
    mistakes = Mistakes()
    columns = _columns(data, _checked(dependencies(constraints), data), mistakes, random)
    now = {name: one.codes.copy() for name, one in data.items()}
    beliefs: dict[str, Beliefs] = {}
    for turn in range(_ROUNDS):
        for name, column in columns.items():
            rows = np.flatnonzero(column.coded.codes >= 0)
            beliefs[name] = column.judge(now, rows, learn=turn < _LEARNT, random=random)
        if not _change(now, beliefs):
            break
        mistakes.learn(_written(columns, now))
    found = []
    for name, column in columns.items():
        one = beliefs[name]
        sure = one.of(now[name][one.rows])
        new = (now[name] != column.coded.codes)[one.rows] & (sure >= least)
        why = reasons(column, now, one.rows[new])
        values, codes = column.coded.values, column.coded.codes
        found += [
            Repair(
                row=row,
                column=name,
                old=values[codes[row]],
                new=values[now[name][row]],
                confidence=round(confidence, 6),
                reason=reason,
            )
            for row, confidence, reason in zip(
                one.rows[new].tolist(), sure[new].tolist(), why, strict=True
            )
        ]
    places = {name: place for place, name in enumerate(data)}
    return tuple(sorted(found, key=lambda one: (one.row, places[one.column])))


def _checked(given: tuple[Dependency, ...], data: dict[str, Coded]) -> tuple[Dependency, ...]:
    for rule in given:
        unknown = [name for name in (*rule.given, rule.column) if name not in data]
        if unknown:
            raise InvalidParameter(
                "a constraint is of columns that are not there, or not of texts, integers or "
                "truth values",
                got=", ".join(unknown),
                expected=", ".join(data),
            )
    return given


def _columns(
    data: dict[str, Coded],
    given: tuple[Dependency, ...],
    mistakes: Mistakes,
    random: np.random.Generator,
) -> dict[str, Column]:
    found = {}
    for name, one in data.items():
        own = [rule.given for rule in given if rule.column == name]
        if own or _repeats(one):
            known = [*own, *informants(data, name, random)]
            found[name] = Column(one, list(dict.fromkeys(known)), mistakes)
    return found


def _repeats(column: Coded) -> bool:
    """Tell whether many rows share their value with another row."""
    known = column.codes[column.codes >= 0]
    numbers = np.bincount(known)
    return bool((numbers[known] > 1).mean() > _SHARED)


def _change(now: dict[str, Codes], beliefs: dict[str, Beliefs]) -> bool:
    """Change the value of each row that gains most; tell whether any row has one."""
    most: dict[int, tuple[float, str, int]] = {}
    for name, one in beliefs.items():
        best, sure = one.best()
        current = now[name][one.rows]
        gain = sure - one.of(current)
        for at in np.flatnonzero((best != current) & (gain > 0)):
            row = int(one.rows[at])
            if row not in most or gain[at] > most[row][0]:
                most[row] = (float(gain[at]), name, int(best[at]))
    for row, (_, name, code) in most.items():
        now[name][row] = code
    return bool(most)


def _written(columns: dict[str, Column], now: dict[str, Codes]) -> Counter[tuple[str, str]]:
    """Return what was written for what, and how often."""
    found: Counter[tuple[str, str]] = Counter()
    for name, column in columns.items():
        texts, codes = column.channel.texts, column.coded.codes
        for row in np.flatnonzero(now[name] != codes):
            found[texts[codes[row]], texts[now[name][row]]] += 1
    return found
