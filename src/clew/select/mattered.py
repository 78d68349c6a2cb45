"""Which params of a study mattered: the variance of a forest over its trials, taken apart (fANOVA).

Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance" (2014),
over the values that were tried, as often as they were tried, instead of over whole ranges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from clew.errors import InvalidParameter

FORMAT = 1
"""Raised when this module answers otherwise for the same trials."""

TREES = 64
ENOUGH = 8
_LEAVES = 128
_MOST_VALUES = 48
_MOST_PAIRS = 10
_LEAST_PAIR = 0.005

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mattered:
    """How much of the spread of the score a param explains, from 0 to 1.

    Parameters
    ----------
    alone : float
        By itself (the main effect).
    share : float
        By itself and together with others (the total effect): no less than `alone`.
    """

    param: str
    alone: float
    share: float


@dataclass(frozen=True, slots=True)
class Together:
    """What two params explain together beyond what each explains alone."""

    params: tuple[str, str]
    share: float


@dataclass(frozen=True, slots=True)
class Importance:
    """Which params mattered.

    Parameters
    ----------
    metric : str
        The score.
    trials : int
        How many of them have a finite score.
    explained : float
        R² of the forest on trials that its trees did not see; near 0 or below, the shares say
        little.
    params : tuple of Mattered
        Every param, most first.
    pairs : tuple of Together
        The strongest pairs, most first.
    """

    metric: str
    trials: int
    explained: float
    params: tuple[Mattered, ...]
    pairs: tuple[Together, ...]


def importance(results: Mapping[str, Any], metric: str | None = None) -> Importance:
    """Say which params of a study mattered.

    Parameters
    ----------
    results : mapping
        ``cv_results_`` of a search: ``param_*`` and ``mean_test_*`` by name.
    metric : str, optional
        Which score; the first one by default.

    Raises
    ------
    InvalidParameter
        When there is no such score, fewer than 8 trials have a finite one, or all have the same.

    Examples
    --------
    >>> from clew.select import importance
    >>> tried = [(c, k) for c in range(4) for k in "ab" for _ in range(3)]
    >>> found = importance({
    ...     "param_c": [c for c, _ in tried],
    ...     "param_k": [k for _, k in tried],
    ...     "mean_test_score": [c / 4 for c, _ in tried],
    ... })
    >>> [(one.param, round(one.share, 1)) for one in found.params]
    [('c', 1.0), ('k', 0.0)]
    """
    name, scores, kept = _scores(results, metric)
    params = [key.removeprefix("param_") for key in results if key.startswith("param_")]
    if not params:
        raise InvalidParameter("this study varied no params", expected="param_* in its results")
    columns = [[results[f"param_{param}"][at] for at in kept] for param in params]
    codes = np.array([_codes(column, scores) for column in columns]).T.reshape(len(kept), -1)
    forest = RandomForestRegressor(
        TREES, max_leaf_nodes=_LEAVES, min_samples_leaf=2, oob_score=True, random_state=0
    ).fit(codes, scores)
    alone, total, pairs = _shares(forest, codes)
    order = sorted(range(len(params)), key=lambda at: -total[at])
    strongest = sorted(pairs, key=lambda pair: -pairs[pair])[:_MOST_PAIRS]
    return Importance(
        metric=name,
        trials=len(kept),
        explained=float(forest.oob_score_),
        params=tuple(
            Mattered(params[at], float(alone[at]), float(max(total[at], alone[at]))) for at in order
        ),
        pairs=tuple(
            Together((params[a], params[b]), pairs[a, b])
            for a, b in strongest
            if pairs[a, b] >= _LEAST_PAIR
        ),
    )


def _scores(results: Mapping[str, Any], metric: str | None) -> tuple[str, Floats, list[int]]:
    names = [key.removeprefix("mean_test_") for key in results if key.startswith("mean_test_")]
    if not names or (metric is not None and metric not in names):
        raise InvalidParameter(
            "no such score", got=str(metric), expected=", ".join(names) or "mean_test_*"
        )
    name = metric or names[0]
    every = [math.nan if x is None else float(x) for x in results[f"mean_test_{name}"]]
    kept = [at for at, score in enumerate(every) if math.isfinite(score)]
    scores = np.array([every[at] for at in kept])
    if len(kept) < ENOUGH:
        raise InvalidParameter(
            "too few trials to tell which params mattered",
            got=f"{len(kept)} with a finite {name}",
            expected=f"{ENOUGH} or more",
        )
    if np.ptp(scores) == 0:
        raise InvalidParameter("no param mattered: all trials have the same score", got=name)
    return name, scores, kept


def _codes(column: Sequence[Any], scores: Floats) -> list[int]:
    """Return a column as ranks: of numbers by size, of words by their mean score.

    What is masked or absent (a param that this trial does not have) is a value of its own.
    """
    keys = [_key(value) for value in column]
    numbers = sorted({key for key in keys if isinstance(key, float)})
    words = {key for key in keys if isinstance(key, str)}
    if len(numbers) > _MOST_VALUES:
        edges = np.quantile(numbers, np.linspace(0, 1, _MOST_VALUES + 1)[1:-1])
        keys = [float(np.searchsorted(edges, k)) if isinstance(k, float) else k for k in keys]
        numbers = sorted({key for key in keys if isinstance(key, float)})
    means = {
        word: float(np.mean([s for k, s in zip(keys, scores, strict=True) if k == word]))
        for word in words
    }
    ranked: list[float | str] = [*numbers, *sorted(words, key=lambda word: (means[word], word))]
    rank = {key: at for at, key in enumerate(ranked)}
    return [rank[key] for key in keys]


def _key(value: Any) -> float | str:
    if isinstance(value, bool | np.bool_) or value is None or value is np.ma.masked:
        return str(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value) if math.isfinite(float(value)) else str(value)
    return str(value)


def _shares(
    forest: RandomForestRegressor, codes: NDArray[Any]
) -> tuple[list[float], list[float], dict[tuple[int, int], float]]:
    """Return main and total effects and those of pairs, as means over the trees."""
    width = codes.shape[1]
    weights = [np.bincount(codes[:, at]) / len(codes) for at in range(width)]
    alone, total = np.zeros(width), np.zeros(width)
    pairs = dict.fromkeys(combinations(range(width), 2), 0.0)
    for tree in forest.estimators_:
        one = _Leaves(tree.tree_, weights)
        if one.variance <= 0:
            continue
        for at in range(width):
            alone[at] += one.main(at) / one.variance / TREES
            total[at] += one.total(at) / one.variance / TREES
        for a, b in pairs:
            pairs[a, b] += one.pair(a, b) / one.variance / TREES
    return alone.tolist(), total.tolist(), pairs


class _Leaves:
    """A tree as boxes: which ranks of each param fall into each leaf, and what the leaf says.

    With `values` centred, every effect is a sum over leaves (or pairs of leaves) of products of the
    params' chances.
    """

    def __init__(self, tree: Any, weights: Sequence[Floats]) -> None:
        low, high, values = _boxes(tree, len(weights))
        ranks = [np.arange(len(weight)) for weight in weights]
        self._inside: list[Floats] = [
            ((rank > low[:, [at]]) & (rank <= high[:, [at]])).astype(float)
            for at, rank in enumerate(ranks)
        ]
        self._weights = weights
        self._chance = np.array(
            [inside @ weight for inside, weight in zip(self._inside, weights, strict=True)]
        )
        self._mass = self._chance.prod(axis=0)
        self._values = values - values @ self._mass
        self.variance = float(self._values**2 @ self._mass)
        self._mains = [self._main(at) for at in range(len(weights))]
        self._both: list[Floats] | None = None

    def main(self, at: int) -> float:
        """Return the variance of the mean answer by one param."""
        return self._mains[at]

    def _main(self, at: int) -> float:
        means = (self._values * self._mass / self._chance[at]) @ self._inside[at]
        return float(means**2 @ self._weights[at])

    def pair(self, a: int, b: int) -> float:
        """Return the variance of the mean answer by two params, beyond that by each."""
        share = self._values * self._mass / (self._chance[a] * self._chance[b])
        means = (self._inside[a] * share[:, None]).T @ self._inside[b]
        both = float(self._weights[a] @ means**2 @ self._weights[b])
        return max(0.0, both - self._mains[a] - self._mains[b])

    def total(self, at: int) -> float:
        """Return the mean variance by one param when all others are held (Sobol's total effect)."""
        if self._both is None:
            self._both = [
                (inside * weight) @ inside.T
                for inside, weight in zip(self._inside, self._weights, strict=True)
            ]
        others = np.ones((len(self._values), len(self._values)))
        for other, both in enumerate(self._both):
            if other != at:
                others *= both
        spread = self._both[at] - np.outer(self._chance[at], self._chance[at])
        return max(0.0, float(self._values @ (others * spread) @ self._values))


def _boxes(tree: Any, width: int) -> tuple[Floats, Floats, Floats]:
    """Return the bounds of each leaf by param (above `low`, up to `high`), and its answer."""
    boxes = []
    pending = [(0, np.full(width, -1.0), np.full(width, np.inf))]
    while pending:
        node, low, high = pending.pop()
        if tree.children_left[node] < 0:
            boxes.append((low, high, tree.value[node, 0, 0]))
            continue
        at, threshold = tree.feature[node], tree.threshold[node]
        below, above = high.copy(), low.copy()
        below[at], above[at] = min(high[at], threshold), max(low[at], threshold)
        pending += [
            (tree.children_left[node], low, below),
            (tree.children_right[node], above, high),
        ]
    lows, highs, values = zip(*boxes, strict=True)
    return np.array(lows), np.array(highs), np.array(values)
