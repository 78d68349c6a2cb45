"""Naive Bayes smoothing: counts and moments are summed once, each smoothing is added to them.

Bit-identical: smoothing enters scikit-learn's own formulas after the sums.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB

from clew.reuse.rewrites.registry import PredictorFamily


def view_gaussian(full: Any, member: Any) -> Any:
    """Return the fitted moments with the member's share of the largest variance added."""
    model = copy.copy(full)
    model.var_smoothing = member.var_smoothing
    model.epsilon_ = member.var_smoothing * full.largest_variance_
    del model.largest_variance_
    model.var_ = full.var_.copy()
    model.var_[:, :] += model.epsilon_
    return model


class VarianceSmoothing:
    """Gaussian naive Bayes that differs in `var_smoothing`."""

    name = "shared moments"
    classes: tuple[type, ...] = (GaussianNB,)
    sweeps = frozenset({"var_smoothing"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members do not share their moments, or ``""``."""
        if not isinstance(X, np.ndarray) or X.dtype != np.float64:
            return "the rows are no array of float64"
        values = [member.var_smoothing for member in members]
        usable = all(isinstance(v, (int, float)) and v >= 0 for v in values)
        return "" if usable else "var_smoothing must not be negative"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> PredictorFamily:
        """Compute means and variances without smoothing."""
        full = copy.copy(members[0])
        full.var_smoothing = 0.0
        full.fit(X, y)
        full.largest_variance_ = np.var(X, axis=0).max()
        return PredictorFamily(full, members, view_gaussian)


def view_counts(full: Any, member: Any) -> Any:
    """Return the fitted counts with the member's `alpha` added."""
    model = copy.copy(full)
    model.alpha = member.alpha
    model._update_feature_log_prob(model._check_alpha())
    return model


class CountSmoothing:
    """Naive Bayes on counts that differs in `alpha`."""

    name = "shared counts"
    classes: tuple[type, ...] = (MultinomialNB, BernoulliNB, ComplementNB)
    sweeps = frozenset({"alpha"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members do not share their counts, or ``""``."""
        values = [member.alpha for member in members]
        usable = all(isinstance(v, (int, float)) and v >= 0 for v in values)
        return "" if usable else "alpha must be one number that is not negative"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> PredictorFamily:
        """Count once."""
        full = copy.copy(members[0])
        return PredictorFamily(full.fit(X, y), members, view_counts)


REWRITES = (VarianceSmoothing(), CountSmoothing())
