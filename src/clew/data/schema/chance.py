"""How probable it is that two tables differ as they do when their rows are drawn alike."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_FEW = 5.0


def grown(count: int, rows: int, before: int, rows_before: int) -> float:
    """Return the probability of at least `count` of all that were seen being among `rows`.

    Fisher's exact test, one-sided: when both tables are drawn alike, which of the
    ``count + before`` rows with a property are among the new ones is hypergeometric. That holds
    with no row of before having the property, too.
    """
    marked, total = count + before, rows + rows_before
    if count <= 0:
        return 1.0
    most = min(marked, rows)
    if most < count:
        return 1.0
    terms = np.arange(count, most + 1, dtype=np.float64)
    first = _choose(marked, count) + _choose(total - marked, rows - count) - _choose(total, rows)
    # Each term from the one before it: C(marked, k) C(total - marked, rows - k) / C(total, rows).
    k = terms[:-1]
    up = (marked - k) * (rows - k)
    down = (k + 1) * (total - marked - rows + k + 1)
    with np.errstate(divide="ignore"):
        steps = np.concatenate([[0.0], np.cumsum(np.log(up) - np.log(down))])
    return float(min(1.0, np.exp(first + steps).sum()))


def _choose(n: int, k: int) -> float:
    if k < 0 or k > n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def differ(left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Return the p-value of χ² that two rows of counts come from one distribution.

    Parameters
    ----------
    left, right : array of shape (cells,)
        Cells that few rows are expected in are counted together.
    """
    counts = np.stack([left, right]).astype(np.float64)
    totals = counts.sum(axis=1)
    if not totals.all():
        return 1.0
    smaller = totals.min() / totals.sum()
    rare = counts.sum(axis=0) * smaller < _FEW
    kept = counts[:, ~rare]
    if rare.any():
        kept = np.column_stack([kept, counts[:, rare].sum(axis=1)])
    kept = kept[:, kept.sum(axis=0) > 0]
    free = kept.shape[1] - 1
    if free < 1:
        return 1.0
    expected = np.outer(totals, kept.sum(axis=0)) / totals.sum()
    return _beyond(float(((kept - expected) ** 2 / expected).sum()), free)


def _beyond(value: float, free: int) -> float:
    """Return the upper tail of χ²: Wilson and Hilferty (1931)."""
    spread = 2 / (9 * free)
    z = ((value / free) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.5 * math.erfc(z / math.sqrt(2))


def largest_difference(left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Return the largest difference between two shares (the L∞ distance)."""
    a, b = _shares(left), _shares(right)
    return float(np.abs(a - b).max()) if len(a) else 0.0


def divergence(left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Return the divergence of Jensen and Shannon in bits: 0 for equal, 1 for disjoint."""
    a, b = _shares(left), _shares(right)
    middle = (a + b) / 2
    return max(0.0, (_relative(a, middle) + _relative(b, middle)) / 2)


def _relative(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    held = a > 0
    return float((a[held] * np.log2(a[held] / b[held])).sum())


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(counts / max(int(counts.sum()), 1), dtype=np.float64)
