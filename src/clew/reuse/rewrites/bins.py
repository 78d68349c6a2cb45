"""Discretisation: columns are sorted once, each number of bins takes its edges from them.

Uniform and quantile edges depend on the order statistics of a column alone, so scikit-learn's own
`fit` on the sorted columns gives them. Bit-identical. Edges by k-means depend on more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import KBinsDiscretizer


class _Family:
    def __init__(self, members: Sequence[Any], X: Any) -> None:
        self._members, self._X = members, X

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._members[index]

    def output(self, index: int) -> Any:
        """Return the training rows as member `index` bins them."""
        return self._members[index].transform(self._X)


class SortedColumns:
    """Discretisers that differ in `n_bins` or `encode`."""

    name = "columns sorted once"
    classes: tuple[type, ...] = (KBinsDiscretizer,)
    sweeps = frozenset({"n_bins", "encode"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these discretisers do not share their order statistics, or ``""``."""
        first = members[0]
        if first.strategy not in ("uniform", "quantile"):
            return "edges by k-means depend on more than the order of a column"
        if not isinstance(X, np.ndarray) or X.dtype not in (np.float64, np.float32) or X.ndim != 2:
            return "the rows are no array of floats"
        if first.subsample is not None and X.shape[0] > first.subsample:
            return "the rows are subsampled"
        return ""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Sort each column, then let each member take its edges."""
        ordered = np.sort(X.T, axis=1).T
        for member in members:
            member.fit(ordered)
        return _Family(members, X)


REWRITES = (SortedColumns(),)
