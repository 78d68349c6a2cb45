"""Ids of a study's parts that outlive the process: data, folds, configurations, scorers.

What has no sound id has None here, and whatever depends on it is computed, never looked up.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from typing import Any

import numpy
import scipy
import sklearn
from sklearn.metrics._scorer import _MultimetricScorer, _PassthroughScorer
from threadpoolctl import threadpool_info

from clew.errors import Unhashable
from clew.lineage.canonical import Digest, digest
from clew.lineage.fingerprint import fingerprint
from clew.select.plan import Configuration, Stage
from clew.select.randomness import reads_world
from clew.select.study import Study

FORMAT = 2


def _id(value: Any) -> Digest | None:
    try:
        return fingerprint(value)
    except Unhashable:
        return None


def _join(record: str, parts: list[Digest | bytes | None]) -> Digest | None:
    if any(part is None for part in parts):
        return None
    return digest(record, FORMAT, [part for part in parts if part is not None])


def environment() -> Digest:
    """Return the id of what last bits depend on besides inputs: libraries, processor, threads."""
    pools = sorted(
        (str(p.get("prefix")), str(p.get("version")), int(p.get("num_threads", 0)))
        for p in threadpool_info()
    )
    versions = (platform.python_version(), numpy.__version__, scipy.__version__)
    config = sorted((name, str(value)) for name, value in sklearn.get_config().items())
    return fingerprint((versions, sklearn.__version__, platform.machine(), pools, config))


class Identity:
    """Ids of the parts of one study.

    Parameters
    ----------
    study : Study
        Data, folds, scorers and options.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._stages: dict[int, tuple[Stage, Digest | None]] = {}
        self._folds: dict[int, Digest | None] = {}

    @functools.cached_property
    def data(self) -> Digest | None:
        """Id of rows, targets, fit parameters and environment."""
        study = self._study
        parts = [_id(study.X), _id(study.y), _id(dict(study.fit_params)), environment()]
        return _join("study-data", [*parts])

    def fold(self, split: int) -> Digest | None:
        """Id of a fold's row numbers."""
        if split not in self._folds:
            train, test = self._study.splits[split]
            self._folds[split] = _join("study-fold", [_id(train), _id(test)])
        return self._folds[split]

    def configuration(self, configuration: Configuration) -> Digest | None:
        """Id of a configured estimator, the code of its classes included; None if it is random."""
        if configuration.random:
            return None
        kind = type(configuration.estimator)
        wrapper = f"{kind.__module__}.{kind.__qualname__}" if len(configuration.stages) > 1 else ""
        stages = [self._stage(stage) for stage in configuration.stages]
        return _join("study-configuration", [wrapper.encode(), *stages])

    def _stage(self, stage: Stage) -> Digest | None:
        known = self._stages.get(id(stage))
        if known is None or known[0] is not stage:
            name = (stage.name or "").encode()
            known = (stage, _join("study-stage", [name, _id(stage.estimator)]))
            self._stages[id(stage)] = known
        return known[1]

    def work(self, configuration: Configuration, split: int) -> Digest | None:
        """Id of a fitted configuration on a fold (before it is scored)."""
        parts = [self.data, self.fold(split), self.configuration(configuration)]
        return _join("study-work", [*parts])

    @functools.cached_property
    def scorers(self) -> Mapping[str, Digest | None]:
        """Ids of the scorers by name (``"score"`` for a single one) with what they are given."""
        scorer = self._study.scorer
        named = scorer._scorers if isinstance(scorer, _MultimetricScorer) else {"score": scorer}
        params = _id(dict(self._study.score_params))
        return {n: _join("study-scorer", [_scorer_id(s), params]) for n, s in named.items()}

    def refit(self, configuration: Digest | None) -> Digest | None:
        """Id of a configuration fitted on all rows."""
        return _join("study-refit", [self.data, configuration])


def _scorer_id(scorer: Any) -> Digest | None:
    if type(scorer) is _PassthroughScorer:
        return digest("study-own-score", FORMAT, [])
    if reads_world([scorer, getattr(scorer, "_score_func", None)]):
        return None
    return _id(scorer)
