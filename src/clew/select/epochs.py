"""`Epochs`: an estimator that learns by passes over the rows, as one that is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from clew.errors import InvalidParameter


def _has(name: str) -> Any:
    def check(self: Epochs) -> bool:
        return hasattr(getattr(self, "estimator_", self.estimator), name)

    return check


class Epochs(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Fits an estimator that has `partial_fit` by so many passes over all rows.

    Parameters
    ----------
    estimator : estimator
        With `partial_fit`: `SGDClassifier`, `MLPClassifier`, …
    epochs : int
        Passes altogether.
    warm_start : bool
        Whether `fit` goes on from the passes that were made before, as ensembles do. What comes of
        it is what all passes at once would have given.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    passed_ : int
        Passes that were made.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import SGDClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> Epochs(SGDClassifier(random_state=0), epochs=9).fit(X / 16, y).score(X / 16, y) > 0.9
    True
    """

    def __init__(self, estimator: Any, epochs: int = 10, warm_start: bool = False) -> None:
        self.estimator, self.epochs, self.warm_start = estimator, epochs, warm_start

    def fit(self, X: Any, y: Any) -> Epochs:
        """Make the passes that are missing.

        Raises
        ------
        InvalidParameter
            When the estimator has no `partial_fit`, or more passes were made already.
        """
        if not hasattr(self.estimator, "partial_fit"):
            raise InvalidParameter(
                "The estimator does not learn by epochs.",
                got=type(self.estimator).__name__,
                expected="an estimator with partial_fit",
            )
        if not (self.warm_start and hasattr(self, "estimator_")):
            self.estimator_, self.passed_ = clone(self.estimator), 0
        if self.epochs < max(1, self.passed_):
            raise InvalidParameter("So many passes were made already.", got=f"{self.epochs} epochs")
        named = {"classes": np.unique(y)} if is_classifier(self.estimator) else {}
        while self.passed_ < self.epochs:
            self.estimator_.partial_fit(X, y, **({} if self.passed_ else named))
            self.passed_ += 1
        for name in ("classes_", "n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict(self, X: Any) -> Any:
        """Predict as the fitted estimator does."""
        check_is_fitted(self)
        return self.estimator_.predict(X)

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Return probabilities as the fitted estimator does."""
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Any:
        """Return decision values as the fitted estimator does."""
        check_is_fitted(self)
        return self.estimator_.decision_function(X)

    def score(self, X: Any, y: Any) -> float:
        """Score as the fitted estimator does."""
        check_is_fitted(self)
        return float(self.estimator_.score(X, y))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.estimator)
