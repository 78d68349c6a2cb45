"""Successive halving that continues: survivors keep what they have fitted.

Every rung gives the surviving configurations more rounds or trees. scikit-learn's own halving
fits each survivor from nothing at each rung; here an ensemble that can be continued
(``warm_start``) is continued, and so costs its last rung only. With a seed the continued ensemble
is the one that a fresh fit of that size gives.

Jamieson and Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter Optimization,
AISTATS 2016.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.utils.parallel import Parallel, delayed

from clew.reuse.rewrites.sizes import refuse_seed
from clew.select.epochs import Epochs
from clew.select.execute import Fold
from clew.select.heard import Level, for_all
from clew.select.plan import Configuration
from clew.select.study import Outcome, Record, Study
from clew.select.unseeded import Ordered

GROWS: dict[type, str] = {
    **dict.fromkeys((RandomForestClassifier, RandomForestRegressor), "n_estimators"),
    **dict.fromkeys((ExtraTreesClassifier, ExtraTreesRegressor), "n_estimators"),
    **dict.fromkeys((GradientBoostingClassifier, GradientBoostingRegressor), "n_estimators"),
    **dict.fromkeys((BaggingClassifier, BaggingRegressor), "n_estimators"),
    **dict.fromkeys((HistGradientBoostingClassifier, HistGradientBoostingRegressor), "max_iter"),
    Epochs: "epochs",
}
"""Estimators that can be continued, and the parameter that grows."""


def rungs(smallest: int, largest: int, factor: float) -> list[int]:
    """Return the resources of the rungs: from `largest` down by `factor`, none below `smallest`.

    Examples
    --------
    >>> rungs(20, 180, 3)
    [20, 60, 180]
    """
    found = [largest]
    while found[-1] / factor >= smallest:
        found.append(int(found[-1] // factor))
    return found[::-1]


def survivors(means: Sequence[float], factor: float) -> list[int]:
    """Return the positions of the best ``1 / factor`` (at least one), in their order."""
    count = max(1, int(np.ceil(len(means) / factor)))
    worst_first = np.argsort(np.where(np.isnan(means), -np.inf, means), kind="stable")
    return sorted(int(i) for i in worst_first[-count:])


def can_continue(estimator: Any, resource: str) -> bool:
    """Tell whether a fitted ensemble can be continued to exactly what a larger fresh fit gives."""
    drawing = estimator.estimator if type(estimator) is Epochs else estimator
    if GROWS.get(type(estimator)) != resource or refuse_seed(drawing):
        return False
    stops = getattr(estimator, "n_iter_no_change", None) is not None
    if type(estimator) in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
        stops = estimator.early_stopping is not False
    return not stops and not getattr(estimator, "oob_score", False)


@dataclass(slots=True)
class Rung:
    """What one fold gave on one rung: records, the ensembles by candidate, and a count."""

    outcome: Outcome
    models: dict[int, Any]
    continued: int


Climbers = Sequence[tuple[int, Configuration]]
"""Candidates by number, each configured for the rung's size."""


class FoldLadder:
    """Continues the ensembles of one fold.

    Parameters
    ----------
    ordered : Ordered
        Where the outputs of transformers are kept between rungs.
    split : int
        Number of the fold.
    resource : str
        Name of the parameter that grows, as the final estimator has it.
    models : dict of int to estimator
        Fitted ensembles by candidate; changed in place.
    """

    def __init__(self, ordered: Ordered, split: int, resource: str, models: dict[int, Any]) -> None:
        self._ordered, self._split, self._resource = ordered, split, resource
        self._models = models
        self.continued = 0

    def run(self, candidate: int, configuration: Configuration, size: int) -> None:
        """Evaluate a candidate at a size."""
        started = time.perf_counter()
        fold, rows = self._ordered.fold(configuration, self._split)
        told: list[Level] = []
        try:
            path, rows = self._ordered.path(fold, self._split, configuration, rows)
            fit = partial(self._model, fold, configuration, rows, candidate, size)
            model = for_all(fit, 1, told)
        except Exception as error:
            fold.fail([configuration], error, 0.0, started)
            return
        fit_s = time.perf_counter() - started
        if told != [()]:
            told = [None]  # a fit that continues another warns less than a fresh one
        fold.score(configuration, model, rows, path, fit_s, Record({}), told)

    def _model(
        self, fold: Fold, configuration: Configuration, rows: Any, candidate: int, size: int
    ) -> Any:
        template = configuration.stages[-1].estimator
        if not can_continue(template, self._resource) or fold.fit_params:
            return fold.fit(configuration.stages[-1], rows)
        model = self._models.get(candidate)
        if model is None:
            model = self._models[candidate] = clone(template).set_params(warm_start=True)
        else:
            self.continued += 1
        fold.outcome.tally.fits += 1
        return model.set_params(**{self._resource: size}).fit(rows.fitting.take(), fold.y.take())


class Continuing:
    """Fits candidates at growing resources, fold by fold, keeping the fitted ensembles.

    Parameters
    ----------
    study : Study
        Data, folds and scorers.
    resource : str
        Name of the parameter that grows, as in the space (``"model__max_iter"``).
    n_jobs : int, optional
        Folds that run at once, as joblib counts.
    """

    def __init__(self, study: Study, resource: str, n_jobs: int | None) -> None:
        self._study, self._n_jobs = study, n_jobs
        self._own = resource.rpartition("__")[2]
        self._ordered = Ordered(study, Outcome(), None)
        self._models: dict[int, dict[int, Any]] = {s: {} for s in range(len(study.splits))}
        self.continued = 0

    def run(self, tasks: Mapping[int, Climbers], size: int) -> Iterator[Outcome]:
        """Evaluate candidates on folds; yield what each fold gave."""
        if effective_n_jobs(self._n_jobs) == 1:
            for split, climbers in tasks.items():
                self._ordered.outcome.clear()
                yield self._take(
                    split,
                    _climb(self._ordered, split, self._own, climbers, size, self._models[split]),
                )
            return
        parallel = Parallel(n_jobs=self._n_jobs, return_as="generator")
        rungs_ = parallel(
            delayed(_climb_alone)(
                self._study, split, self._own, climbers, size, self._models[split]
            )
            for split, climbers in tasks.items()
        )
        for split, rung in zip(tasks, rungs_, strict=True):
            yield self._take(split, rung)

    def _take(self, split: int, rung: Rung) -> Outcome:
        self._models[split] = rung.models
        self.continued += rung.continued
        return rung.outcome

    def forget(self, kept: Sequence[int]) -> None:
        """Drop the ensembles of candidates that did not survive."""
        for models in self._models.values():
            for candidate in [c for c in models if c not in kept]:
                del models[candidate]


def _climb(
    ordered: Ordered,
    split: int,
    resource: str,
    climbers: Climbers,
    size: int,
    models: dict[int, Any],
) -> Rung:
    ladder = FoldLadder(ordered, split, resource, models)
    for candidate, configuration in climbers:
        ladder.run(candidate, configuration, size)
    return Rung(ordered.outcome.copy(), models, ladder.continued)


def _climb_alone(
    study: Study,
    split: int,
    resource: str,
    climbers: Climbers,
    size: int,
    models: dict[int, Any],
) -> Rung:
    return _climb(Ordered(study, Outcome(), None), split, resource, climbers, size, models)
