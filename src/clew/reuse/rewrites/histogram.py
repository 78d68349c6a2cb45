"""Histogram gradient boosting: rows are binned once, and shorter runs are stages of the longest.

Bins, the validation rows and the seeds of the columns that each round draws come before or round
by round, so runs that differ in `max_iter` alone are prefixes of one; those that differ in how
trees are grown share the bins. Bit-identical.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

from clew.reuse.rewrites.registry import PredictorFamily
from clew.reuse.rewrites.sizes import refuse_sizes

_GROWTH = ("learning_rate", "max_leaf_nodes", "max_depth", "min_samples_leaf", "l2_regularization")
"""Parameters that are read after the rows are binned, and that draw nothing."""


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


class _Families:
    """Families that differ in more than `max_iter`, behind the interface of one."""

    def __init__(self, families: Sequence[_Family], places: Sequence[tuple[int, int]]) -> None:
        self._families, self._places = families, places

    def model(self, index: int) -> Any:
        """Return member `index`, fitted."""
        family, place = self._places[index]
        return self._families[family].model(place)

    def answers(self, method: str, rows: Any) -> Sequence[Any]:
        """Answer all members, each family in one pass."""
        found = [family.answers(method, rows) for family in self._families]
        return [found[family][place] for family, place in self._places]


class _Bins:
    """The bins of one training set, made by the first member that needs them."""

    def __init__(self) -> None:
        self._made: dict[bool, Any] = {}
        self._mapper: Any = None

    def lend(self, model: Any) -> Any:
        """Fit nothing: return a stand-in for the model's `_bin_data`."""
        make = model._bin_data

        def bin_data(X: Any, sample_weight: Any, is_training_data: bool) -> Any:
            if is_training_data not in self._made:
                self._made[is_training_data] = make(X, sample_weight, is_training_data)
                self._mapper = model._bin_mapper
            model._bin_mapper = self._mapper
            return self._made[is_training_data]

        return bin_data


class HistogramRounds:
    """Histogram gradient boosting that differs in `max_iter` and in how trees are grown."""

    name = "boosting stages"
    classes: tuple[type, ...] = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    sweeps = frozenset({"max_iter", *_GROWTH})
    tolerance = 0.0

    def refuse(self, members: Sequence[Any], X: Any, y: Any) -> str:
        """Return why these runs are not stages of one, or ``""``."""
        reason = refuse_sizes(members, "max_iter")
        return "" if reason.startswith("random_state") and _ignores_seed(members[0], X) else reason

    def fit(self, members: Sequence[Any], X: Any, y: Any) -> _Families:
        """Bin the rows once; fit the longest run of each way to grow trees."""
        grouped: dict[Hashable, list[int]] = {}
        for index, member in enumerate(members):
            grouped.setdefault(_growth(member), []).append(index)
        bins, families, places = _Bins(), [], [(0, 0)] * len(members)
        for number, indices in enumerate(grouped.values()):
            alike = [members[index] for index in indices]
            full = max(alike, key=lambda m: m.max_iter)
            full._bin_data = bins.lend(full)
            try:
                full.fit(X, y)
            finally:
                del full._bin_data
            families.append(_Family(full, alike, view))
            for place, index in enumerate(indices):
                places[index] = (number, place)
        return _Families(families, places)


def _growth(member: Any) -> Hashable:
    return tuple(getattr(member, name) for name in _GROWTH)


def _ignores_seed(member: Any, X: Any) -> bool:
    """Without early stopping, column sampling and subsampled bins nothing that is drawn counts."""
    rows = X.shape[0]
    runs_on = member.early_stopping is False or (member.early_stopping == "auto" and rows <= 10_000)
    return bool(runs_on and member.max_features == 1.0 and rows <= 200_000)


REWRITES = (HistogramRounds(),)
