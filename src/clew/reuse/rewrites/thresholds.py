"""Thresholds of selectors: what is compared is computed once, each threshold only compares.

Bit-identical: the variance of a column, or the importance that a fitted model gives it, does not
depend on the threshold.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.feature_selection import SelectFromModel, VarianceThreshold


class _Family:
    def __init__(
        self, full: Any, members: Sequence[Any], X: Any, view: Callable[[Any, Any], Any]
    ) -> None:
        self._X = X
        self._models = [view(full, member) for member in members]

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._models[index]

    def output(self, index: int) -> Any:
        """Return the training rows with the columns that member `index` chose."""
        return self._models[index].transform(self._X)


def view_variance(full: Any, member: Any) -> Any:
    """Return the fitted selector with the member's threshold.

    Raises
    ------
    ValueError
        When no column passes; the member then fails on its own, with scikit-learn's message.
    """
    selector = copy.copy(full)
    selector.threshold = member.threshold
    if not (selector.variances_ > member.threshold).any():
        raise ValueError("no column passes")
    return selector


class Variances:
    """Selectors by variance that differ in a threshold above 0."""

    name = "variances computed once"
    classes: tuple[type, ...] = (VarianceThreshold,)
    sweeps = frozenset({"threshold"})
    tolerance = 0.0
    fits_once = True

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these selectors do not share their variances, or ``""``."""
        values = [member.threshold for member in members]
        # at 0 scikit-learn compares ranges too, and keeps what it compared
        usable = all(isinstance(v, (int, float, np.floating)) and v > 0 for v in values)
        return "" if usable else "a threshold is not above 0"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Compute the variances."""
        full = copy.copy(min(members, key=lambda m: m.threshold))
        return _Family(full.fit(X), members, X, view_variance)


def view_importances(full: Any, member: Any) -> Any:
    """Return the selector with the fitted model and the member's own limits."""
    selector = copy.copy(full)
    for name in ("threshold", "max_features", "norm_order"):
        setattr(selector, name, getattr(member, name))
    if member.max_features is not None:
        selector.max_features_ = member.max_features
    return selector


class Importances:
    """Selectors by a model's importances that differ in how much they keep."""

    name = "importances computed once"
    classes: tuple[type, ...] = (SelectFromModel,)
    sweeps = frozenset({"threshold", "max_features", "norm_order"})
    tolerance = 0.0
    fits_once = True

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these selectors do not share their model, or ``""``."""
        if members[0].prefit:
            return "the model is fitted already"
        limits = [m.max_features for m in members]
        if not all(v is None or (type(v) is int and 0 <= v <= X.shape[1]) for v in limits):
            return "max_features must be a number of columns"
        return ""

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Fit the model that gives the importances."""
        full = copy.copy(members[0])
        full.max_features = None
        return _Family(full.fit(X, y), members, X, view_importances)


REWRITES = (Variances(), Importances())
