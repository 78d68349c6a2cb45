"""Linear models trained by gradient descent: what one scan of the rows can train many of.

`GradientClassifier` and `GradientRegressor` are ordinary estimators. In a search, all penalties
(and, behind affine preprocessing, all folds) are trained together: see `descent`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from clew.reuse.rewrites.descent import Array, Problem, solve

TOLERANCE = 1e-4
"""How far predictions of models that are trained together may be from those trained alone."""


class _Linear(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        loss: str,
        *,
        alpha: float = 1e-3,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        self.loss = loss
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def _train(self, X: Array, targets: Array) -> None:
        fit_together([self], X, targets)

    def _settle(self, weights: Array, iterations: int) -> None:
        """Take over coefficients, one target a column, the intercept last."""
        self.coef_ = weights[:-1].T if self.fit_intercept else weights.T
        count = weights.shape[1]
        self.intercept_ = weights[-1].copy() if self.fit_intercept else np.zeros(count)
        self.n_iter_ = iterations
        if iterations >= self.max_iter:
            warnings.warn(
                f"Gradient descent did not converge within max_iter={self.max_iter} iterations.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _decide(self, X: Any) -> Array:
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        found = rows @ self.coef_.T + self.intercept_
        return np.asarray(found[:, 0] if found.shape[1] == 1 else found)


def fit_together(members: Sequence[Any], X: Array, targets: Array) -> None:
    """Train members that differ in `alpha` only, on one training set.

    Parameters
    ----------
    members : sequence of estimator
        Unfitted; they are fitted in place.
    X : array of shape (n_rows, n_columns)
        Rows.
    targets : array of shape (n_targets, n_rows)
        What is learned.
    """
    first, count = members[0], len(targets)
    rows = np.hstack([X, np.ones((len(X), 1))]) if first.fit_intercept else X
    models = len(members) * count
    problem = Problem(
        rows,
        None,
        np.full((1, len(X)), 1.0 / len(X)),
        targets,
        np.zeros(models, dtype=np.intp),
        np.tile(np.arange(count), len(members)),
        np.repeat([float(m.alpha) for m in members], count),
        first.loss,
        first.fit_intercept,
    )
    weights, iterations = solve(problem, first.tol, first.max_iter)
    for number, member in enumerate(members):
        own = slice(number * count, (number + 1) * count)
        member._settle(weights[:, own], int(iterations[own].max()))


class GradientClassifier(ClassifierMixin, _Linear):  # type: ignore[misc]
    """Linear classifier trained by gradient descent; several classes one against the rest.

    Parameters
    ----------
    loss : {"log_loss", "squared_hinge"}
        What is minimised, on average over the rows.
    alpha : float
        Penalty: ``alpha / 2`` times the squared length of the coefficients is added.
    fit_intercept : bool
        Whether there is an intercept (which is not penalised).
    tol : float
        Training ends when no entry of the gradient is larger.
    max_iter : int
        Most iterations.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Labels.
    coef_ : array of shape (1, n_columns) or (n_classes, n_columns)
        Coefficients.
    intercept_ : array of shape (1,) or (n_classes,)
        Intercepts.
    n_iter_ : int
        Iterations that were taken.

    Examples
    --------
    >>> from clew.select import GradientClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> round(GradientClassifier(alpha=0.01).fit(X, y).score(X, y), 2)
    0.95
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_Linear._parameter_constraints,
        "loss": [StrOptions({"log_loss", "squared_hinge"})],
    }

    def __init__(
        self,
        loss: str = "log_loss",
        *,
        alpha: float = 1e-3,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        super().__init__(loss, alpha=alpha, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any) -> GradientClassifier:
        """Train on rows `X` of shape (n_rows, n_columns) with labels `y`."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        self.classes_, targets = signs_of(y)
        self._train(X, targets)
        return self

    def decision_function(self, X: Any) -> Array:
        """Return the linear predictions, one column a class where there are several."""
        return self._decide(X)

    def predict(self, X: Any) -> Any:
        """Return the labels."""
        return answer("predict", self._decide(X), self.classes_)

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of the classes (for ``loss="log_loss"``)."""
        if self.loss != "log_loss":
            raise AttributeError(f"loss={self.loss!r} gives no probabilities")
        return np.asarray(answer("predict_proba", self._decide(X), self.classes_))


class GradientRegressor(RegressorMixin, _Linear):  # type: ignore[misc]
    """Linear regression trained by gradient descent.

    Parameters
    ----------
    loss : {"squared_error", "huber"}
        What is minimised, on average over the rows: half the square of the error; or that up to
        an error of 1 and linear beyond.
    alpha, fit_intercept, tol, max_iter
        As for `GradientClassifier`.

    Attributes
    ----------
    coef_ : array of shape (n_columns,)
        Coefficients.
    intercept_ : float
        Intercept.
    n_iter_ : int
        Iterations that were taken.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_Linear._parameter_constraints,
        "loss": [StrOptions({"squared_error", "huber"})],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        *,
        alpha: float = 1e-3,
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 1000,
    ) -> None:
        super().__init__(loss, alpha=alpha, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any) -> GradientRegressor:
        """Train on rows `X` of shape (n_rows, n_columns) with numbers `y`."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        self._train(X, np.asarray(y, dtype=np.float64)[None, :])
        return self

    def _settle(self, weights: Array, iterations: int) -> None:
        super()._settle(weights, iterations)
        self.coef_, self.intercept_ = self.coef_[0], float(self.intercept_[0])

    def predict(self, X: Any) -> Array:
        """Return the predictions."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(rows @ self.coef_ + self.intercept_)


def signs_of(y: Any) -> tuple[Any, Array]:
    """Return the classes, and a row of −1 and 1 for each of them (for the second one of two).

    Raises
    ------
    ValueError
        When there is one class only, or `y` is no target of a classifier.
    """
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"The data contains only one class: {classes[0]!r}")
    positive = [1] if len(classes) == 2 else range(len(classes))
    return classes, np.array([np.where(codes == code, 1.0, -1.0) for code in positive])


def answer(method: str, decision: Array, classes: Any) -> Any:
    """Return what a classifier's method gives for rows with these linear predictions."""
    if method == "decision_function":
        return decision
    if method == "predict":
        numbers = (decision > 0).astype(int) if decision.ndim == 1 else decision.argmax(axis=1)
        return classes[numbers]
    shares = expit(decision)
    if decision.ndim == 1:
        return np.column_stack([1.0 - shares, shares])
    total = shares.sum(axis=1, keepdims=True)
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1.0 / len(classes))


class _Family:
    def __init__(self, members: Sequence[Any]) -> None:
        self._members = members

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._members[index]

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return each member's own answer."""
        return [getattr(member, method)(rows) for member in self._members]


class OneScan:
    """Linear models that differ in `alpha`, on one training set."""

    name = "one scan"
    classes: tuple[type, ...] = (GradientClassifier, GradientRegressor)
    sweeps = frozenset({"alpha"})
    tolerance = TOLERANCE

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members are not trained together, or ``""``."""
        values = [member.alpha for member in members]
        usable = all(isinstance(v, (int, float, np.floating)) and v > 0 for v in values)
        return "" if usable else "alpha must be a positive number"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Train all members together."""
        first = members[0]
        numeric = type(first) is GradientRegressor
        X, y = validate_data(first, X, y, dtype=np.float64, y_numeric=numeric)
        targets = np.asarray(y, dtype=np.float64)[None, :]
        classes = None
        if not numeric:
            classes, targets = signs_of(y)
        for member in members:
            for name in ("n_features_in_", "feature_names_in_"):
                if hasattr(first, name):
                    setattr(member, name, getattr(first, name))
            if classes is not None:
                member.classes_ = classes
        fit_together(members, X, targets)
        return _Family(members)


REWRITES = (OneScan(),)
