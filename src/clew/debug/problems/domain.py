"""Whether a classifier can tell two sides apart: the shift that no single column shows.

A boosted ensemble is fitted to say which side a row is from, and judged on rows that it has not
seen: an area under the ROC curve of one half is chance (Lopez-Paz, D. and Oquab, M. 2017,
*Revisiting Classifier Two-Sample Tests*, ICLR).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.problems.columns import Column, columns_of
from clew.errors import InvalidParameter, MissingExtra

_ROWS, _LEAST, _COLUMNS, _CATEGORIES = 3_000, 40, 5, 200


@dataclass(frozen=True, slots=True)
class Domains:
    """How well two sides can be told apart.

    Parameters
    ----------
    area : float
        Area under the ROC curve on rows that the classifier has not seen: one half is chance.
    p_value : float
        How probable that is, or more, when both sides are distributed alike.
    columns : tuple of (str, float)
        The columns without which it falls most, with by how much.
    """

    area: float
    p_value: float
    columns: tuple[tuple[str, float], ...]


def told_apart(left: Any, right: Any, *, rows: int = _ROWS, seed: int = 0) -> Domains:
    """Return how well a classifier tells two tables apart.

    Parameters
    ----------
    left, right : frame, or mapping of str to array
        With the same columns.
    rows : int
        So many of each side are drawn at most, half of them to judge on.

    Raises
    ------
    InvalidParameter
        When the columns differ, or a side has fewer than 40 rows.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtra(
            "telling sides apart needs scikit-learn", hint="pip install 'clew[sklearn]'"
        ) from error
    sides = columns_of(left), columns_of(right)
    if set(sides[0]) != set(sides[1]):
        differ = sorted(set(sides[0]) ^ set(sides[1]))
        raise InvalidParameter("the sides have the same columns", got=f"only in one: {differ}")
    draw = np.random.default_rng(seed)
    sizes = [len(next(iter(side.values())).texts) for side in sides]
    if min(sizes) < _LEAST:
        raise InvalidParameter("rows of a side", got=str(min(sizes)), expected=f"{_LEAST} or more")
    chosen = [draw.permutation(size)[:rows] for size in sizes]
    names = list(sides[0])
    X = np.column_stack(
        [_coded(sides[0][name], sides[1][name], chosen[0], chosen[1]) for name in names]
    )
    y = np.repeat([0, 1], [len(one) for one in chosen])
    order = draw.permutation(len(y))
    fitted, judged = order[: len(order) // 2], order[len(order) // 2 :]
    model = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, learning_rate=0.15, random_state=seed
    )
    # Of so few rows threads only wait for one another.
    with threadpool_limits(1):
        value, p_value, most = _judged(
            model.fit(X[fitted], y[fitted]), X[judged], y[judged] == 1, names, draw
        )
    return Domains(value, p_value, most)


def _judged(
    model: Any, rows: Any, truth: NDArray[np.bool_], names: list[str], draw: np.random.Generator
) -> tuple[float, float, tuple[tuple[str, float], ...]]:
    """Return the area, its p-value, and the columns without which the area falls most."""
    from scipy.stats import mannwhitneyu

    count = int(truth.sum()) * int((~truth).sum())

    def area(table: NDArray[np.float64]) -> tuple[float, float]:
        told = model.decision_function(table)
        found = mannwhitneyu(told[truth], told[~truth], alternative="greater")
        return float(found.statistic) / count, float(found.pvalue)

    value, p_value = area(rows)
    carried = []
    for at, name in enumerate(names):
        mixed = rows.copy()
        mixed[:, at] = draw.permutation(mixed[:, at])
        carried.append((name, value - area(mixed)[0]))
    carried.sort(key=lambda one: -one[1])
    bar = 1 / math.sqrt(len(truth))
    most = tuple(one for one in carried[:_COLUMNS] if one[1] > bar)
    return value, p_value, most


def _coded(
    left: Column, right: Column, a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.float64]:
    if left.is_number and right.is_number:
        return np.concatenate([left.numbers[a], right.numbers[b]])
    both = np.concatenate([left.texts[a], right.texts[b]])
    values, codes, sizes = np.unique(both, return_inverse=True, return_counts=True)
    # By how common they are, so that near codes are alike; the rarest share one.
    rank = np.minimum(np.argsort(np.argsort(-sizes, kind="stable")), _CATEGORIES)
    found: NDArray[np.float64] = rank[codes].astype(float) if len(values) else codes.astype(float)
    return found
