"""Confidence intervals: every number of a report stands between two others.

Shares have the exact interval of Clopper and Pearson, means the normal one, areas under the ROC
curve DeLong's; what is a function of a confusion matrix is drawn anew from its cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates import binomial

DRAWS = 400
Vector = NDArray[np.float64]


def number(value: float, low: float, high: float, **more: Any) -> dict[str, Any]:
    """Return a number with its interval."""
    return {"value": float(value), "low": float(low), "high": float(high), **more}


def share(count: int, of: int, alpha: float) -> dict[str, Any] | None:
    """Return a share with the exact interval; None of nothing."""
    if not of:
        return None
    low, high = binomial.lower(of, count, alpha / 2), binomial.upper(of, count, alpha / 2)
    return number(count / of, low, high)


def mean(values: Vector, alpha: float) -> dict[str, Any]:
    """Return a mean with its normal interval."""
    middle, half = float(values.mean()), width(values, alpha)
    return number(middle, middle - half, middle + half)


def width(values: Vector, alpha: float) -> float:
    """Return half the width of the normal interval of a mean."""
    if len(values) < 2:
        return math.inf
    return quantile(alpha) * float(values.std(ddof=1)) / math.sqrt(len(values))


def quantile(alpha: float) -> float:
    """Return how many standard errors an interval reaches to each side."""
    return NormalDist().inv_cdf(1 - alpha / 2)


def error_of(found: dict[str, Any], alpha: float) -> float:
    """Return about what standard error an interval shows."""
    return float(found["high"] - found["low"]) / (2 * quantile(alpha))


def drawn(
    value: float, draws: NDArray[np.float64], alpha: float, *, most: float = math.inf
) -> dict[str, Any]:
    """Return a number with the interval of its bootstrap draws."""
    kept = draws[np.isfinite(draws)]
    if not len(kept) or not math.isfinite(value):
        return number(value, math.nan, math.nan)
    low, high = np.quantile(kept, [alpha / 2, 1 - alpha / 2])
    return number(value, min(low, value), min(max(high, value), most))


def of_matrix(
    matrix: NDArray[np.int64],
    score: Callable[[NDArray[Any]], NDArray[np.float64]],
    alpha: float,
    seed: int,
) -> dict[str, Any]:
    """Return a score of a confusion matrix, its cells drawn anew for the interval.

    Parameters
    ----------
    score : callable
        From matrices of shape (draws, classes, classes) to scores of shape (draws,).
    """
    total = int(matrix.sum())
    draw = np.random.default_rng(seed)
    flat = draw.multinomial(total, (matrix / total).ravel(), size=DRAWS)
    found = score(flat.reshape(DRAWS, *matrix.shape))
    return drawn(float(score(matrix[None])[0]), found, alpha, most=1.0)


def macro_f1(matrices: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over the classes that occur of F1."""
    right = np.diagonal(matrices, axis1=1, axis2=2)
    sizes = matrices.sum(axis=2) + matrices.sum(axis=1)
    return _mean_where(2 * right, sizes)


def balanced(matrices: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over the classes that occur of the recall."""
    return _mean_where(np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=2))


def _mean_where(above: NDArray[Any], below: NDArray[Any]) -> NDArray[np.float64]:
    there = below > 0
    ratio = np.where(there, above / np.where(there, below, 1), 0.0)
    found: NDArray[np.float64] = ratio.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return found


def placements(scores: Vector, positive: NDArray[np.bool_]) -> tuple[Vector, Vector]:
    """Return, of each positive row, the share of negative rows below it, and the other way round.

    The mean of either is the area under the ROC curve (DeLong, E. et al. 1988; by ranks as in Sun,
    X. and Xu, W. 2014).
    """
    from scipy.stats import rankdata

    above, below = scores[positive], scores[~positive]
    whole = rankdata(np.concatenate([above, below]))
    n = len(above)
    first = (whole[:n] - rankdata(above)) / max(len(below), 1)
    second = 1 - (whole[n:] - rankdata(below)) / max(n, 1)
    return first, second


def area(
    scores: Vector, positive: NDArray[np.bool_], alpha: float, *, minus: Vector | None = None
) -> dict[str, Any] | None:
    """Return the area under the ROC curve, or its difference to that of other scores.

    None where one of the two sides has fewer than two rows.
    """
    if positive.sum() < 2 or (~positive).sum() < 2:
        return None
    first, second = placements(scores, positive)
    if minus is not None:
        other = placements(minus, positive)
        first, second = first - other[0], second - other[1]
    value = float(first.mean())
    spread = math.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second))
    low, high = value - quantile(alpha) * spread, value + quantile(alpha) * spread
    if minus is not None:
        return number(value, low, high)
    return number(value, max(low, 0.0), min(high, 1.0))


def precision_area(
    scores: Vector, positive: NDArray[np.bool_], alpha: float
) -> dict[str, Any] | None:
    """Return the average precision, with its interval on the scale of log odds.

    Boyd, K. et al. 2013, *Area under the Precision-Recall Curve*.
    """
    from sklearn.metrics import average_precision_score

    count = int(positive.sum())
    if not count or count == len(positive):
        return None
    value = float(average_precision_score(positive, scores))
    inside = min(max(value, 1e-9), 1 - 1e-9)
    middle = math.log(inside / (1 - inside))
    half = quantile(alpha) / math.sqrt(count * inside * (1 - inside))
    # The scale's ends are never reached: a far end stays finite.
    return number(value, _odds(middle - half), _odds(middle + half))


def _odds(log_odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(log_odds, -700), 700)))
