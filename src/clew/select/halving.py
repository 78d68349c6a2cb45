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
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
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

from clew.reuse.rewrites.sizes import refuse_seed
from clew.select.execute import Fold
from clew.select.ordered import Ordered
from clew.select.plan import Configuration, Planner
from clew.select.study import Outcome, Record, Study

_GROWS: dict[type, str] = {
    **dict.fromkeys((RandomForestClassifier, RandomForestRegressor), "n_estimators"),
    **dict.fromkeys((ExtraTreesClassifier, ExtraTreesRegressor), "n_estimators"),
    **dict.fromkeys((GradientBoostingClassifier, GradientBoostingRegressor), "n_estimators"),
    **dict.fromkeys((BaggingClassifier, BaggingRegressor), "n_estimators"),
    **dict.fromkeys((HistGradientBoostingClassifier, HistGradientBoostingRegressor), "max_iter"),
}


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
    if _GROWS.get(type(estimator)) != resource or refuse_seed(estimator):
        return False
    stops = getattr(estimator, "n_iter_no_change", None) is not None
    if type(estimator) in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
        stops = estimator.early_stopping is not False
    return not stops and not getattr(estimator, "oob_score", False)


class Continuing:
    """Fits configurations at growing resources, fold by fold, keeping the fitted ensembles.

    Parameters
    ----------
    study : Study
        Data, folds and scorers.
    planner : Planner
        Takes configurations apart.
    resource : str
        Name of the parameter that grows, as in the space (``"model__max_iter"``).
    """

    def __init__(self, study: Study, planner: Planner, resource: str) -> None:
        self._study, self._planner, self._resource = study, planner, resource
        self._own = resource.rpartition("__")[2]
        self.outcome = Outcome()
        self._ordered = Ordered(study, self.outcome, None)
        self._models: dict[tuple[int, int], Any] = {}
        self.continued = 0

    def run(
        self, index: int, identity: int, parameters: Mapping[str, Any], size: int
    ) -> Configuration:
        """Evaluate a configuration at a size on all folds; `identity` names it across rungs."""
        configured = {**parameters, self._resource: size}
        configuration = self._planner.configure(index, configured)
        for split in range(len(self._study.splits)):
            self._fold(configuration, split, identity, size)
        return configuration

    def _fold(self, configuration: Configuration, split: int, identity: int, size: int) -> None:
        started = time.perf_counter()
        fold, rows = self._ordered.fold(configuration, split)
        try:
            path, rows = self._ordered.path(fold, split, configuration, rows)
            model = self._model(fold, configuration, rows, (identity, split), size)
        except Exception as error:
            fold.fail([configuration], error, 0.0, started)
            return
        fit_s = time.perf_counter() - started
        fold.score(configuration, model, rows, path, fit_s, Record({}))

    def _model(
        self, fold: Fold, configuration: Configuration, rows: Any, key: tuple[int, int], size: int
    ) -> Any:
        template = configuration.stages[-1].estimator
        if not can_continue(template, self._own) or fold.fit_params:
            return fold.fit(configuration.stages[-1], rows)
        model = self._models.get(key)
        if model is None:
            model = self._models[key] = clone(template).set_params(warm_start=True)
        else:
            self.continued += 1
        self.outcome.tally.fits += 1
        return model.set_params(**{self._own: size}).fit(rows.fitting.take(), fold.y.take())

    def forget(self, kept: Sequence[int]) -> None:
        """Drop the ensembles of configurations that did not survive."""
        gone = [key for key in self._models if key[0] not in kept]
        for key in gone:
            del self._models[key]
