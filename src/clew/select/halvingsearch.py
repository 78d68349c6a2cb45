"""`HalvingSearch`: successive halving over rounds or trees behind scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import _num_samples

from clew.errors import InvalidParameter
from clew.select.evaluate import Evaluation
from clew.select.halving import Continuing, rungs, survivors
from clew.select.plan import Configuration, Planner
from clew.select.search import Search


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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Search._parameter_constraints,
        "resource": [str],
        "min_resources": "no_validation",
        "max_resources": "no_validation",
        "factor": "no_validation",
    }

    def __init__(
        self,
        estimator: Any,
        space: Any,
        *,
        resource: str = "n_estimators",
        min_resources: int = 10,
        max_resources: int = 90,
        factor: float = 3,
        **options: Any,
    ) -> None:
        super().__init__(estimator, space, **options)
        self.resource = resource
        self.min_resources = min_resources
        self.max_resources = max_resources
        self.factor = factor

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """Return its own parameters and those of `Search`, whose constructor takes the options."""
        return sorted({*super()._get_param_names(), *Search._get_param_names()})

    def _evaluate(self, evaluation: Evaluation) -> dict[str, Any]:
        if not 0 < self.min_resources <= self.max_resources or self.factor <= 1:
            raise InvalidParameter(
                "Resources do not make a ladder.",
                got=f"{self.min_resources} to {self.max_resources} by {self.factor}",
                expected="0 < min_resources <= max_resources and factor > 1",
            )
        if self.race is not None:
            raise InvalidParameter("Halving does not race folds.", got=f"race={self.race}")
        if self._by_trials:
            raise InvalidParameter(
                "Halving draws its configurations at once.",
                hint="Search(…, scheduler='halving') proposes them",
            )
        if self.proposal_ is not None:
            kept = {k: v for k, v in self.proposal_.parameters.items() if k != self.resource}
            self.proposal_ = replace(self.proposal_, parameters=kept)
        candidates = next(iter(self._batches([])))
        if any(self.resource in candidate for candidate in candidates):
            raise InvalidParameter(f"The space sets {self.resource!r}, which halving sets itself.")
        study = replace(evaluation.study, keep_answers=False)
        self._ladder = Continuing(study, self.resource, self.n_jobs)
        marks = self._climb(evaluation, candidates)
        self.continued_ = self._ladder.continued
        del self._ladder
        results = self._tabulate(evaluation)
        return {"iter": marks[0], "n_resources": marks[1], **results}

    def _climb(self, evaluation: Evaluation, candidates: Any) -> tuple[Any, Any]:
        planner = Planner(clone(self.estimator), _num_samples(evaluation.study.X))
        alive = list(range(len(candidates)))
        self.n_resources_ = rungs(self.min_resources, self.max_resources, self.factor)
        self.n_candidates_: list[int] = []
        iterations: list[int] = []
        for rung, size in enumerate(self.n_resources_):
            start = len(evaluation.finished)
            configurations = [
                planner.configure(start + i, {**candidates[c], self.resource: size})
                for i, c in enumerate(alive)
            ]
            try:
                self._step(evaluation, configurations, alive, size)
            except KeyboardInterrupt:
                if not evaluation.finished:
                    raise
                evaluation.interrupted = True
                break
            evaluation.finished = [*evaluation.finished, *configurations]
            iterations += [rung] * len(alive)
            self.n_candidates_.append(len(alive))
            means = evaluation.scores(configurations).mean(axis=1)
            alive = [alive[i] for i in survivors(means, self.factor)]
            self._ladder.forget(alive)
        sizes = [self.n_resources_[rung] for rung in iterations]
        return np.array(iterations), np.array(sizes)

    def _step(
        self,
        evaluation: Evaluation,
        configurations: Sequence[Configuration],
        alive: Sequence[int],
        size: int,
    ) -> None:
        """Evaluate one rung, but for what the store knows."""
        start = configurations[0].index
        missing = evaluation.adopt(configurations)
        tasks = {s: [(alive[c.index - start], c) for c in left] for s, left in missing.items()}
        for outcome in self._ladder.run(tasks, size):
            evaluation.take(outcome)

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: Any, results: Mapping[str, Any]) -> Any:
        if callable(refit):
            return Search._select_best_index(refit, refit_metric, results)
        last = np.flatnonzero(results["iter"] == results["iter"].max())
        scores = results[f"mean_test_{refit_metric}"][last]
        return int(last[np.nanargmax(scores) if np.isfinite(scores).any() else 0])
