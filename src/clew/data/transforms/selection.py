"""Relevant columns that do not repeat one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin, f_classif
from sklearn.utils.validation import check_is_fitted, validate_data

from clew.errors import InvalidParameter


class SelectUncorrelated(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Takes columns in the order of their relevance, and none that repeats a taken one.

    Parameters
    ----------
    score_func
        Relevance: ``(X, y)`` to scores, or scores and p-values, as `f_classif`, `f_regression`
        and `mutual_info_classif` of scikit-learn.
    threshold
        A column repeats another where their correlation is more than this, either way.
    k
        At most so many columns; None: all that repeat none.

    Attributes
    ----------
    scores_
        Shape (columns,); -inf for a column that is constant.
    repeats_
        For each column that was left out for another, that one: ``{column: taken}``.
    """

    def __init__(
        self,
        score_func: Callable[..., Any] = f_classif,
        threshold: float = 0.9,
        k: int | None = None,
    ) -> None:
        self.score_func = score_func
        self.threshold = threshold
        self.k = k

    def fit(self, X: Any, y: Any) -> Self:
        """Choose columns: X of shape (n, columns), y of shape (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=False)
        if not 0.0 <= self.threshold <= 1.0:
            raise InvalidParameter("threshold", got=str(self.threshold), expected="in [0, 1]")
        centred = X - X.mean(axis=0)
        size = np.linalg.norm(centred, axis=0)
        varies = size > 1e-12 * np.maximum(np.abs(X).max(axis=0), 1.0) * len(X) ** 0.5
        scores = np.full(X.shape[1], -np.inf)
        if varies.any():
            found = self.score_func(X[:, varies], y)
            scores[varies] = np.nan_to_num(found[0] if isinstance(found, tuple) else found)
        unit = centred / np.where(varies, size, 1.0)
        taken: list[int] = []
        self.repeats_: dict[int, int] = {}
        for column in np.argsort(-scores, kind="stable").tolist():
            if not varies[column] or (self.k is not None and len(taken) >= self.k):
                continue
            alike = np.abs(unit[:, taken].T @ unit[:, column])
            if len(taken) and alike.max() > self.threshold:
                self.repeats_[column] = taken[int(alike.argmax())]
            else:
                taken.append(column)
        self.scores_ = scores
        self.support_ = np.isin(np.arange(X.shape[1]), taken)
        return self

    def _get_support_mask(self) -> npt.NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
