"""Rows where a model changes its mind: the rows on which an inexact copy shows itself first.

Between two rows that the model tells apart, the numeric columns are moved halfway again and again
until neighbouring doubles lie on the two sides. For trees such a place is a threshold; for other
models it is where two classes tie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Score = Callable[[Any], NDArray[Any]]
_HALVINGS = 60


def boundary_rows(sample: Any, score: Score, *, pairs: int = 128, seed: int = 0) -> Any:
    """Return rows on both sides of a model's decisions, in the form of the sample.

    Parameters
    ----------
    sample : frame or (n_rows, n_features) array
        Rows to start from.
    score : callable
        Gives a label (n_rows,), or a number for a regressor, for rows in the sample's form.
    pairs : int
        How many pairs of rows to start from; up to two rows come of each.

    Returns
    -------
    frame or array
        With the sample's columns; whole numbers become fractions on the way, so these columns are
        of doubles. Empty when no two rows differ.
    """
    rows, numeric = _numeric_part(sample)
    if numeric.shape[1] == 0 or len(numeric) < 2:
        return rows(np.empty((0, numeric.shape[1])), np.empty(0, dtype=int))
    generator = np.random.default_rng(seed)
    first = generator.integers(len(numeric), size=4 * pairs)
    second = generator.integers(len(numeric), size=4 * pairs)
    # The columns that are no numbers stay those of the first row, so that one path joins the two.
    low, high = numeric[first], numeric[second]
    at_low, at_high = score(rows(low, first)), score(rows(high, first))
    differs = np.flatnonzero(_differ(at_low, at_high))[:pairs]
    first, low, high = first[differs], low[differs].copy(), high[differs].copy()
    at_low, at_high = at_low[differs], at_high[differs]
    if not len(first):
        return rows(low, first)
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        at_middle = score(rows(middle, first))
        near_low = _nearer_low(at_low, at_middle, at_high)[:, None]
        low, high = np.where(near_low, middle, low), np.where(near_low, high, middle)
        at_low = np.where(near_low[:, 0], at_middle, at_low)
        at_high = np.where(near_low[:, 0], at_high, at_middle)
    return rows(np.concatenate([low, high]), np.concatenate([first, first]))


def _differ(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(left != right, dtype=bool)


def _nearer_low(low: NDArray[Any], middle: NDArray[Any], high: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell where the middle goes with the low side: an equal label, or the nearer number."""
    if middle.dtype.kind == "f":
        return np.asarray(np.abs(middle - low) <= np.abs(middle - high), dtype=bool)
    return np.asarray(middle == low, dtype=bool)


def _numeric_part(sample: Any) -> tuple[Callable[..., Any], NDArray[np.float64]]:
    """Return what makes rows of numbers and positions, and the sample's numbers."""
    if not hasattr(sample, "iloc"):
        matrix = np.asarray(sample, dtype=np.float64)
        return (lambda numbers, _: np.asarray(numbers)), matrix
    names = [name for name in sample.columns if sample[name].dtype.kind in "iuf"]
    numeric = sample[names].to_numpy(dtype=np.float64, na_value=np.nan)

    def rows(numbers: NDArray[np.float64], positions: NDArray[Any]) -> Any:
        made = sample.iloc[positions].reset_index(drop=True)
        return made.assign(**{name: numbers[:, at] for at, name in enumerate(names)})

    return rows, numeric
