"""Classifiers whose fits are sums over rows, for all folds from one pass over the rows.

Naive Bayes and discriminant analysis that read the rows themselves (no stage above learns anything
from a fold's rows, because there is none). What is not understood is left to the tree of stages.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.model_selection._validation import _score
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB

from clew.reuse.rewrites import moments
from clew.reuse.rewrites.affine import NotAffine
from clew.reuse.rewrites.discriminant import fit_linear, fit_quadratic
from clew.reuse.rewrites.moments import CLOSE, EXACT, FoldCounts, FoldMoments, Unfit, parts_of
from clew.select.execute import Report
from clew.select.heard import Level, for_all, listening, merged
from clew.select.plan import Configuration
from clew.select.score import Answers, methods_of
from clew.select.study import Outcome, Record, Study
from clew.select.targets import Targets, targets_of

_COUNTS = (MultinomialNB, BernoulliNB, ComplementNB)
_FULL = (LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis)
_GAP = 1e-7
"""Two classes whose decisions are nearer than this, relatively, are left to scikit-learn's fit."""


def solve_by_moments(
    study: Study,
    configurations: Sequence[Configuration],
    outcome: Outcome,
    report: Report | None = None,
) -> None:
    """Fill in what sums by fold can answer."""
    for family in _families(configurations):
        tasks = {(c.index, s) for c in family for s in range(len(study.splits))}
        if tasks <= outcome.records.keys():
            continue
        try:
            _ByMoments(study, family, outcome, report).run()
        except (Unfit, NotAffine):
            continue
        except Exception:  # a rewrite that fails must not fail the search: the tree runs plainly
            continue


def _families(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Return groups of single estimators that need the same sums."""
    found: dict[Hashable, list[Configuration]] = {}
    for configuration in configurations:
        (*above, last), kind = configuration.stages, type(configuration.stages[-1].estimator)
        if (
            above
            or last.tokens is None
            or last.random
            or kind not in (*_COUNTS, GaussianNB, *_FULL)
        ):
            continue
        split_at = getattr(last.estimator, "binarize", None)
        found.setdefault((kind, split_at), []).append(configuration)
    return list(found.values())


class _ByMoments:
    def __init__(
        self,
        study: Study,
        configurations: Sequence[Configuration],
        outcome: Outcome,
        report: Report | None,
    ) -> None:
        self._study, self._configurations = study, configurations
        self._outcome, self._report = outcome, report
        self._model = configurations[0].stages[-1].estimator
        self._targets: Targets = targets_of(self._model, study.y)
        self._X = _rows(study.X, self._model)
        self._part = parts_of(study.splits, self._X.shape[0])
        self._sums: Any = None

    def run(self) -> None:
        started = time.perf_counter()
        with listening() as notices:
            self._sums = self._read()
        if notices:
            raise Unfit("reading the rows gives a warning")
        tasks = len(self._configurations) * len(self._study.splits)
        share_s = (time.perf_counter() - started) / tasks
        for split, (train, _) in enumerate(self._study.splits):
            try:
                self._targets.check(np.asarray(train))
                classes = self._sums.classes(split)
                known = len(self._outcome.records)
                self._fold(split, classes, share_s)
                self._outcome.tally.fits += len(self._outcome.records) > known  # once a fold
            except (Unfit, NotAffine):
                continue

    @property
    def _tolerance(self) -> float:
        return self._sums.tolerance if isinstance(self._sums, FoldCounts) else CLOSE

    def _read(self) -> Any:
        codes, model = np.asarray(self._targets.codes), self._model
        full = isinstance(model, _FULL)
        if isinstance(model, _COUNTS):
            found = FoldCounts(self._X, codes, self._part)
            self._demand(found.tolerance)
            return found
        self._demand(CLOSE)
        parts, classes, width = len(self._study.splits), codes.max() + 1, self._X.shape[1]
        if full and 8 * parts * classes * width * width > self._study.memory_bytes:
            raise Unfit("the sums are past the memory budget")
        return FoldMoments(self._X, codes, self._part, full=full)

    def _demand(self, tolerance: float) -> None:
        """Require that a tolerance is allowed, and that a near-tie cannot decide anything unseen.

        Raises
        ------
        Unfit
            When scores could jump: of ranks, only exact ones are safe.
        """
        if tolerance > self._study.policy.tolerance:
            raise Unfit("only bit-identical rewrites are allowed")
        if tolerance > EXACT and methods_of(self._study.scorer, self._model) != ("predict",):
            raise Unfit("a scorer asks for more than classes")

    def _fold(self, split: int, classes: Any, share_s: float) -> None:
        train, test = self._study.splits[split]
        y = np.asarray(self._study.y)
        index = {"test": test, "train": train} if self._study.return_train_score else {"test": test}
        rows = {name: self._study.X[number] for name, number in index.items()}
        for configuration in self._configurations:
            task = (configuration.index, split)
            if task in self._outcome.records:
                continue
            started = time.perf_counter()
            told: list[Level] = []
            template = configuration.stages[-1].estimator
            try:
                model = for_all(lambda t=template: self._fit(t, classes, train, y), 1, told)  # type: ignore[misc]
                if self._tolerance > EXACT:
                    for part in rows.values():
                        _demand_clear(model, part)
            except Exception:  # the tree of stages says what is wrong, or does it plainly
                continue
            fit_s = share_s + time.perf_counter() - started
            self._score(task, model, rows, {n: y[i] for n, i in index.items()}, fit_s, told)

    def _fit(self, template: Any, classes: Any, train: Any, y: Any) -> Any:
        template._validate_params()
        labels = self._targets.classes
        assert labels is not None
        if isinstance(template, _COUNTS):
            return moments.fit_counts(template, labels, *classes)
        for one in classes:
            one.check()
        if isinstance(template, GaussianNB):
            return moments.fit_gaussian(template, labels, classes)
        fit = fit_linear if isinstance(template, LinearDiscriminantAnalysis) else fit_quadratic
        return fit(template, classes, self._X[train], y[train])

    def _score(
        self,
        task: tuple[int, int],
        model: Any,
        rows: dict[str, Any],
        targets: dict[str, Any],
        fit_s: float,
        told: list[Level],
    ) -> None:
        started, study = time.perf_counter(), self._study
        asking: list[Level] = []
        scoring: list[Level] = []
        scores, given = {}, {}
        for name, part in rows.items():
            stand_in = Answers(model, lambda part=part: part, None, asking)  # type: ignore[misc]
            score: tuple[Any, ...] = (
                stand_in,
                None,
                targets[name],
                study.scorer,
                {},
                study.error_score,
            )
            scores[name] = for_all(lambda s=score: _score(*s), 1, scoring)  # type: ignore[misc]
            given[name] = stand_in.given
        score_s = time.perf_counter() - started
        result = {"fit_error": None, "test_scores": scores["test"]}
        if "train" in scores:
            result["train_scores"] = scores["train"]
        n_test = len(targets["test"])
        result |= {"n_test_samples": n_test, "fit_time": fit_s, "score_time": score_s}
        record = Record(result, moments.NAME, self._tolerance, "rewritten", cost_s=fit_s + score_s)
        record.told = (merged([*told, *asking]), merged(scoring))
        if study.keep_answers:
            record.answers, record.classes = given["test"], model.classes_
        self._outcome.records[task] = record
        if self._report is not None:
            self._report([task[0]], task[1])


def _rows(X: Any, model: Any) -> Any:
    """Return rows as sums are taken of them.

    Raises
    ------
    Unfit
        When a fit would convert or refuse them.
    """
    counts = isinstance(model, _COUNTS)
    values = X.data if counts and sparse.issparse(X) and X.format == "csr" else X
    if type(values) is not np.ndarray or values.dtype != np.float64:
        raise Unfit("the rows are no array of float64")
    if X.ndim != 2 or not np.isfinite(values).all() or not X.shape[1]:
        raise Unfit("the rows are no table of finite numbers")
    if isinstance(model, BernoulliNB) and model.binarize is not None:
        if sparse.issparse(X) or not isinstance(model.binarize, (int, float)):
            raise Unfit("zeros are binarised by scikit-learn")
        return (model.binarize < X).astype(np.float64)
    if counts and (values < 0).any():
        raise Unfit("counts are negative")
    return X


def _demand_clear(model: Any, rows: Any) -> None:
    """Require that rounding decides no row's class.

    Raises
    ------
    Unfit
        When it could.
    """
    if isinstance(model, (GaussianNB, *_COUNTS)):
        found = model._joint_log_likelihood(rows)
    else:
        found = model.decision_function(rows)
        found = np.column_stack([-found, found]) if found.ndim == 1 else found
    top = np.partition(found, -2, axis=1)[:, -2:]
    size = np.maximum(np.abs(found).max(axis=1), 1.0)
    if not ((top[:, 1] - top[:, 0]) > _GAP * size).all():
        raise Unfit("two classes are nearly as likely")
