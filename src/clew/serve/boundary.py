"""Rows where a model changes its mind: the rows on which an inexact copy shows itself first.

Between two rows that the model tells apart, the numeric columns are moved halfway again and again
until neighbouring doubles lie on the two sides. For trees such a place is a threshold; for other
models it is where two classes tie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
    ends = _Ends(low, high, at_low, at_high)
    for _ in range(_HALVINGS // 2):
        # Both next halvings' rows are asked at once: many models take as long for few rows.
        middle = ends.middle()
        quarters = ends.low + (middle - ends.low) / 2, middle + (ends.high - middle) / 2
        asked = rows(np.concatenate([quarters[0], middle, quarters[1]]), np.tile(first, 3))
        before, at_middle, after = np.split(score(asked), 3)
        near_low = ends.halve(middle, at_middle)
        ends.halve(
            np.where(near_low[:, None], quarters[1], quarters[0]),
            np.where(near_low, after, before),
        )
    low, high = ends.low, ends.high
    return rows(np.concatenate([low, high]), np.concatenate([first, first]))


@dataclass(slots=True)
class _Ends:
    """Pairs of rows that the model tells apart, with what it says of them."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_low: NDArray[Any]
    at_high: NDArray[Any]

    def middle(self) -> NDArray[np.float64]:
        return self.low + (self.high - self.low) / 2

    def halve(self, middle: NDArray[np.float64], at_middle: NDArray[Any]) -> NDArray[np.bool_]:
        """Put the middle in the place of the end that it is like; tell where that is low."""
        near_low = _nearer_low(self.at_low, at_middle, self.at_high)
        self.low = np.where(near_low[:, None], middle, self.low)
        self.high = np.where(near_low[:, None], self.high, middle)
        self.at_low = np.where(near_low, at_middle, self.at_low)
        self.at_high = np.where(near_low, self.at_high, at_middle)
        return near_low


def boundary_texts(
    sample: Sequence[str], score: Score, *, pairs: int = 64, seed: int = 0
) -> list[str]:
    """Return texts on both sides of a model's decisions, a word apart.

    Of two texts that the model tells apart, the first words of one are followed by the last of the
    other; where the answer changes is a decision.
    """
    words = [text.split(" ") for text in sample]
    generator = np.random.default_rng(seed)
    first, second = generator.integers(len(words), size=(2, 4 * pairs))
    answers = score(list(sample))
    differs = np.flatnonzero(_differ(answers[first], answers[second]))[:pairs]
    found = []
    for one, other in zip(first[differs], second[differs], strict=True):
        low, high = 0, len(words[one]) + len(words[other])
        path = partial(_between, words[other], words[one])
        at_low, at_high = score([path(low)]), score([path(high)])
        while high - low > 1:
            middle = (low + high) // 2
            at_middle = score([path(middle)])
            if bool(_nearer_low(at_low, at_middle, at_high)[0]):
                low, at_low = middle, at_middle
            else:
                high, at_high = middle, at_middle
        found += [path(low), path(high)]
    return found


def _between(first: list[str], second: list[str], at: int) -> str:
    """Return the text `at` words on the way from the first to the second, word by word."""
    kept = second[: min(at, len(second))]
    dropped = max(0, at - len(second))
    return " ".join([*kept, *first[dropped:]])


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
