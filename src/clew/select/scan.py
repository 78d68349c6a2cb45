"""One scan for a whole study: linear models of all configurations and folds trained together.

Behind affine preprocessing the rows of every fold are ``U @ A`` with one `U` for the study, so that
one product with `U` serves the models of all penalties and folds; folds are shares on the rows.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection._validation import _score

from clew.reuse.notices import Notice
from clew.reuse.rewrites.affine import Array, NotAffine, base_rows, blocks_of, fold_matrix, width
from clew.reuse.rewrites.descent import Problem, solve
from clew.reuse.rewrites.gradient import (
    TOLERANCE,
    GradientClassifier,
    GradientRegressor,
    answer,
    signs_of,
)
from clew.select.execute import Report
from clew.select.heard import listening
from clew.select.plan import Configuration
from clew.select.score import Answers, Recalled, methods_of
from clew.select.study import Outcome, Record, Study

NAME = "one scan"
_METHODS = frozenset({"predict", "predict_proba", "decision_function"})
_COPIES = 8
"""Arrays of rows × models that the solver holds at once."""


def families(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Return groups of pipelines that end in such a model and differ in `alpha` only."""
    found: dict[Hashable, list[Configuration]] = {}
    for configuration in configurations:
        *above, last = configuration.stages
        known = all(stage.tokens is not None for stage in configuration.stages)
        if known and type(last.estimator) in (GradientClassifier, GradientRegressor):
            rest = tuple(pair for pair in last.tokens or () if pair[0] != "alpha")
            before = tuple((type(s.estimator), s.tokens) for s in above)
            found.setdefault((type(last.estimator), before, rest), []).append(configuration)
    return list(found.values())


class Scan:
    """Trains one family on all folds.

    Parameters
    ----------
    study : Study
        Data, folds and scorers.
    configurations : sequence of Configuration
        The family.
    outcome : Outcome
        Where records go.
    report : callable, optional
        Told of every task that is done.
    """

    def __init__(
        self,
        study: Study,
        configurations: Sequence[Configuration],
        outcome: Outcome,
        report: Report | None,
    ) -> None:
        self._study, self._configurations, self._outcome = study, configurations, outcome
        self._report = report
        self._notices: list[Notice] = []
        self._model = configurations[0].stages[-1].estimator
        self._model._validate_params()
        self._methods = methods_of(study.scorer, self._model) or ()
        if not self._methods or not set(self._methods) <= _METHODS:
            raise NotAffine("a scorer asks for something else")
        self._classes: Any = None
        y = np.asarray(study.y)
        if y.ndim != 1:
            raise NotAffine("the target is not one column")
        if is_classifier(self._model):
            self._classes, self._targets = signs_of(y)
            for train, _ in study.splits:
                if len(np.unique(y[train])) < len(self._classes):
                    raise NotAffine("a class is missing among the training rows")
        else:
            self._targets = y.astype(np.float64)[None, :]

    def run(self) -> None:
        """Train and score."""
        with listening() as self._notices:
            self._run()

    def _run(self) -> None:
        started = time.perf_counter()
        rows, maps = self._rows()
        weights = self._train(rows, maps)
        tasks = len(self._configurations) * len(self._study.splits)
        fit_s = (time.perf_counter() - started) / tasks
        self._outcome.tally.fits += 1
        for fold in range(len(self._study.splits)):
            for number, configuration in enumerate(self._configurations):
                if weights[number, fold] is not None:
                    self._keep(configuration, fold, rows, weights[number, fold], fit_s)

    def _rows(self) -> tuple[Array, list[Array] | None]:
        """Return the base columns and each fold's map from them to its own columns."""
        study, stages = self._study, self._configurations[0].stages[:-1]
        if not stages:
            rows = np.asarray(study.X, dtype=np.float64)
            if rows.ndim != 2 or not np.isfinite(rows).all():
                raise NotAffine("the rows are no table of finite numbers")
            one = np.ones((len(rows), 1))
            return (np.hstack([rows, one]) if self._model.fit_intercept else rows), None
        blocks = blocks_of([stage.estimator for stage in stages], study.X)
        if 8 * len(self._targets[0]) * width(blocks) > study.memory_bytes:
            raise NotAffine("the base columns are past the memory budget")
        rows = base_rows(blocks, np.arange(len(self._targets[0])))
        maps = [fold_matrix(blocks, *split) for split in study.splits]
        widest = max(matrix.shape[1] for matrix in maps)
        last = np.zeros((rows.shape[1], 1))
        last[-1] = 1.0
        padded = [np.pad(m, ((0, 0), (0, widest - m.shape[1]))) for m in maps]
        used = rows.any(axis=0)
        if self._model.fit_intercept:
            padded = [np.hstack([matrix, last]) for matrix in padded]
        return np.ascontiguousarray(rows[:, used]), [matrix[used] for matrix in padded]

    def _train(self, rows: Array, maps: list[Array] | None) -> Any:
        """Return base coefficients, (n_base, n_targets) each, by configuration and fold."""
        study, count = self._study, len(self._targets)
        shares = np.zeros((len(study.splits), len(rows)))
        for fold, (train, _) in enumerate(study.splits):
            if len(np.unique(train)) < len(train):
                raise NotAffine("a training row occurs twice")
            shares[fold, train] = 1.0 / len(train)
        found = np.empty((len(self._configurations), len(study.splits)), dtype=object)
        most = max(count, int(study.memory_bytes // (8 * len(rows) * _COPIES)))
        pairs = [(c, f) for f in range(len(study.splits)) for c in range(len(found))]
        for start in range(0, len(pairs), max(1, most // count)):
            chosen = pairs[start : start + max(1, most // count)]
            self._block(chosen, rows, maps, shares, found)
        return found

    def _block(
        self,
        chosen: Sequence[tuple[int, int]],
        rows: Array,
        maps: list[Array] | None,
        shares: Array,
        found: Any,
    ) -> None:
        model, count = self._model, len(self._targets)
        alphas = [float(self._configurations[c].stages[-1].estimator.alpha) for c, _ in chosen]
        if min(alphas) <= 0:
            raise NotAffine("alpha must be positive")
        problem = Problem(
            rows,
            maps,
            shares,
            self._targets,
            np.repeat([fold for _, fold in chosen], count),
            np.tile(np.arange(count), len(chosen)),
            np.repeat(alphas, count),
            model.loss,
            model.fit_intercept,
        )
        weights, iterations = solve(problem, model.tol, model.max_iter)
        for place, (configuration, fold) in enumerate(chosen):
            own = slice(place * count, (place + 1) * count)
            if iterations[own].max() < model.max_iter:  # else it runs, and warns, on its own
                base = weights[:, own] if maps is None else maps[fold] @ weights[:, own]
                found[configuration, fold] = base

    def _keep(
        self, configuration: Configuration, fold: int, rows: Array, base: Array, fit_s: float
    ) -> None:
        task = (configuration.index, fold)
        if task in self._outcome.records:
            return
        started = time.perf_counter()
        train, test = self._study.splits[fold]
        answers = self._answers(rows[test] @ base)
        result = {"fit_error": None, "test_scores": self._score(answers, test)}
        if self._study.return_train_score:
            result["train_scores"] = self._score(self._answers(rows[train] @ base), train)
        score_s = time.perf_counter() - started
        result |= {"n_test_samples": len(test), "fit_time": fit_s, "score_time": score_s}
        record = Record(result, NAME, TOLERANCE, "rewritten", cost_s=fit_s + score_s)
        record.told = (None,) if self._notices else ((),)
        if self._study.keep_answers:
            record.answers, record.classes = answers, self._classes
        self._outcome.records[task] = record
        if self._report is not None:
            self._report([configuration.index], fold)

    def _answers(self, raw: Array) -> dict[str, Any]:
        decision = raw[:, 0] if raw.shape[1] == 1 else raw
        if self._classes is None:
            return {"predict": decision}
        return {name: answer(name, decision, self._classes) for name in self._methods}

    def _score(self, answers: dict[str, Any], index: Any) -> Any:
        stand_in = Answers(Recalled(self._model, self._classes), list, answers)
        y, study = np.asarray(self._study.y)[index], self._study
        return _score(stand_in, None, y, study.scorer, {}, study.error_score)
