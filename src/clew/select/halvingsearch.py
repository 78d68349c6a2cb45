"""`HalvingSearch`: successive halving over rounds or trees behind scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import _num_samples

from clew.errors import InvalidParameter
from clew.select.evaluate import Evaluation
from clew.select.halving import Continuing, rungs, survivors
from clew.select.plan import Planner
from clew.select.search import Search
from clew.select.space import batches


class HalvingSearch(Search):
    """Successive halving whose survivors keep fitting instead of starting again.

    Parameters
    ----------
    estimator, space
        As in `Search`.
    resource : str
        The parameter that grows: ``n_estimators``, ``max_iter``, behind a step's name in a
        pipeline.
    min_resources, max_resources : int
        Its smallest and largest value.
    factor : float
        Each rung keeps the best ``1 / factor`` and gives them `factor` times as much.
    **options
        As in `Search`.

    Attributes
    ----------
    n_resources_ : list of int
        The resource of each rung.
    n_candidates_ : list of int
        Configurations of each rung.
    continued_ : int
        Fits that continued an earlier rung's.
    best_index_, best_params_, best_estimator_
        The best of the last rung.
    """

    def __init__(
        self,
        estimator: Any,
        space: Any,
        *,
        resource: str = "n_estimators",
        min_resources: int = 10,
        max_resources: int = 90,
        factor: float = 3,
        n_iter: int | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
        rewrites: bool = True,
        tolerance: float = 0.0,
        memory_bytes: int = 1 << 30,
        store: Any = None,
        progress: Any = None,
    ) -> None:
        super().__init__(
            estimator,
            space,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
            random_state=random_state,
            rewrites=rewrites,
            tolerance=tolerance,
            memory_bytes=memory_bytes,
            store=store,
            progress=progress,
        )
        self.resource = resource
        self.min_resources = min_resources
        self.max_resources = max_resources
        self.factor = factor

    def _evaluate(self, evaluation: Evaluation) -> dict[str, Any]:
        if not 0 < self.min_resources <= self.max_resources or self.factor <= 1:
            raise InvalidParameter(
                "Resources do not make a ladder.",
                got=f"{self.min_resources} to {self.max_resources} by {self.factor}",
                expected="0 < min_resources <= max_resources and factor > 1",
            )
        candidates = next(iter(batches(self.space, self.n_iter, self.random_state, [])))
        if any(self.resource in candidate for candidate in candidates):
            raise InvalidParameter(f"The space sets {self.resource!r}, which halving sets itself.")
        study = replace(evaluation.study, keep_answers=False)
        planner = Planner(clone(self.estimator), _num_samples(study.X))
        self._ladder = Continuing(study, planner, self.resource)
        marks = self._climb(evaluation, candidates)
        self.continued_ = self._ladder.continued
        results = self._tabulate(evaluation)
        return {"iter": marks[0], "n_resources": marks[1], **results}

    def _climb(self, evaluation: Evaluation, candidates: Any) -> tuple[Any, Any]:
        alive = list(range(len(candidates)))
        self.n_resources_ = rungs(self.min_resources, self.max_resources, self.factor)
        self.n_candidates_: list[int] = []
        iterations: list[int] = []
        for rung, size in enumerate(self.n_resources_):
            means = []
            for identity in alive:
                index = len(evaluation.finished)
                configuration = self._ladder.run(index, identity, candidates[identity], size)
                evaluation.adopt(configuration, self._ladder.outcome)
                means.append(self._mean(evaluation, index))
                iterations.append(rung)
            self.n_candidates_.append(len(alive))
            alive = [alive[i] for i in survivors(means, self.factor)]
            self._ladder.forget(alive)
        sizes = [self.n_resources_[rung] for rung in iterations]
        return np.array(iterations), np.array(sizes)

    def _mean(self, evaluation: Evaluation, index: int) -> float:
        scores = [r["test_scores"] for r in evaluation.results()[index * evaluation.n_splits :]]
        metric = self.refit if isinstance(self.refit, str) else None
        values = [s[metric or next(iter(s))] if isinstance(s, dict) else s for s in scores]
        return float(np.mean(values))

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: Any, results: Mapping[str, Any]) -> Any:
        if callable(refit):
            return Search._select_best_index(refit, refit_metric, results)
        last = np.flatnonzero(results["iter"] == results["iter"].max())
        scores = results[f"mean_test_{refit_metric}"][last]
        return int(last[np.nanargmax(scores) if np.isfinite(scores).any() else 0])
