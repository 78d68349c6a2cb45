"""Univariate selection: columns are scored once, each `k` or percentile takes the best.

Bit-identical, since only the mask depends on how many columns are wanted.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sklearn.feature_selection import (
    SelectFdr,
    SelectFpr,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
)

_SWEPT = {
    SelectKBest: "k",
    SelectPercentile: "percentile",
    SelectFpr: "alpha",
    SelectFdr: "alpha",
    SelectFwe: "alpha",
}


class _Family:
    def __init__(self, full: Any, members: Sequence[Any], X: Any, name: str) -> None:
        self._full, self._members, self._X, self._name = full, members, X, name

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        selector = copy.copy(self._full)
        setattr(selector, self._name, getattr(self._members[index], self._name))
        return selector

    def output(self, index: int) -> Any:
        """Return the training rows with the columns that member `index` chose."""
        return self.model(index).transform(self._X)


class Selected:
    """Selectors of one class that differ in how much they keep."""

    tolerance = 0.0
    fits_once = True

    def __init__(self, cls: type, swept: str) -> None:
        self.name = "columns scored once"
        self.classes: tuple[type, ...] = (cls,)
        self.sweeps = frozenset({swept})
        self._swept = swept

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these selectors do not share their scores, or ``""``."""
        values = [getattr(member, self._swept) for member in members]
        if self._swept == "k":
            width = X.shape[1]
            if not all(v == "all" or (type(v) is int and 0 <= v <= width) for v in values):
                return "k must be 'all' or a number of columns"
            return ""
        top = 100 if self._swept == "percentile" else 1
        numbers = all(isinstance(v, (int, float)) and 0 <= v <= top for v in values)
        return "" if numbers else f"{self._swept} is out of range"

    def derive(self, fitted: Any, member: Any) -> Any:
        """Return `member`, fitted, from another one of the family: the scores are the same."""
        selector = copy.copy(fitted)
        setattr(selector, self._swept, getattr(member, self._swept))
        return selector

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Score the columns."""
        return _Family(members[0].fit(X, y), members, X, self._swept)


REWRITES = tuple(Selected(cls, name) for cls, name in _SWEPT.items())
