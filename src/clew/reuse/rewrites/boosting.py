"""Boosting rounds: every shorter run is a stage of the longest one. Bit-identical.

With early stopping too: the validation rows are drawn before the first round, so a run that would
have stopped at round s gives min(rounds, s) rounds for every member.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from sklearn.ensemble._gradient_boosting import predict_stages
from sklearn.utils.validation import validate_data

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes

_PER_ROUND = ("train_score_", "oob_improvement_", "oob_scores_")


def view(full: Any, member: Any) -> Any:
    """Return the first ``member.n_estimators`` rounds of a fitted gradient boosting."""
    model = copy.copy(full)
    model.n_estimators = member.n_estimators
    rounds = min(member.n_estimators, full.estimators_.shape[0])
    model.estimators_ = full.estimators_[:rounds]
    model.n_estimators_ = rounds
    for name in _PER_ROUND:
        if hasattr(full, name):
            setattr(model, name, getattr(full, name)[:rounds])
    if hasattr(full, "oob_scores_"):
        model.oob_score_ = model.oob_scores_[-1]
    return model


class _Family(PredictorFamily):
    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Answer all members from one pass over the rounds."""
        if method not in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
            return super().answers(method, rows)
        models = [self.model(i) for i in range(len(self.members))]
        raws = self._raw(rows, sorted({model.n_estimators_ for model in models}))
        answers = []
        for model in models:
            raw = raws[model.n_estimators_]
            model._raw_predict = lambda X, raw=raw: raw.copy()
            answers.append(getattr(model, method)(rows))
        return answers

    def _raw(self, rows: Any, stops: Sequence[int]) -> dict[int, np.ndarray[Any, Any]]:
        full = self.full
        rows = validate_data(
            full, rows, dtype=np.float32, order="C", accept_sparse="csr", reset=False
        )
        raw = full._raw_predict_init(rows)
        raws, start = {}, 0
        for stop in stops:
            predict_stages(full.estimators_[start:stop], rows, full.learning_rate, raw)
            raws[stop], start = raw.copy(), stop
        return raws


class GradientRounds:
    """Gradient boosting that differs in `n_estimators`."""

    name = "boosting stages"
    classes: tuple[type, ...] = (GradientBoostingClassifier, GradientBoostingRegressor)
    sweeps = frozenset({"n_estimators"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these runs are not stages of one, or ``""``."""
        return refuse_sizes(members, "n_estimators")

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Family:
        """Fit the longest run."""
        full = max(members, key=lambda m: m.n_estimators)
        return _Family(full.fit(X, y), members, view)


def view_adaboost(full: Any, member: Any) -> Any:
    """Return the first ``member.n_estimators`` rounds of a fitted AdaBoost."""
    model = copy.copy(full)
    rounds = member.n_estimators
    model.n_estimators = rounds
    model.estimators_ = full.estimators_[:rounds]
    model.estimator_weights_ = full.estimator_weights_[:rounds].copy()
    model.estimator_errors_ = full.estimator_errors_[:rounds].copy()
    return model


class AdaBoostRounds:
    """AdaBoost that differs in `n_estimators`."""

    name = "boosting stages"
    classes: tuple[type, ...] = (AdaBoostClassifier, AdaBoostRegressor)
    sweeps = frozenset({"n_estimators"})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these runs are not stages of one, or ``""``."""
        return refuse_sizes(members, "n_estimators")

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> PredictorFamily:
        """Fit the longest run."""
        full = max(members, key=lambda m: m.n_estimators)
        return PredictorFamily(full.fit(X, y), members, view_adaboost)


REWRITES = (GradientRounds(), AdaBoostRounds())
