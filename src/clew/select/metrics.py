"""Built-in metrics of many predictions at once, in the same operations as scikit-learn's.

Validation of targets and weights, which costs more than the metric itself on small folds, happens
once; the sums are the same, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.base import RegressorMixin
from sklearn.metrics._scorer import _MultimetricScorer, _PassthroughScorer, _Scorer

Array = np.ndarray[Any, Any]
Metric = Callable[[Array, Array], float]


def _r2(y: Array, prediction: Array) -> float:
    residual = ((y - prediction) ** 2).sum(axis=0)
    spread = ((y - np.average(y, axis=0)) ** 2).sum(axis=0)
    if spread[0] == 0.0:
        return float(metrics.r2_score(y, prediction))
    return float((1 - residual / spread)[0])


def _mse(y: Array, prediction: Array) -> float:
    return float(np.average((y - prediction) ** 2, axis=0)[0])


def _mae(y: Array, prediction: Array) -> float:
    return float(np.average(np.abs(prediction - y), axis=0)[0])


_METRICS: dict[Any, Metric] = {
    metrics.r2_score: _r2,
    metrics.mean_squared_error: _mse,
    metrics.root_mean_squared_error: lambda y, p: float(np.sqrt(_mse(y, p))),
    metrics.mean_absolute_error: _mae,
}


def _fast(scorer: Any, model: Any) -> Callable[[Array, Array], float] | None:
    if type(scorer) is _PassthroughScorer:
        return _r2 if type(model).score is RegressorMixin.score else None
    if type(scorer) is not _Scorer or scorer._kwargs or scorer._response_method != "predict":
        return None
    metric = _METRICS.get(scorer._score_func)
    if metric is None:
        return None
    sign = scorer._sign
    return lambda y, prediction: sign * metric(y, prediction)


def fast_scores(scorer: Any, model: Any, y: Any, predictions: Sequence[Array]) -> list[Any] | None:
    """Return the scores of many predictions of one regression target, or None.

    Parameters
    ----------
    scorer : scorer
        A single scorer, or several as `_MultimetricScorer`.
    model : estimator
        The (unfitted) final estimator.
    y : array-like of shape (n_rows,)
        Targets.
    predictions : sequence of array of shape (n_rows,)
        One a configuration.

    Returns
    -------
    list or None
        A float (or a dict of floats by name) each; None when a metric is not built in here.
    """
    truth = np.asarray(y)
    if truth.ndim != 1 or truth.dtype.kind not in "fiu" or len(truth) < 2:
        return None
    if not all(np.isfinite(p).all() for p in predictions):
        return None
    truth = truth.reshape(-1, 1)
    if not isinstance(scorer, _MultimetricScorer):
        score = _fast(scorer, model)
        return [score(truth, p.reshape(-1, 1)) for p in predictions] if score else None
    named = {name: _fast(each, model) for name, each in scorer._scorers.items()}
    if not all(named.values()):
        return None
    return [
        {name: score(truth, p.reshape(-1, 1)) for name, score in named.items() if score}
        for p in predictions
    ]
