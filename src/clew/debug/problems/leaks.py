"""What should not be known: rows on both sides, and columns that tell the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clew.debug.problems.columns import Column

ALONE = 0.95
"""The share of what is not known of the target that no honest column tells alone."""
SURE = 6.0
"""Standard deviations beyond which rows on both sides are no chance."""
_LAGS = (1, 2, 3)
_BINS = 64
_DRAWS = 100


def twins(left: Sequence[Column], right: Sequence[Column]) -> tuple[int, float, float]:
    """Return how many rows of the right are on the left, how many by chance, and the spread.

    Chance is any other split of all rows into parts of these sizes.
    """
    keys = [*zip(*(column.texts for column in left), strict=True)]
    n = len(keys)
    keys += zip(*(column.texts for column in right), strict=True)
    sizes = Counter(keys)
    number = {key: at for at, key in enumerate(key for key, size in sizes.items() if size > 1)}
    if not number:
        return 0, 0.0, 0.0
    codes = np.array([number.get(key, -1) for key in keys])

    def shared(order: NDArray[np.int64]) -> int:
        known = np.zeros(len(number) + 1, dtype=bool)
        known[codes[order[:n]]] = True
        known[-1] = False
        return int(known[codes[order[n:]]].sum())

    random = np.random.default_rng(0)
    drawn = [shared(random.permutation(len(codes))) for _ in range(_DRAWS)]
    return shared(np.arange(len(codes))), float(np.mean(drawn)), float(np.std(drawn))


def told(
    left: Column, right: Column, target: Column, target_right: Column, *, ordered: bool
) -> tuple[float, int]:
    """Return the share of the target that a column tells alone, and of how many rows later.

    A rule is learned on the left and judged on the right, against always saying the commonest.

    Parameters
    ----------
    ordered : bool
        Rows are in the order of time: the column may also tell the target of later rows.
    """
    best = (_told(left, right, target, target_right), 0)
    for lag in _LAGS if ordered else ():
        if len(right.texts) <= lag + 1 or len(left.texts) <= lag + 1:
            continue
        sides = (_cut(left, 0, lag), _cut(right, 0, lag), _cut(target, lag, 0))
        best = max(best, (_told(*sides, _cut(target_right, lag, 0)), lag))
    return best


def _cut(column: Column, start: int, end: int) -> Column:
    stop = len(column.texts) - end
    return Column(column.numbers[start:stop], column.texts[start:stop])


def _told(left: Column, right: Column, target: Column, target_right: Column) -> float:
    codes, codes_right, size = _coded(left, right)
    if target.is_number and len(np.unique(target.numbers)) > 20:
        sums, counts = np.bincount(codes, target.numbers, size), np.bincount(codes, minlength=size)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), target.numbers.mean())
        wrong = ((target_right.numbers - means[codes_right]) ** 2).sum()
        base = ((target_right.numbers - target.numbers.mean()) ** 2).sum()
    else:
        values, labels = np.unique(target.texts, return_inverse=True)
        table = np.zeros((size, len(values)))
        np.add.at(table, (codes, labels), 1)
        commonest = values[np.bincount(labels).argmax()]
        says = np.where(table.sum(axis=1) > 0, values[table.argmax(axis=1)], commonest)
        wrong = (says[codes_right] != target_right.texts).sum()
        base = (commonest != target_right.texts).sum()
    return float(1 - wrong / base) if base > 0 else 0.0


def _coded(left: Column, right: Column) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    values, codes = np.unique(np.concatenate([left.texts, right.texts]), return_inverse=True)
    n = len(left.texts)
    if left.is_number and len(values) > _BINS:
        numbers = left.numbers[~np.isnan(left.numbers)]
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, _BINS + 1)[1:-1]))
        sides = [np.searchsorted(edges, side.numbers) for side in (left, right)]
        return sides[0], sides[1], len(edges) + 1
    return codes[:n], codes[n:], len(values)
