"""Linear support vector machines with the squared hinge loss: a path of warm-started solves.

The loss is quadratic but for which rows are inside the margin, so Newton's method with that set
ends after a few steps, and after one or two from the neighbouring penalty's solution (Keerthi and
DeCoste, *A Modified Finite Newton Method for Fast Solution of Large Scale Linear SVMs*, JMLR 2005).
It is solved further than liblinear's default `tol` does: the declared tolerance is liblinear's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg, sparse
from sklearn.svm import LinearSVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from clew.reuse.rewrites.paths import TOLERANCE

_Array = np.ndarray[Any, Any]
_MOST_COLUMNS = 2_000
_MOST_STEPS = 200
_CLOSE = 1e-7


class _Family:
    def __init__(self, members: Sequence[Any]) -> None:
        self._members = members

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        return self._members[index]

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Return each member's own answer."""
        return [getattr(member, method)(rows) for member in self._members]


class MarginPath:
    """Linear support vector machines that differ in `C`, from the strongest penalty on."""

    name = "warm-started path"
    classes: tuple[type, ...] = (LinearSVC,)
    sweeps = frozenset({"C"})
    tolerance = TOLERANCE

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these members cannot follow one another, or ``""``."""
        first = members[0]
        if first.penalty != "l2" or first.loss != "squared_hinge" or first.multi_class != "ovr":
            return "the loss is not smooth"
        if first.class_weight is not None or first.intercept_scaling <= 0:
            return "classes are weighted, or the intercept is not scaled up"
        if X.shape[1] > _MOST_COLUMNS:
            return "there are many columns"
        values = [member.C for member in members]
        usable = all(isinstance(v, (int, float, np.floating)) and v > 0 for v in values)
        return "" if usable else "C must be a positive number"

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Solve from the smallest `C` to the largest."""
        first = members[0]
        X, y = validate_data(first, X, y, accept_sparse="csr", dtype=np.float64, order="C")
        check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError("there is one class only")
        bias = float(first.intercept_scaling) if first.fit_intercept else 0.0
        rows = _with_bias(X, bias)
        positive = [classes[1]] if len(classes) == 2 else list(classes)
        signs = [np.where(y == label, 1.0, -1.0) for label in positive]
        weights = np.zeros((len(positive), rows.shape[1]))
        for member in sorted(members, key=lambda m: m.C):
            steps = 0
            for row, sign in enumerate(signs):
                weights[row], taken = _solve(rows, sign, float(member.C), weights[row])
                steps = max(steps, taken)
            _set(member, first, weights.copy(), classes, bias, steps)
        return _Family(members)


def _with_bias(X: Any, bias: float) -> Any:
    if bias == 0.0:
        return X
    column = np.full((X.shape[0], 1), bias)
    return (
        sparse.hstack([X, column], format="csr") if sparse.issparse(X) else np.hstack([X, column])
    )


def _set(
    member: Any, first: Any, weights: _Array, classes: _Array, bias: float, steps: int
) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(first, name):
            setattr(member, name, getattr(first, name))
    member.classes_, member.n_iter_ = classes, steps
    member.coef_ = weights[:, :-1] if bias else weights
    member.intercept_ = bias * weights[:, -1] if bias else 0.0


def _solve(rows: Any, sign: _Array, C: float, start: _Array) -> tuple[_Array, int]:
    """Minimise ``½‖w‖² + C Σ max(0, 1 − y x·w)²``.

    Raises
    ------
    ArithmeticError
        When it does not come close within the steps allowed.
    """
    weights = start.copy()
    reached = _value(rows, sign, C, weights)
    first = 2 * C * np.linalg.norm(rows.T @ sign)  # the gradient at zero
    for step in range(_MOST_STEPS):
        slack = 1.0 - sign * (rows @ weights)
        inside = slack > 0
        chosen = rows[inside]
        gradient = weights - 2 * C * (chosen.T @ (sign * slack)[inside])
        if np.linalg.norm(gradient) <= _CLOSE * first:
            return weights, step
        hessian = chosen.T @ chosen
        hessian = 2 * C * (hessian.toarray() if sparse.issparse(hessian) else hessian)
        hessian.flat[:: len(weights) + 1] += 1.0
        direction = linalg.solve(hessian, -gradient, assume_a="pos")
        weights, reached = _line(rows, sign, C, weights, direction, reached, gradient)
    raise ArithmeticError("the path did not converge")


def _line(
    rows: Any,
    sign: _Array,
    C: float,
    weights: _Array,
    direction: _Array,
    reached: float,
    gradient: _Array,
) -> tuple[_Array, float]:
    """Return the point that a backtracking line search ends at, and its value."""
    slope, length = float(gradient @ direction), 1.0
    for _ in range(40):
        point = weights + length * direction
        value = _value(rows, sign, C, point)
        if value <= reached + 1e-4 * length * slope:
            return point, value
        length /= 2
    return weights + direction, _value(rows, sign, C, weights + direction)


def _value(rows: Any, sign: _Array, C: float, weights: _Array) -> float:
    slack = np.maximum(0.0, 1.0 - sign * (rows @ weights))
    return float(0.5 * weights @ weights + C * slack @ slack)


REWRITES = (MarginPath(),)
