"""Rewrites over all folds at once: what one pass over the rows of a study can answer.

Least squares behind affine preprocessing: ridge regression and ridge classifiers for all penalties,
linear regression, each for all folds. Whatever is not understood, or not exact enough, is left to
the tree of stages.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.model_selection._validation import _score

from clew.reuse.notices import Notice
from clew.reuse.rewrites import gram
from clew.reuse.rewrites.affine import NotAffine, blocks_of, width
from clew.reuse.rewrites.gradient import TOLERANCE
from clew.select.bymoments import solve_by_moments
from clew.select.execute import Report
from clew.select.heard import listening
from clew.select.metrics import fast_scores
from clew.select.plan import Configuration
from clew.select.scan import Scan, families
from clew.select.score import Answers, Recalled, methods_of, needs_pipeline
from clew.select.study import Outcome, Record, Study
from clew.select.targets import Targets, targets_of

_LEAST_TOLERANCE = 1e-14


def solve_whole(
    study: Study,
    configurations: Sequence[Configuration],
    outcome: Outcome,
    report: Report | None = None,
) -> None:
    """Fill in what a rewrite over all folds can answer."""
    if not study.policy.enabled:
        return
    if study.fit_params or study.score_params or needs_pipeline(study.scorer):
        return
    solve_by_moments(study, configurations, outcome, report)
    if study.policy.tolerance < _LEAST_TOLERANCE:
        return
    if study.policy.tolerance >= TOLERANCE:
        _scan(study, configurations, outcome, report)
    for family in _families(configurations):
        folds = range(len(study.splits))
        missing = [c for c in family if any((c.index, s) not in outcome.records for s in folds)]
        model = family[0].stages[-1].estimator
        methods = methods_of(study.scorer, model)
        few = len(missing) < (1 if type(model) is LinearRegression else 2)
        if few or methods != ("predict",):
            continue
        try:
            _LeastSquares(study, missing, outcome, report).run()
        except Exception:  # a rewrite that fails must not fail the search: the stages run plainly
            continue


def _scan(
    study: Study,
    configurations: Sequence[Configuration],
    outcome: Outcome,
    report: Report | None,
) -> None:
    for family in families(configurations):
        folds = range(len(study.splits))
        missing = [c for c in family if any((c.index, s) not in outcome.records for s in folds)]
        if not missing:
            continue
        try:
            Scan(study, missing, outcome, report).run()
        except Exception:  # as below
            continue


def _families(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Return groups of pipelines that end in least squares and differ in `alpha` only."""
    families: dict[Hashable, list[Configuration]] = {}
    for configuration in configurations:
        *above, last = configuration.stages
        known = all(stage.tokens is not None for stage in configuration.stages)
        if known and _is_exact(last.estimator):
            rest = tuple(pair for pair in last.tokens or () if pair[0] != "alpha")
            kind = type(last.estimator)
            key = (kind, tuple((type(s.estimator), s.tokens) for s in above), rest)
            families.setdefault(key, []).append(configuration)
    return list(families.values())


def _is_exact(model: Any) -> bool:
    """Tell whether scikit-learn solves these least squares directly."""
    if type(model) is LinearRegression:
        return not model.positive and model.tol == LinearRegression().tol
    if type(model) not in (Ridge, RidgeClassifier) or model.positive:
        return False
    number = isinstance(model.alpha, (int, float, np.floating))
    direct = model.solver in ("auto", "cholesky", "svd")
    return number and bool(0 < model.alpha < float("inf")) and direct and not _weighted(model)


def _weighted(model: Any) -> bool:
    return getattr(model, "class_weight", None) is not None


class _LeastSquares:
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
        self._targets: Targets = targets_of(self._model, study.y)

    def run(self) -> None:
        with listening() as self._notices:
            self._solve()

    def _solve(self) -> None:
        started = time.perf_counter()
        study, stages = self._study, self._configurations[0].stages
        blocks = blocks_of([stage.estimator for stage in stages[:-1]], study.X)
        values = self._targets.values
        if 8 * len(values) * width(blocks) > study.memory_bytes:
            raise NotAffine("the base columns are past the memory budget")
        sums = gram.Study(blocks, values, study.splits)
        spent_s = time.perf_counter() - started
        share = spent_s / (len(self._configurations) * len(study.splits))
        for fold in range(len(study.splits)):
            try:
                self._fold(sums, fold, share)
            except NotAffine:
                continue

    def _fold(self, sums: gram.Study, fold: int, share_s: float) -> None:
        started = time.perf_counter()
        train, test = self._study.splits[fold]
        self._targets.check(train)
        alphas = np.array(
            [getattr(c.stages[-1].estimator, "alpha", 0.0) for c in self._configurations]
        )
        solution = sums.solve(fold, alphas.astype(float), intercept=self._model.fit_intercept)
        self._outcome.tally.fits += 1
        fit_s = share_s + (time.perf_counter() - started) / len(alphas)
        started = time.perf_counter()
        found = self._predictions(solution, sums.rows(fold))
        scores = self._scores(found, test)
        score_s = (time.perf_counter() - started) / len(alphas)
        seen: Sequence[Any] = [None] * len(alphas)
        if self._study.return_train_score:
            seen_found = self._predictions(solution, sums.train_rows(fold))
            seen = self._scores(seen_found, train)
            found = [None if s is None else f for f, s in zip(found, seen_found, strict=True)]
        for i, configuration in enumerate(self._configurations):
            tolerance = float(solution.tolerances[i])
            task = (configuration.index, fold)
            exact = tolerance <= self._study.policy.tolerance and found[i] is not None
            if exact and task not in self._outcome.records:
                result = _result(scores[i], seen[i], len(test), fit_s, score_s)
                self._keep(task, result, found[i], tolerance)

    def _keep(
        self, task: tuple[int, int], result: dict[str, Any], answer: Any, tolerance: float
    ) -> None:
        if not self._study.return_train_score:
            del result["train_scores"]
        record = Record(result, gram.NAME, tolerance, "rewritten")
        record.cost_s = result["fit_time"] + result["score_time"]
        record.told = (None,) if self._notices else ((),)  # whose a warning is is not known
        if self._study.keep_answers:
            record.answers = {"predict": np.array(answer)}
            record.classes = self._targets.classes
        self._outcome.records[task] = record
        if self._report is not None:
            self._report([task[0]], task[1])

    def _predictions(self, solution: gram.FoldSolution, rows: Any) -> list[Any]:
        """Return each penalty's predictions; None where rounding could decide a class."""
        raw = gram.predictions(solution, rows, flat=self._targets.values.ndim == 1)
        bounds = solution.tolerances
        return [self._targets.answer(r, b) for r, b in zip(raw, bounds, strict=True)]

    def _scores(self, found: Sequence[Any], index: Any) -> Sequence[Any]:
        y, scorer = np.asarray(self._study.y)[index], self._study.scorer
        if all(p is not None for p in found):
            scores = fast_scores(scorer, self._model, y, found)
            if scores is not None:
                return scores
        model = Recalled(self._model, self._targets.classes)
        error_score = self._study.error_score
        return [
            None
            if p is None
            else _score(Answers(model, list, {"predict": p}), None, y, scorer, {}, error_score)
            for p in found
        ]


def _result(score: Any, seen: Any, n_test: int, fit_s: float, score_s: float) -> dict[str, Any]:
    return {
        "fit_error": None,
        "test_scores": score,
        "train_scores": seen,
        "n_test_samples": n_test,
        "fit_time": fit_s,
        "score_time": score_s,
    }
