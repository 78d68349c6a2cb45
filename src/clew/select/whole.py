"""Rewrites over all folds at once: what one pass over the rows of a study can answer.

So far: ridge regression behind affine preprocessing, for all penalties and folds. Whatever is not
understood, or not exact enough, is left to the tree of stages.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection._validation import _score

from clew.reuse.rewrites import gram
from clew.reuse.rewrites.affine import NotAffine, blocks_of, width
from clew.select.execute import Report
from clew.select.metrics import fast_scores
from clew.select.plan import Configuration
from clew.select.score import Answers, methods_of, needs_pipeline
from clew.select.study import Outcome, Record, Study

_LEAST_TOLERANCE = 1e-14


def solve_whole(
    study: Study,
    configurations: Sequence[Configuration],
    outcome: Outcome,
    report: Report | None = None,
) -> None:
    """Fill in what a rewrite over all folds can answer."""
    if not study.policy.enabled or study.policy.tolerance < _LEAST_TOLERANCE:
        return
    if study.fit_params or study.score_params or needs_pipeline(study.scorer):
        return
    for family in _families(configurations):
        folds = range(len(study.splits))
        missing = [c for c in family if any((c.index, s) not in outcome.records for s in folds)]
        methods = methods_of(study.scorer, family[0].stages[-1].estimator)
        if len(missing) < 2 or methods != ("predict",):
            continue
        try:
            _Ridge(study, missing, outcome, report).run()
        except Exception:  # a rewrite that fails must not fail the search: the stages run plainly
            continue


def _families(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Return groups of ridge pipelines that differ in `alpha` only."""
    families: dict[Hashable, list[Configuration]] = {}
    for configuration in configurations:
        *above, last = configuration.stages
        known = all(stage.tokens is not None for stage in configuration.stages)
        if known and type(last.estimator) is Ridge and _is_exact(last.estimator):
            rest = tuple(pair for pair in last.tokens or () if pair[0] != "alpha")
            key = (tuple((type(s.estimator), s.tokens) for s in above), rest)
            families.setdefault(key, []).append(configuration)
    return list(families.values())


def _is_exact(ridge: Ridge) -> bool:
    """Tell whether scikit-learn solves these normal equations directly."""
    alpha = ridge.alpha
    number = isinstance(alpha, (int, float, np.floating)) and bool(0 < alpha < float("inf"))
    return number and not ridge.positive and ridge.solver in ("auto", "cholesky", "svd")


class _Ridge:
    def __init__(
        self,
        study: Study,
        configurations: Sequence[Configuration],
        outcome: Outcome,
        report: Report | None,
    ) -> None:
        self._study, self._configurations, self._outcome = study, configurations, outcome
        self._report = report

    def run(self) -> None:
        started = time.perf_counter()
        study, stages = self._study, self._configurations[0].stages
        y = np.asarray(study.y)
        if y.ndim != 1 or y.dtype.kind not in "fiu" or not np.isfinite(y).all():
            raise NotAffine("the target is not one column of numbers")
        blocks = blocks_of([stage.estimator for stage in stages[:-1]], study.X)
        if 8 * len(y) * width(blocks) > study.memory_bytes:
            raise NotAffine("the base columns are past the memory budget")
        sums = gram.Study(blocks, y.astype(np.float64), study.splits)
        spent_s = time.perf_counter() - started
        share = spent_s / (len(self._configurations) * len(study.splits))
        for fold in range(len(study.splits)):
            self._fold(sums, fold, share)

    def _fold(self, sums: gram.Study, fold: int, share_s: float) -> None:
        started = time.perf_counter()
        model = self._configurations[0].stages[-1].estimator
        alphas = np.array([c.stages[-1].estimator.alpha for c in self._configurations])
        try:
            solution = sums.solve(fold, alphas.astype(float), intercept=model.fit_intercept)
        except NotAffine:
            return
        self._outcome.tally.fits += 1
        fit_s = share_s + (time.perf_counter() - started) / len(alphas)
        started = time.perf_counter()
        train, test = self._study.splits[fold]
        found = list(gram.predictions(solution, sums.rows(fold)))
        scores = self._scores(found, test)
        score_s = (time.perf_counter() - started) / len(alphas)
        seen: Sequence[Any] = [None] * len(alphas)
        if self._study.return_train_score:
            seen = self._scores(list(gram.predictions(solution, sums.train_rows(fold))), train)
        for i, configuration in enumerate(self._configurations):
            task = (configuration.index, fold)
            exact = solution.tolerances[i] <= self._study.policy.tolerance
            if exact and task not in self._outcome.records:
                result = _result(scores[i], seen[i], len(test), fit_s, score_s)
                if not self._study.return_train_score:
                    del result["train_scores"]
                record = Record(result, gram.NAME, float(solution.tolerances[i]), "rewritten")
                record.cost_s = fit_s + score_s
                if self._study.keep_answers:
                    record.answers = {"predict": np.array(found[i])}
                self._outcome.records[task] = record
                if self._report is not None:
                    self._report([configuration.index], fold)

    def _scores(self, found: Sequence[Any], index: Any) -> Sequence[Any]:
        y, scorer = np.asarray(self._study.y)[index], self._study.scorer
        model = self._configurations[0].stages[-1].estimator
        scores = fast_scores(scorer, model, y, found)
        if scores is not None:
            return scores
        error_score = self._study.error_score
        return [
            _score(Answers(model, list, {"predict": p}), None, y, scorer, {}, error_score)
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
