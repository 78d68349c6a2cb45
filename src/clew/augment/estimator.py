"""An estimator that is fitted on changed rows as well."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from clew.augment.dataset import grown
from clew.augment.policy import Policy
from clew.errors import InvalidParameter


def _has(name: str) -> Any:
    def check(self: Any) -> bool:
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


class Augmented(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Fits an estimator on its rows and changed ones; predicts on rows as they are.

    In a cross-validation the changes are made inside each fold, from its training rows alone.

    Parameters
    ----------
    estimator
        Takes rows of shape (n, features).
    policy
        A `Policy`; None adds nothing.
    copies
        Changed rows for each row.
    shape
        Of one row, where rows come flat: ``(28, 28)``. None where they come in their shape.

    Attributes
    ----------
    estimator_
        The fitted estimator.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.svm import SVC
    >>> from clew.augment import Augmented, Policy
    >>> X, y = load_digits(return_X_y=True)
    >>> policy = Policy([[("rotate", 1.0, 0.3), ("translate_x", 1.0, 0.2)]])
    >>> model = Augmented(SVC(), policy, copies=3, shape=(8, 8)).fit(X[:200] / 16, y[:200])
    >>> model.estimator_.shape_fit_
    (800, 64)
    """

    def __init__(
        self,
        estimator: Any,
        policy: Policy | None = None,
        copies: int = 4,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        self.estimator = estimator
        self.policy = policy
        self.copies = copies
        self.shape = shape

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on the rows and their changed copies, which have their row's label and weight."""
        rows, labels = X, y
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if self.policy is not None and self.copies:
            rows, labels = grown(self._shaped(X), y, self.policy, copies=self.copies)
            weights = {name: np.tile(each, 1 + self.copies) for name, each in weights.items()}
        self.estimator_ = clone(self.estimator).fit(self._flat(rows), labels, **weights)
        for name in ("classes_", "n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    @available_if(_has("predict"))  # type: ignore[untyped-decorator]
    def predict(self, X: Any) -> Any:
        """Return the estimator's predictions."""
        return self._asked("predict", X)

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Return the estimator's probabilities: shape (n, classes)."""
        return self._asked("predict_proba", X)

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Any:
        """Return the estimator's decision values."""
        return self._asked("decision_function", X)

    @available_if(_has("score"))  # type: ignore[untyped-decorator]
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the estimator's score on rows as they are."""
        check_is_fitted(self, "estimator_")
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return float(self.estimator_.score(self._flat(X), y, **weights))

    def _asked(self, method: str, X: Any) -> Any:
        check_is_fitted(self, "estimator_")
        return getattr(self.estimator_, method)(self._flat(X))

    def _shaped(self, X: Any) -> Any:
        if self.shape is None or (self.policy is not None and self.policy.kind == "text"):
            return X
        rows = np.asarray(X)
        if rows[0].size != np.prod(self.shape):
            raise InvalidParameter(
                "the shape of a row", got=str(rows.shape[1:]), expected=str(self.shape)
            )
        return rows.reshape(len(rows), *self.shape)

    def _flat(self, X: Any) -> Any:
        shaped = isinstance(X, np.ndarray) and X.ndim > 2
        return X.reshape(len(X), -1) if shaped else X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.target_tags, tags.input_tags = inner.target_tags, inner.input_tags
        return tags
