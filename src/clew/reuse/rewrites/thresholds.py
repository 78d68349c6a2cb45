"""Thresholds of selectors: what is compared is computed once, each threshold only compares.

Bit-identical: the variance of a column, or the importance that a fitted model gives it, does not
depend on the threshold.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.feature_selection import SelectFromModel, VarianceThreshold
from sklearn.utils import check_array
from sklearn.utils.sparsefuncs import min_max_axis


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


def view_variance(full: Any, member: Any, *, ranges: Any = None) -> Any:
    """Return the fitted selector with the member's threshold.

    Parameters
    ----------
    ranges : array of shape (n_columns,), optional
        Largest minus least value of each column. A threshold of 0 is compared with it where it is
        less than the variance, which rounding may keep above 0 for equal values.

    Raises
    ------
    ValueError
        When no column passes; the member then fails on its own, with scikit-learn's message.
    """
    selector = copy.copy(full)
    selector.threshold = member.threshold
    if member.threshold == 0:
        selector.variances_ = np.nanmin(np.array([full.variances_, ranges]), axis=0)
    found = selector.variances_
    if not (np.isfinite(found) & (found > member.threshold)).any():
        raise ValueError("no column passes")
    return selector


def _ranges(X: Any) -> Any:
    """Return largest minus least value of each column, as `VarianceThreshold` computes them."""
    rows = check_array(
        X, accept_sparse=("csr", "csc"), dtype=np.float64, ensure_all_finite="allow-nan"
    )
    if hasattr(rows, "toarray"):
        least, largest = min_max_axis(rows, axis=0)
        return largest - least
    return np.ptp(rows, axis=0)


class Variances:
    """Selectors by variance that differ in the threshold."""

    name = "variances computed once"
    classes: tuple[type, ...] = (VarianceThreshold,)
    sweeps = frozenset({"threshold"})
    tolerance = 0.0
    fits_once = True

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these selectors do not share their variances, or ``""``."""
        values = [member.threshold for member in members]
        usable = all(isinstance(v, (int, float, np.floating)) and v >= 0 for v in values)
        return "" if usable else "a threshold is below 0"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Compute the variances, and the ranges where a threshold is 0."""
        above = [m for m in members if m.threshold > 0]
        if len(above) == len(members):
            full = copy.copy(min(members, key=lambda m: m.threshold)).fit(X)
            return _Family(full, members, X, view_variance)
        least = copy.copy(members[0])
        least.threshold = np.finfo(np.float64).smallest_subnormal
        full = least.fit(X)
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")  # only the member at 0 would warn
            return _Family(full, members, X, partial(view_variance, ranges=_ranges(X)))


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
