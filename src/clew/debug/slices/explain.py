"""Explanation tables: a few rules that tell most of what an outcome depends on.

A rule is a group of rows and the mean outcome in it. The table's estimate of every row is the one
that is right about the mean of each rule and tells nothing else (maximum entropy); the next rule is
the one from which the most is learned (El Gebaly, K. et al. 2014, *Interpretable and Informative
Explanations of Outcomes*, VLDB). Rules are sought among the values that a few sampled rows share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.slices.index import Index, Value, Words, counts, index, packed, unpacked
from clew.errors import InvalidParameter

_STEPS, _PRECISION = 100, 1e-9
_STEEPEST = 30.0
_BEAM = 32
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an explanation table.

    Parameters
    ----------
    where : tuple of Value
        The values that its rows have; none: all rows.
    rows : int
        How many rows it covers.
    mean : float
        Share of them with the outcome.
    gain : float
        What the table learned by it: by how much the divergence fell, in nats a row.
    """

    where: tuple[Value, ...]
    rows: int
    mean: float
    gain: float

    def __str__(self) -> str:
        return " and ".join(map(str, self.where)) or "all rows"


@dataclass(frozen=True, slots=True)
class Explanation:
    """An explanation table.

    Parameters
    ----------
    rules : tuple of Rule
        In the order in which they were found; the first covers all rows.
    divergence : float
        What is left: the mean Kullback-Leibler divergence of outcomes from estimates, in nats.
    """

    rules: tuple[Rule, ...]
    divergence: float


def explanation_table(
    table: Any,
    outcome: NDArray[Any],
    *,
    rules: int = 10,
    sample: int = 32,
    predicates: int = 3,
    bins: int = 10,
    seed: int = 0,
) -> Explanation:
    """Return the rules from which the most is learned about an outcome.

    Parameters
    ----------
    table : Index, mapping of str to array, or frame
        The rows; see `clew.debug.slices.index`.
    outcome : array of shape (rows,)
        0 or 1 for each: the target, a model's answer, whether it is wrong.
    rules : int
        How many, the first one (all rows) included; fewer when nothing more is learned.
    sample : int
        Rules are made of the values of so many rows, drawn anew for each rule.
    predicates : int
        How many values a rule has at most.
    seed : int
        Of the draw.

    Raises
    ------
    InvalidParameter
        When outcomes are not 0 and 1, one per row.
    """
    rows = table if isinstance(table, Index) else index(table, bins=bins)
    seen = np.asarray(outcome, dtype=float)
    if seen.shape != (rows.rows,) or not np.isin(seen, (0, 1)).all():
        raise InvalidParameter("outcomes are 0 or 1, one per row", got=f"shape {seen.shape}")
    if rules < 1 or sample < 1 or predicates < 1:
        raise InvalidParameter("rules, sample, predicates", got=f"{rules}, {sample}, {predicates}")
    draw = np.random.default_rng(seed)
    members = np.ones((rows.rows, 1), dtype=bool)
    estimate = _scaled(members, seen)
    left = _divergence(seen, estimate)
    found = [Rule((), rows.rows, float(seen.mean()), 0.0)]
    values, columns, bits = rows.ranges()
    while len(found) < rules:
        drawn = draw.choice(rows.rows, min(sample, rows.rows), replace=False)
        has = (bits[:, drawn // 64] >> (drawn % 64).astype(np.uint64)) & np.uint64(1)
        best = _Beam(bits, columns, has.astype(bool), seen, members, estimate).best(predicates)
        if not len(best):
            break
        inside = unpacked(np.bitwise_and.reduce(bits[best], axis=0), rows.rows)
        members = np.column_stack([members, inside])
        estimate = _scaled(members, seen)
        now = _divergence(seen, estimate)
        where = tuple(values[value] for value in best)
        found.append(Rule(where, int(inside.sum()), float(seen[inside].mean()), left - now))
        left = now
    return Explanation(tuple(found), left)


class _Beam:
    """The search for one rule: groups of rows, each a few values that a sampled row has.

    Rows that no rule so far tells apart have one estimate, so the sum of estimates in a group is a
    few counts.
    """

    def __init__(
        self,
        bits: Words,
        columns: NDArray[np.int64],
        has: NDArray[np.bool_],
        seen: NDArray[np.float64],
        members: NDArray[np.bool_],
        estimate: NDArray[np.float64],
    ) -> None:
        self.bits, self.columns, self.has = bits, columns, has
        _, first, cell = np.unique(members, axis=0, return_index=True, return_inverse=True)
        alike = np.array([cell.ravel() == at for at in range(len(first))])
        self.cells, self.levels = packed(alike), np.asarray(estimate[first])
        self.seen = packed(seen > 0)
        self.least = _PRECISION * len(seen)

    def best(self, predicates: int) -> NDArray[np.int64]:
        """Return the values of the group from which most is learned; none when nothing is."""
        singles = np.flatnonzero(self.has.any(axis=1))
        sets = singles[:, None]
        best: tuple[float, NDArray[np.int64]] = (self.least, np.empty(0, dtype=np.int64))
        for size in range(1, predicates + 1):
            gains = self._gains(sets)
            order = np.argsort(-gains, kind="stable")[:_BEAM]
            if len(order) and gains[order[0]] > best[0]:
                best = (float(gains[order[0]]), sets[order[0]])
            if size < predicates:
                sets = self._wider(sets[order], singles)
            if not len(sets):
                break
        return best[1]

    def _wider(self, sets: NDArray[np.int64], singles: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sets with one value more, as far as a sampled row has them all."""
        shared = np.all(self.has[sets], axis=1)
        one_of = self.has[singles][None, :, :]
        there = np.any(np.logical_and(np.expand_dims(shared, 1), one_of), axis=2)
        for at in range(sets.shape[1]):
            there &= np.not_equal.outer(self.columns[sets[:, at]], self.columns[singles])
        one, two = np.nonzero(there)
        wider = np.column_stack([sets[one], singles[two]])
        found: NDArray[np.int64] = np.unique(np.sort(wider, axis=1), axis=0)
        return found

    def _gains(self, sets: NDArray[np.int64]) -> NDArray[np.float64]:
        found = np.zeros(len(sets))
        size = max(1, _BLOCK // self.bits.shape[1])
        for start in range(0, len(sets), size):
            part = sets[start : start + size]
            words = self.bits[part[:, 0]].copy()
            for at in range(1, part.shape[1]):
                words &= self.bits[part[:, at]]
            expected = np.zeros(len(part))
            for cell, level in zip(self.cells, self.levels, strict=True):
                expected += level * counts(words & cell)
            gained = _gain(counts(words), counts(words & self.seen), expected)
            found[start : start + size] = gained
        return found


def _gain(count: Any, had: Any, expected: Any) -> Any:
    """Return what is learned from the mean of rows whose estimates have another mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = _xlogy(had, had / expected)
        no = _xlogy(count - had, (count - had) / (count - expected))
    return np.nan_to_num(yes + no, nan=0.0, posinf=0.0)


def _scaled(members: NDArray[np.bool_], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the estimates that are right about the mean of each rule, and tell nothing else.

    By Newton's method on the rows that no rule tells apart, taken together.
    """
    cells, place = np.unique(members, axis=0, return_inverse=True)
    place = place.ravel()
    X = cells.astype(float)
    size = np.bincount(place).astype(float)
    had = np.bincount(place, seen)
    weights = np.zeros(X.shape[1])
    loss = _loss(X, size, had, weights)
    for _ in range(_STEPS):
        estimate = 1 / (1 + np.exp(-(X @ weights)))
        wrong = X.T @ (had - size * estimate)
        if np.abs(wrong).max() < _PRECISION * len(seen):
            break
        curve = (X * (size * estimate * (1 - estimate))[:, None]).T @ X
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(curve)) * len(seen), wrong)
        length = 1.0
        while length > 1e-6:
            tried = np.clip(weights + length * step, -_STEEPEST, _STEEPEST)
            now = _loss(X, size, had, tried)
            if now < loss:
                break
            length /= 2
        else:
            break
        weights, loss = tried, now
    estimates: NDArray[np.float64] = (1 / (1 + np.exp(-(X @ weights))))[place]
    return estimates


def _loss(X: Any, size: Any, had: Any, weights: Any) -> float:
    log_odds = X @ weights
    return float(size @ np.logaddexp(0, log_odds) - had @ log_odds)


def _divergence(seen: NDArray[np.float64], estimate: NDArray[np.float64]) -> float:
    return float(-(_xlogy(seen, estimate) + _xlogy(1 - seen, 1 - estimate)).mean())


def _xlogy(x: Any, y: Any) -> Any:
    """Return ``x ln y``, and nothing where x is 0."""
    some = np.asarray(x) > 0
    return np.where(some, x * np.log(np.where(some, y, 1.0)), 0.0)
