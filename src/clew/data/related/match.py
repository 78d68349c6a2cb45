"""What sketches tell of tables: how alike they are, and on which columns they join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clew.data.related.sketch import SIZE, Sketch

_LEAST = 0.05
_RENAMED = 0.8
"""What a pair counts whose columns have different names."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns that hold the same things.

    Parameters
    ----------
    column, other : str
    jaccard : float
        Distinct values that both have, to those that either has.
    """

    column: str
    other: str
    jaccard: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """A table that is like another.

    Parameters
    ----------
    score : float
        0 to 1: what its best pairs share, each column in one of them at most, over all columns of
        the wider table; pairs of different names count for 0.8.
    pairs : tuple of Pair
        The most alike first.
    """

    name: str
    score: float
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """A column whose values lie in a column of another table.

    Parameters
    ----------
    contained : float
        Share of its distinct values that the other has.
    is_key : bool
        Whether the other column seems to tell rows of its table apart, so that a join adds no rows.
    """

    column: str
    name: str
    other: str
    contained: float
    is_key: bool


def jaccard(one: Sketch, other: Sketch) -> float:
    """Return the estimated share of distinct values that two columns have in common."""
    if not _comparable(one, other) or not len(one.hashes) or not len(other.hashes):
        return 0.0
    union = np.union1d(one.hashes, other.hashes)
    if not (one.is_whole and other.is_whole):
        # Only as far as both are known: the smallest of the union are a sample of all.
        last = min(float(s.hashes[-1]) for s in (one, other) if not s.is_whole)
        union = union[union <= last][:SIZE]
    both = np.isin(union, one.hashes) & np.isin(union, other.hashes)
    return float(both.sum() / max(len(union), 1))


def contained(one: Sketch, other: Sketch) -> float:
    """Return the estimated share of a column's distinct values that another has."""
    share = jaccard(one, other)
    if share == 0.0:
        return 0.0
    both = share / (1 + share) * (one.distinct + other.distinct)
    return float(min(1.0, both / max(one.distinct, 1)))


def _comparable(one: Sketch, other: Sketch) -> bool:
    kinds = {one.kind, other.kind}
    return "other" not in kinds and (len(kinds) == 1 or kinds == {"number", "text"})


def similar(
    table: Sequence[Sketch], others: Mapping[str, Sequence[Sketch]], *, most: int = 10
) -> tuple[Likeness, ...]:
    """Return the tables that are most like one, the most first; what shares nothing is left out."""
    found = []
    for name, columns in others.items():
        pairs = _pairs(table, columns)
        if pairs:
            width = max(len(table), len(columns))
            score = sum(
                pair.jaccard * (1.0 if pair.column == pair.other else _RENAMED) for pair in pairs
            )
            score /= width
            found.append(Likeness(name, score, tuple(pairs)))
    return tuple(sorted(found, key=lambda one: (-one.score, one.name))[:most])


def _pairs(table: Sequence[Sketch], columns: Sequence[Sketch]) -> list[Pair]:
    """Match columns, the most alike first; of equal ones those of the same name."""
    every = [
        (share, one.name == other.name, one.name, other.name)
        for one in table
        for other in columns
        if (share := jaccard(one, other)) >= _LEAST
    ]
    every.sort(key=lambda entry: (-entry[0], not entry[1], entry[2], entry[3]))
    left, right = set(), set()
    found = []
    for share, _, one_name, other_name in every:
        if one_name not in left and other_name not in right:
            left.add(one_name)
            right.add(other_name)
            found.append(Pair(one_name, other_name, share))
    return found


def joinable(
    table: Sequence[Sketch],
    others: Mapping[str, Sequence[Sketch]],
    *,
    least: float = 0.5,
    most: int = 20,
) -> tuple[Join, ...]:
    """Return on which columns others join with a table: keys first, then what is contained most.

    Parameters
    ----------
    least : float
        The least share of a column's distinct values that the other must have. Columns of fewer
        than three distinct values join with anything, and are left out.
    """
    found = [
        Join(one.name, name, other.name, share, other.is_key)
        for one in table
        if one.distinct >= 3
        for name, columns in others.items()
        for other in columns
        if (share := contained(one, other)) >= least
    ]
    found.sort(key=lambda j: (not j.is_key, -j.contained, j.column != j.other, j.name, j.other))
    return tuple(found[:most])
