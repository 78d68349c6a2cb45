"""A linear model behind stages of text: one product of the few terms that a text has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.errors import UnsupportedValue
from clew.serve.outputs import Answer
from clew.serve.shared import SHARED, Pool
from clew.serve.text.stage import Terms

Link = Literal["none", "sigmoid", "softmax", "huber", "bayes", "value"]
"""What becomes of scores: no probabilities, one sigmoid a class, softmax …, or a value."""

_SPARSE_FROM = 0.6
"""Rows with a coefficient other than zero, up to which only these are kept."""


class HeadParts(msgspec.Struct, frozen=True):
    """What a head is made of: arrays by content id, classes as plain values.

    Parameters
    ----------
    rows : str or None
        The terms that have coefficients; None: all.
    """

    link: Link
    coefficients: str
    rows: str | None
    intercept: tuple[float, ...]
    classes: tuple[bool | int | float | str, ...] | None
    class_type: str | None


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """A linear model on terms.

    Parameters
    ----------
    coefficients : (n_terms, n_scores) array
        Of all terms, or of those in `rows`.
    rows : (n_rows,) array or None
        Places of the terms that have coefficients, rising.
    """

    parts: HeadParts
    coefficients: NDArray[np.float64]
    rows: NDArray[np.int32] | None
    intercept: NDArray[np.float64]
    classes: NDArray[Any] | None

    def score(self, texts: Sequence[Terms]) -> Answer:
        """Return the answer to encoded texts."""
        return self._answer(np.stack([self._scores(*terms) for terms in texts]))

    def _scores(self, places: NDArray[np.int32], weights: NDArray[np.float64]) -> Any:
        if self.rows is not None:
            at = np.searchsorted(self.rows, places)
            at[at == len(self.rows)] = 0
            known = self.rows[at] == places
            places, weights = at[known], weights[known]
        return weights @ self.coefficients[places] + self.intercept

    def _answer(self, scores: NDArray[np.float64]) -> Answer:
        if self.classes is None:
            return Answer(values=scores[:, 0] if scores.shape[1] == 1 else scores)
        if scores.shape[1] == 1:
            best = (scores[:, 0] > 0).astype(np.intp)
        else:
            best = np.argmax(scores, axis=1)
        return Answer(self.classes[best], _LINKS[self.parts.link](scores))


def _expit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-scores)))


def _sigmoid(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return _shares(_expit(scores))


def _huber(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return _shares((np.clip(scores, -1, 1) + 1.0) / 2.0)


def _shares(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities from one chance a class, or from that of the second of two."""
    if chance.shape[1] == 1:
        return np.concatenate([1 - chance, chance], axis=1)
    total = chance.sum(axis=1, keepdims=True)
    even = np.full_like(chance, 1 / chance.shape[1])
    return np.asarray(np.divide(chance, total, out=even, where=total != 0))


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


_LINKS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64] | None]] = {
    "none": lambda scores: None,
    "sigmoid": _sigmoid,
    "huber": _huber,
    "softmax": _softmax,
    "bayes": _softmax,
    "value": lambda scores: None,
}

_DECIDING = ("LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron")
_REGRESSORS = ("LinearRegression", "Ridge", "RidgeCV", "Lasso", "ElasticNet", "SGDRegressor")
_LINK_OF: dict[str, Link] = {
    **dict.fromkeys(_DECIDING, "none"),
    **dict.fromkeys(_REGRESSORS, "value"),
    "PassiveAggressiveClassifier": "none",
    "MultinomialNB": "bayes",
}


def head_of(model: Any, pool: Pool = SHARED) -> LinearHead:
    """Return what a fitted linear model computes.

    Raises
    ------
    UnsupportedValue
        When it is not one that can be said exactly.
    """
    link = _link(model)
    if link == "bayes":
        coefficients, intercept = model.feature_log_prob_, model.class_log_prior_
    else:
        coefficients, intercept = np.atleast_2d(model.coef_), model.intercept_
    if hasattr(coefficients, "toarray"):
        coefficients = coefficients.toarray()
    by_term = np.ascontiguousarray(np.asarray(coefficients, dtype=np.float64).T)
    used = np.flatnonzero(by_term.any(axis=1)).astype(np.int32)
    rows = None
    if len(used) < _SPARSE_FROM * len(by_term):
        rows, by_term = pool.keep_array(used), by_term[used]
    kept = pool.keep_array(by_term)
    classes = None if link == "value" else np.asarray(model.classes_)
    parts = HeadParts(
        link,
        kept[0],
        None if rows is None else rows[0],
        tuple(np.broadcast_to(np.asarray(intercept, float), (by_term.shape[1],)).tolist()),
        None if classes is None else tuple(classes.tolist()),
        None if classes is None else classes.dtype.str,
    )
    return head_from(parts, pool)  # while what was kept is held here


def head_from(parts: HeadParts, pool: Pool) -> LinearHead:
    """Return the head of some parts."""
    classes = None
    if parts.classes is not None:
        classes = np.array(parts.classes, dtype=np.dtype(parts.class_type))
    return LinearHead(
        parts,
        pool.array(parts.coefficients),
        None if parts.rows is None else pool.array(parts.rows),
        np.array(parts.intercept),
        classes,
    )


def _link(model: Any) -> Link:
    name = type(model).__name__
    if not type(model).__module__.startswith("sklearn."):
        name = f"{type(model).__module__}.{name}"
    if name in ("LogisticRegression", "LogisticRegressionCV"):
        return "sigmoid" if len(model.classes_) == 2 else "softmax"
    if name == "SGDClassifier":
        known: dict[str, Link] = {"log_loss": "sigmoid", "modified_huber": "huber"}
        return known.get(model.loss, "none")
    if name not in _LINK_OF:
        raise UnsupportedValue("no plan for this model of texts", got=name)
    return _LINK_OF[name]
