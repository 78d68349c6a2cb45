"""Stacking: a linear model of what candidates predict for rows that they did not see.

Wolpert (Neural Networks 1992). It is one more candidate: the ensemble takes it as far as it helps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from clew.select.automl.task import Floats, Task
from clew.select.automl.worker import outputs

STACK = -2
"""Its number among candidates."""

MEMBERS = 8
_PARTS = 5
_MOST_ROWS = 50_000
_STRENGTH = 0.05
_EDGE = 1e-4


@dataclass(frozen=True)
class Judge:
    """A fitted stack.

    Parameters
    ----------
    numbers : list of int
        Candidates, in the order of its inputs.
    model : estimator
        Fitted on their out-of-fold predictions.
    predicted : ndarray
        What it predicts for rows that took no part in its own fit, as `Task.score` takes it.
    train_score : float
        The measure on its own rows.
    """

    numbers: list[int]
    model: Any
    predicted: Floats
    train_score: float
    seconds: float


class Stacked(BaseEstimator):  # type: ignore[misc]
    """Groups of fitted pipelines, one group a candidate, and the model of their means."""

    def __init__(self, groups: Sequence[Any] = (), model: Any = None, task: Any = None) -> None:
        self.groups, self.model, self.task = groups, model, task

    @property
    def classes_(self) -> Any:
        """Codes of the classes that it knows."""
        return self.model.classes_

    def __sklearn_is_fitted__(self) -> bool:
        return self.model is not None

    def _features(self, X: Any) -> Floats:
        means = [
            np.mean([outputs(member, X, self.task) for member in group], axis=0)
            for group in self.groups
        ]
        return features(means, self.task)

    def predict_proba(self, X: Any) -> Any:
        """Return probabilities of the classes that it knows."""
        return self.model.predict_proba(self._features(X))

    def predict(self, X: Any) -> Any:
        """Return a number, or a class's code, for each row."""
        return self.model.predict(self._features(X))


def features(parts: Sequence[Floats], task: Task) -> Floats:
    """Return predictions of candidates side by side: log odds, or values, of shape (n, columns)."""
    flat: Floats = np.hstack([part.reshape(len(part), -1) for part in parts])
    if task.kind == "regression":
        return flat
    kept = np.clip(flat, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def judged(
    numbers: Sequence[int], parts: Sequence[Floats], y: Floats, task: Task, seed: int,
    deadline: float,
) -> Judge | None:  # fmt: skip
    """Fit a stack; None when there is nothing to stack, or not the time.

    Parameters
    ----------
    parts : sequence of ndarray
        Out-of-fold predictions of each candidate for the held rows.
    deadline : float
        Point of the monotonic clock at which it is given up.
    """
    began = time.monotonic()
    if len(numbers) < 2 or began >= deadline:
        return None
    X, rng = features(parts, task), np.random.default_rng(seed)
    predicted = np.empty_like(parts[0])
    parted = rng.integers(_PARTS, size=len(y))
    with threadpool_limits(1):
        for part in range(_PARTS):
            others, held = np.flatnonzero(parted != part), parted == part
            short = task.kind != "regression" and len(np.unique(y[others])) < 2
            if short or not held.any():
                return None
            others = rng.permutation(others)[:_MOST_ROWS]
            predicted[held] = outputs(_fitted(X[others], y[others], task), X[held], task)
            # What is left takes as long each as what is done did.
            if time.monotonic() + (time.monotonic() - began) / (part + 1) > deadline:
                return None
        some = rng.permutation(len(y))[:_MOST_ROWS]
        model = _fitted(X[some], y[some], task)
    score = task.score(y, outputs(model, X, task))
    return Judge(list(numbers), model, predicted, score, time.monotonic() - began)


def _fitted(X: Floats, y: Floats, task: Task) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if task.kind == "regression":
        return make_pipeline(StandardScaler(), Ridge()).fit(X, y)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_STRENGTH, max_iter=100))
    return model.fit(X, y)
