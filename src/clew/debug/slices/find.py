"""Slices: the groups of rows, by a few of their values, on which a model is worst.

SliceLine (Sagadeeva, S. and Boehm, M. 2021, *SliceLine: Fast, Linear-Algebra-based Slice Finding
for ML Model Debugging*, SIGMOD): a slice's score weighs how much worse its mean error is against
how small it is; the best are found exactly, level by level, since what a slice's parts allow bounds
the score of the slice and of all that lies below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.slices.index import Index, Value, counts, index, packed
from clew.debug.slices.sums import largest, sums
from clew.errors import InvalidParameter

_SLACK = 1e-9
"""Bounds are this much looser than computed: rounding prunes no slice."""
_FAMILIES = 1 << 21
"""Pairs of slices that are joined at once."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A group of rows.

    Parameters
    ----------
    where : tuple of Value
        The values that its rows have.
    rows : int
        How many there are.
    errors : float
        Sum of their errors.
    largest : float
        The largest of them.
    score : float
        SliceLine's score: above 0, worse than the whole.
    """

    where: tuple[Value, ...]
    rows: int
    errors: float
    largest: float
    score: float

    @property
    def mean(self) -> float:
        """Mean error of its rows."""
        return self.errors / self.rows

    def __str__(self) -> str:
        return " and ".join(map(str, self.where))


@dataclass(slots=True)
class _Level:
    """Slices of as many predicates, and what bounds those that lie below them."""

    sets: NDArray[np.int64]
    rows: NDArray[np.int64]
    errors: NDArray[np.float64]
    largest: NDArray[np.float64]


def find_slices(
    table: Any,
    errors: NDArray[Any],
    *,
    count: int = 10,
    alpha: float = 0.95,
    predicates: int = 3,
    least_rows: int | float = 0.01,
    bins: int = 10,
    before: Sequence[Slice] = (),
) -> tuple[Slice, ...]:
    """Return the slices with the highest scores, the highest first.

    Parameters
    ----------
    table : Index, mapping of str to array, or frame
        The rows; see `clew.debug.slices.index`.
    errors : array of shape (rows,)
        How wrong the model is on each, 0 or more: 1 where it is wrong, a squared error, a loss.
    count : int
        How many; more where scores are equal.
    alpha : float
        Weight of the mean error against the size, above 0, up to 1.
    predicates : int
        How many values a slice has at most.
    least_rows : int or float
        How many rows a slice has at least; below 1, the share of all.
    before : sequence of Slice
        What was found on fewer rows of the same table: as these can only have a score here, too,
        less has to be searched. The result is the same without.

    Raises
    ------
    InvalidParameter
        When errors are negative or missing, or a number makes no sense.
    """
    rows = table if isinstance(table, Index) else index(table, bins=bins)
    wrong = np.asarray(errors, dtype=float)
    if wrong.shape != (rows.rows,) or not (np.isfinite(wrong) & (wrong >= 0)).all():
        raise InvalidParameter(
            "errors are one per row, finite, 0 or more", got=f"shape {wrong.shape}"
        )
    if not 0 < alpha <= 1 or count < 1 or predicates < 1:
        raise InvalidParameter("alpha, count, predicates", got=f"{alpha}, {count}, {predicates}")
    least = max(1, int(least_rows * rows.rows) if 0 < least_rows < 1 else int(least_rows))
    if wrong.sum() == 0:
        return ()
    return _Search(rows, wrong, count, alpha, least).run(predicates, before)


class _Search:
    def __init__(
        self, rows: Index, errors: NDArray[np.float64], count: int, alpha: float, least: int
    ) -> None:
        self.index = rows
        self.errors = errors
        self.count = count
        self.alpha = alpha
        self.least = least
        self.mean = float(errors.mean())
        # Errors of 0 and 1 are bits, too: their sum in a slice is a count.
        self.bits = packed(errors > 0) if np.isin(errors, (0, 1)).all() else None
        self.found: list[Slice] = []
        self.threshold = 0.0

    def run(self, predicates: int, before: Sequence[Slice]) -> tuple[Slice, ...]:
        self._known(before)
        values = np.arange(len(self.index.values))[:, None]
        level = self._measured(values)
        level = self._kept(level)
        for _ in range(2, predicates + 1):
            if len(level.sets) < 2:
                break
            joined = self._joined(level)
            if not len(joined):
                break
            level = self._kept(self._measured(joined))
        found = sorted(self.found, key=lambda one: (-one.score, len(one.where), str(one)))
        return tuple(found)

    def score(self, rows: Any, errors: Any) -> Any:
        """Return SliceLine's score (equation 1)."""
        n = self.index.rows
        better = self.alpha * (errors / np.maximum(rows, 1) / self.mean - 1)
        return better - (1 - self.alpha) * (n / np.maximum(rows, 1) - 1)

    def bound(self, rows: Any, errors: Any, largest: Any) -> Any:
        """Return the most that a part of a slice can score (section 3.2).

        A part of ``s`` rows has at most ``min(s * largest, errors)`` of error; the score of that is
        greatest at the least size, at the size where both are equal, or at the full size.
        """
        even = np.divide(errors, largest, out=np.zeros_like(errors), where=largest > 0)
        sizes = (
            np.full_like(errors, self.least),
            np.clip(even, self.least, np.maximum(rows, self.least)),
            np.maximum(rows, self.least).astype(float),
        )
        scores = [self.score(size, np.minimum(size * largest, errors)) for size in sizes]
        return np.maximum.reduce(scores) + _SLACK

    def _known(self, before: Sequence[Slice]) -> None:
        """Begin with a threshold that slices known from before are sure to reach."""
        place = {value: at for at, value in enumerate(self.index.values)}
        scores = []
        for one in before:
            if not all(value in place for value in one.where):
                continue
            level = self._measured(np.array([[place[value] for value in one.where]]))
            if level.rows[0] >= self.least:
                scores.append(float(self.score(level.rows, level.errors)[0]))
        scores.sort(reverse=True)
        if len(scores) >= self.count:
            self.threshold = max(0.0, scores[self.count - 1] - _SLACK)

    def _measured(self, sets: NDArray[np.int64]) -> _Level:
        """Return how many rows each set of values has, their errors, and the largest."""
        if self.bits is None:
            rows, total, _ = sums(self.index, sets, self.errors)
            return _Level(sets, rows, total, largest(self.index, sets, self.errors))
        n = len(sets)
        rows, wrong = np.zeros(n, dtype=np.int64), np.zeros(n)
        for part in self.index.blocks(n):
            words = self.index.conjunctions(sets[part])
            rows[part] = counts(words)
            wrong[part] = counts(words & self.bits)
        return _Level(sets, rows, wrong, (wrong > 0).astype(float))

    def _kept(self, level: _Level) -> _Level:
        """Take note of the best; return those that better ones may lie below."""
        large = (level.rows >= self.least) & (level.errors > 0)
        scores = self.score(level.rows, level.errors)
        for at in np.flatnonzero(large & (scores > _SLACK) & (scores >= self.threshold)):
            self.found.append(
                Slice(
                    tuple(self.index.values[value] for value in level.sets[at]),
                    int(level.rows[at]),
                    float(level.errors[at]),
                    float(level.largest[at]),
                    float(scores[at]),
                )
            )
        self._cut()
        bound = self.bound(level.rows, level.errors, level.largest)
        keep = large & (bound > 0) & (bound >= self.threshold)
        return _Level(level.sets[keep], level.rows[keep], level.errors[keep], level.largest[keep])

    def _cut(self) -> None:
        """Keep the best ones, and all that are as good as the last of them."""
        if len(self.found) >= self.count:
            worst = sorted((one.score for one in self.found), reverse=True)[self.count - 1]
            self.threshold = max(self.threshold, worst)
            self.found = [one for one in self.found if one.score >= self.threshold]

    def _joined(self, level: _Level) -> NDArray[np.int64]:
        """Return the sets of one value more all of whose parts are there, if they can score."""
        sets, size = level.sets, level.sets.shape[1]
        keys = self._keys(sets)
        order = np.argsort(keys)
        first = np.unique(sets[:, :-1], axis=0, return_inverse=True)[1].ravel()
        found = []
        for a, b in _pairs(first):
            joined = np.column_stack([sets[a], sets[b, -1]])
            differ = self.index.columns[joined[:, -2]] != self.index.columns[joined[:, -1]]
            a, b, joined = a[differ], b[differ], joined[differ]
            rows, errors, most = (
                np.minimum(part[a], part[b]) for part in (level.rows, level.errors, level.largest)
            )
            possible = (rows >= self.least) & (
                self.bound(rows, errors, most) >= max(self.threshold, 0.0)
            )
            a, joined = a[possible], joined[possible]
            rows, errors, most = rows[possible], errors[possible], most[possible]
            there = np.ones(len(joined), dtype=bool)
            for parts in list(combinations(range(size + 1), size))[: size - 1]:
                wanted = self._keys(joined[:, list(parts)])
                at = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
                there &= keys[at] == wanted
                rows = np.minimum(rows, level.rows[at])
                errors = np.minimum(errors, level.errors[at])
                most = np.minimum(most, level.largest[at])
            there &= self.bound(rows, errors, most) >= max(self.threshold, 0.0)
            found.append(joined[there & (rows >= self.least)])
        return np.concatenate(found) if found else np.empty((0, size + 1), dtype=np.int64)

    def _keys(self, sets: NDArray[np.int64]) -> NDArray[Any]:
        """Return one number per set of values; texts where no number holds it."""
        base = len(self.index.values) + 1
        if base ** sets.shape[1] >= 1 << 62:
            return np.array([",".join(map(str, one)) for one in sets.tolist()])
        found = np.zeros(len(sets), dtype=np.int64)
        for at in range(sets.shape[1]):
            found = found * base + sets[:, at]
        return found


def _pairs(groups: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return all pairs within groups of sets that begin alike, the earlier one first."""
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    held: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    total = 0
    for members in np.split(order, edges):
        if len(members) < 2:
            continue
        one, two = np.triu_indices(len(members), 1)
        held.append((members[one], members[two]))
        total += len(one)
        if total > _FAMILIES:
            found.append(_together(held))
            held, total = [], 0
    if held:
        found.append(_together(held))
    return found


def _together(
    pairs: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])
