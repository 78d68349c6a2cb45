"""Penalties of linear models by gradients: what the held rows say of what the training minimises.

The weights that training gives are a function of the penalties; by the implicit function theorem
its derivative needs one linear system in the training's second derivatives (Larsen et al. 1996;
Bengio 2000, *Gradient-Based Optimization of Hyperparameters*; Pedregosa 2016). So a penalty for
each column costs no more than a single one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, MissingExtra

Floats = NDArray[np.float64]
Kind = Literal["ridge", "logistic"]
_NEWTON, _PRECISION = 100, 1e-10
_FLAT = 1e-10
"""Added to the penalty of what is not penalised, so that the system has one solution."""


@dataclass(frozen=True, slots=True)
class Hypergradient:
    """The loss on held rows at some penalties, and where it falls.

    Parameters
    ----------
    value : float
        Mean squared error, or mean log loss, on the held rows.
    gradient : (n_penalties,) array
        Derivative by the logarithm of each penalty.
    coef : (n_features,) array
    intercept : float
    """

    value: float
    gradient: Floats
    coef: Floats
    intercept: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """A linear model whose penalties were tuned.

    Parameters
    ----------
    penalty : (n_penalties,) array
    value : float
        Loss on the held rows.
    evaluations : int
        How often a model was fitted.
    classes : tuple
        Of a logistic regression, the two classes.
    """

    kind: Kind
    penalty: Floats
    coef: Floats
    intercept: float
    value: float
    evaluations: int
    classes: tuple[Any, ...] = ()

    def decision_function(self, X: Any) -> Floats:
        """Return the linear predictor of each row."""
        return np.asarray(X, dtype=float) @ self.coef + self.intercept

    def predict(self, X: Any) -> NDArray[Any]:
        """Return a number or a class for each row."""
        found = self.decision_function(X)
        return np.asarray(self.classes)[(found > 0).astype(int)] if self.classes else found


def hypergradient(
    kind: Kind, train: tuple[Any, Any], held: tuple[Any, Any], log_penalty: Any
) -> Hypergradient:
    """Return the loss on held rows, and its gradient by the logarithms of the penalties.

    Parameters
    ----------
    kind : {"ridge", "logistic"}
        Minimised in training is ``Σ (Xw + b − y)² + Σ penalty · w²``, or
        ``Σ log(1 + exp(−s(Xw + b))) + ½ Σ penalty · w²`` with ``s`` = −1 or 1: as scikit-learn's
        ``alpha`` and ``1 / C``.
    train, held : (X, y)
        ``X`` of shape (n_rows, n_features); ``y`` numbers, or two classes.
    log_penalty : float or (n_features,) array
        One for all columns, or one for each.

    Raises
    ------
    InvalidParameter
        When shapes or classes do not fit together.
    """
    X, y, Z, t, penalties = _checked(kind, train, held, log_penalty)
    penalty = np.append(np.broadcast_to(np.exp(penalties), X.shape[1] - 1), _FLAT)
    if kind == "ridge":
        second = 2 * (X.T @ X + np.diag(penalty))
        weights = np.linalg.solve(second, 2 * X.T @ y)
        off = Z @ weights - t
        value, slope = float(np.mean(off**2)), 2 * Z.T @ off / len(t)
        by_penalty = 2 * penalty * weights
    else:
        weights, second = _newton(X, y, penalty)
        margin = t * (Z @ weights)
        value = float(np.mean(np.logaddexp(0, -margin)))
        slope = Z.T @ (-t * _sigmoid(-margin)) / len(t)
        by_penalty = penalty * weights
    adjoint = np.linalg.solve(second, slope)
    each: Floats = (-adjoint * by_penalty)[:-1]
    gradient: Floats = each if np.ndim(log_penalty) else np.array([each.sum()])
    return Hypergradient(
        value, gradient, np.asarray(weights[:-1], dtype=np.float64), float(weights[-1])
    )


def tune(
    kind: Kind,
    train: tuple[Any, Any],
    held: tuple[Any, Any],
    *,
    each: bool = True,
    bounds: tuple[float, float] = (1e-6, 1e6),
) -> Tuned:
    """Return a linear model with the penalties that are best on held rows.

    Parameters
    ----------
    each : bool
        A penalty for each column; else one for all. Many penalties can fit the held rows by chance:
        judge the model on others.
    bounds : (float, float)
        Smallest and largest penalty.

    Examples
    --------
    >>> import numpy as np
    >>> from clew.select.bilevel import tune
    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(300, 10))
    >>> y = X[:, 0] + draw.normal(0, 0.5, 300)  # nine columns are noise
    >>> found = tune("ridge", (X[:150], y[:150]), (X[150:], y[150:]))
    >>> bool(found.penalty[0] < 100), bool(np.median(found.penalty[1:]) > 1000)
    (True, True)
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise MissingExtra("tuning needs SciPy", hint="pip install 'clew[sklearn]'") from error
    low, high = np.log(bounds[0]), np.log(bounds[1])
    if not low < high:
        raise InvalidParameter("bounds of penalties", got=str(bounds), expected="0 < low < high")
    size = np.asarray(train[0]).shape[1] if each else 1
    count = 0

    def ask(log_penalty: Floats) -> tuple[float, Floats]:
        nonlocal count
        count += 1
        found = hypergradient(kind, train, held, log_penalty if each else log_penalty[0])
        return found.value, found.gradient

    starts = [np.full(size, start) for start in (0.0, min(high, 4.0))]
    limits = [(low, high)] * size
    best = min(
        (minimize(ask, start, jac=True, method="L-BFGS-B", bounds=limits) for start in starts),
        key=lambda one: float(one.fun),
    )
    last = hypergradient(kind, train, held, best.x if each else best.x[0])
    classes = tuple(np.unique(train[1]).tolist()) if kind == "logistic" else ()
    return Tuned(kind, np.exp(best.x), last.coef, last.intercept, last.value, count + 1, classes)


def _checked(
    kind: str, train: tuple[Any, Any], held: tuple[Any, Any], log_penalty: Any
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    if kind not in ("ridge", "logistic"):
        raise InvalidParameter("kind", got=kind, expected="ridge or logistic")
    parts = []
    for X, y in (train, held):
        rows = np.asarray(X, dtype=float)
        if rows.ndim != 2 or len(rows) != len(y) or not len(rows):
            raise InvalidParameter("rows and targets", got=f"{rows.shape}, {len(y)} targets")
        parts += [np.column_stack([rows, np.ones(len(rows))]), np.asarray(y)]
    X, y, Z, t = parts
    penalties = np.asarray(log_penalty, dtype=float)
    if Z.shape[1] != X.shape[1] or penalties.shape not in ((), (X.shape[1] - 1,)):
        raise InvalidParameter(
            "columns and penalties",
            got=f"{X.shape[1] - 1}, {Z.shape[1] - 1} columns, penalties {penalties.shape}",
        )
    if kind == "ridge":
        return X, y.astype(float), Z, t.astype(float), penalties
    classes = np.unique(y)
    if len(classes) != 2 or not np.isin(t, classes).all():
        raise InvalidParameter("classes of the targets", got=str(classes[:5]), expected="two")
    signs = [np.where(one == classes[1], 1.0, -1.0) for one in (y, t)]
    return X, signs[0], Z, signs[1], penalties


def _newton(X: Floats, signs: Floats, penalty: Floats) -> tuple[Floats, Floats]:
    """Return the weights of a logistic regression, and its second derivatives there."""

    def loss(weights: Floats) -> float:
        return float(np.logaddexp(0, -signs * (X @ weights)).sum() + penalty @ weights**2 / 2)

    weights = np.zeros(X.shape[1])
    now = loss(weights)
    for _ in range(_NEWTON):
        chance = _sigmoid(-signs * (X @ weights))
        first = penalty * weights - X.T @ (signs * chance)
        second = (X.T * (chance * (1 - chance))) @ X + np.diag(penalty)
        step = np.linalg.solve(second, first)
        if float(first @ step) <= _PRECISION:
            break
        size = 1.0
        while loss(weights - size * step) > now - 1e-4 * size * float(first @ step):
            size /= 2
            if size < 1e-10:
                break
        weights = weights - size * step
        now = loss(weights)
    chance = _sigmoid(-signs * (X @ weights))
    return weights, (X.T * (chance * (1 - chance))) @ X + np.diag(penalty)


def _sigmoid(values: Floats) -> Floats:
    return np.exp(-np.logaddexp(0, -values))
