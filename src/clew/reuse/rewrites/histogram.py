"""Rounds of histogram gradient boosting: stages of the longest run, early stopping or not.

Bins, the validation rows and the seeds of the columns that each round draws come before or round
by round, so shorter runs are prefixes. Bit-identical.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes


def view(full: Any, member: Any) -> Any:
    """Return the first ``member.max_iter`` rounds of a fitted model."""
    model = copy.copy(full)
    model.max_iter = member.max_iter
    model._predictors = full._predictors[: member.max_iter]
    for name in ("train_score_", "validation_score_"):
        scores = getattr(full, name, None)
        if scores is not None and len(scores):
            setattr(model, name, scores[: len(model._predictors) + 1])
    return model


class _Family(PredictorFamily):
    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Answer all members from one pass over the rounds."""
        if method not in ("predict", "predict_proba", "decision_function"):
            return super().answers(method, rows)
        models = [self.model(i) for i in range(len(self.members))]
        raws = self._raw(rows, sorted({len(model._predictors) for model in models}))
        answers = []
        for model in models:
            raw = raws[len(model._predictors)]
            model._raw_predict = lambda X, n_threads=None, raw=raw: raw.copy(order="F")
            answers.append(getattr(model, method)(rows))
        return answers

    def _raw(self, rows: Any, stops: Sequence[int]) -> dict[int, np.ndarray[Any, Any]]:
        full = self.full
        rows = full._preprocess_X(rows, reset=False)
        baseline = full._baseline_prediction
        raw = np.zeros(
            (rows.shape[0], full.n_trees_per_iteration_), dtype=baseline.dtype, order="F"
        )
        raw += baseline
        raws, start, threads = {}, 0, _openmp_effective_n_threads()
        for stop in stops:
            full._predict_iterations(rows, full._predictors[start:stop], raw, False, threads)
            raws[stop], start = raw.copy(order="F"), stop
        return raws


class HistogramRounds:
    """Histogram gradient boosting that differs in `max_iter`."""

    name = "boosting stages"
    classes: tuple[type, ...] = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    sweeps = frozenset({"max_iter"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these runs are not stages of one, or ``""``."""
        reason = refuse_sizes(members, "max_iter")
        return "" if reason.startswith("random_state") and _ignores_seed(members[0], X) else reason

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Fit the longest run."""
        full = max(members, key=lambda m: m.max_iter)
        return _Family(full.fit(X, y), members, view)


def _ignores_seed(member: Any, X: Any) -> bool:
    """Without early stopping, column sampling and subsampled bins nothing that is drawn counts."""
    rows = X.shape[0]
    runs_on = member.early_stopping is False or (member.early_stopping == "auto" and rows <= 10_000)
    return bool(runs_on and member.max_features == 1.0 and rows <= 200_000)


REWRITES = (HistogramRounds(),)
