"""What regressions are judged by: response and residual, R² in three forms, errors, plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.debug.reports import intervals
from clew.debug.reports.parts import Answers, Part

_DRAWS, _GROUPS, _POINTS, _QUANTILES = 200, 5_000, 400, (0.1, 0.5, 0.9)
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The labelled rows of a part.

    Parameters
    ----------
    rows : array of int
        Positions of the labelled rows in the part.
    features : int
        How many columns the model reads: for the adjusted R².
    """

    rows: NDArray[np.int64]
    truth: Vector
    said: Vector
    features: int

    @property
    def residual(self) -> Vector:
        """What is true minus what is said."""
        found: Vector = self.truth - self.said
        return found


def judged(part: Part, answers: Answers) -> Judged:
    """Return the labelled rows of a part with what is said of them."""
    rows = np.flatnonzero(part.labelled)
    truth, said = part.truth[rows].astype(float), answers.said[rows].astype(float)
    return Judged(rows, truth, said, part.rows.shape[1])


def scores(one: Judged, alpha: float, seed: int) -> dict[str, Any]:
    """Return all scores with their intervals."""
    residual, absolute = one.residual, np.abs(one.residual)
    squared = intervals.mean(residual**2, alpha)
    found = {
        "mae": intervals.mean(absolute, alpha),
        "rmse": intervals.number(
            *(math.sqrt(max(squared[key], 0)) for key in ("value", "low", "high"))
        ),
        **_determination(one, alpha, seed),
    }
    for share in _QUANTILES:
        loss = np.maximum(share * residual, (share - 1) * residual)
        found[f"quantile_loss_{share:g}"] = intervals.mean(loss, alpha)
    return found


HIGHER = ("r2", "r2_adjusted", "r2_without_intercept")
"""Of which scores more is better."""


def _determination(one: Judged, alpha: float, seed: int) -> dict[str, Any]:
    """Return R² around the mean, around zero, and adjusted for the number of columns."""
    n, residual = len(one.truth), one.residual**2
    draw = np.random.default_rng(seed)
    # Of many rows, groups of them are drawn: their sums spread as the rows' do.
    group = draw.permutation(n) % min(n, _GROUPS)
    columns = (np.ones(n), residual, one.truth, one.truth**2)
    sums = np.column_stack([np.bincount(group, column) for column in columns])
    weights = draw.poisson(1.0, (_DRAWS, len(sums))).astype(float)
    draws = np.vstack([sums.sum(axis=0), weights @ sums])
    count, left, first, second = draws.T
    with np.errstate(divide="ignore", invalid="ignore"):
        around = 1 - left / (second - first**2 / count)
        zero = 1 - left / second
    found = {"r2": around, "r2_without_intercept": zero}
    if n > one.features + 1:
        found["r2_adjusted"] = 1 - (1 - around) * (n - 1) / (n - one.features - 1)
    return {
        name: intervals.drawn(float(values[0]), values[1:], alpha, most=1.0)
        for name, values in found.items()
    }


def differences(new: Judged, old: Judged, alpha: float) -> dict[str, Any]:
    """Return how the new model's errors differ on the same rows, paired."""
    return {
        "mae": intervals.mean(np.abs(new.residual) - np.abs(old.residual), alpha),
        "mse": intervals.mean(new.residual**2 - old.residual**2, alpha),
    }


def moments(one: Judged, alpha: float) -> dict[str, Any]:
    """Return mean and standard deviation of response, prediction and residual."""
    return {
        name: {"mean": intervals.mean(values, alpha), "stddev": _spread(values, alpha)}
        for name, values in (
            ("response", one.truth),
            ("prediction", one.said),
            ("residual", one.residual),
        )
    }


def _spread(values: Vector, alpha: float) -> dict[str, Any]:
    """Return a standard deviation, with an interval that is right for any distribution."""
    n = len(values)
    if n < 2:
        return intervals.number(math.nan, math.nan, math.nan)
    around = (values - values.mean()) ** 2
    value = math.sqrt(around.sum() / (n - 1))
    half = intervals.width(around, alpha)
    return intervals.number(value, math.sqrt(max(value**2 - half, 0)), math.sqrt(value**2 + half))


def plots(one: Judged, ids: Sequence[Any], seed: int) -> dict[str, Any]:
    """Return residuals against predictions (some rows), and their quantiles against normal ones."""
    from scipy.stats import norm

    n, residual = len(one.truth), one.residual
    drawn = np.random.default_rng(seed).permutation(n)[:_POINTS]
    spread = float(residual.std()) or 1.0
    at = (np.arange(1, 52) - 0.5) / 51
    standard = np.quantile((residual - residual.mean()) / spread, at)
    return {
        "residuals": [
            {"row": ids[one.rows[row]], "x": float(one.said[row]), "y": float(residual[row])}
            for row in drawn
        ],
        "qq": [[float(x), float(y)] for x, y in zip(norm.ppf(at), standard, strict=True)],
    }
