"""What a configuration would cost now: seconds of what the plan would really run.

A stage whose output is kept costs nothing. One that is not costs what it did when it was fitted, or
what a linear model of the space's parameters says that it will: costs of the parts of a
ColumnTransformer, and of choices in general, add up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from clew.select.plan import Configuration
from clew.select.sampled.folds import Folds
from clew.select.searchspace import BRANCH, SearchSpace, evaluated
from clew.select.unseeded import beginnings

_RIDGE = 0.3


class Costs:
    """Learns what stages and models cost, and predicts it for configurations.

    Parameters
    ----------
    space : SearchSpace
        Where configurations come from.
    estimator : estimator
        The search's own.
    configure : callable
        Takes parameters, returns the `Configuration`.
    folds : Folds
        What is kept.
    """

    def __init__(self, space: SearchSpace, estimator: Any, configure: Any, folds: Folds) -> None:
        self._space, self._configure, self._folds = space, configure, folds
        steps = [name for name, _ in estimator.steps] if type(estimator) is Pipeline else []
        self._step_of = {n: _position(n, steps) for n in space.domains if n != BRANCH}
        # What chooses between alternatives decides the first step in which they differ.
        self._step_of[BRANCH] = min(
            (at for n, at in self._step_of.items() if BRANCH in n), default=0
        )
        self._stages: list[list[tuple[np.ndarray, float]]] = []
        self._models: list[tuple[np.ndarray, float]] = []
        self._planned: dict[bytes, Configuration] = {}
        self._cut = max(0, len(steps) - 1)

    def learn(
        self, configuration: Mapping[str, Any], planned: Configuration, model_s: float
    ) -> None:
        """Take in what a trial cost: its stages when they were fitted, and the rest."""
        whole = self._space.encode(configuration)
        for depth, seconds in enumerate(self._folds.stage_s(planned)):
            while len(self._stages) <= depth:
                self._stages.append([])
            if seconds is not None:
                at = self._space.encode(self._before(configuration, depth))
                if not any(np.array_equal(at, known) for known, _ in self._stages[depth]):
                    self._stages[depth].append((at, seconds))
        self._models.append((whole, max(model_s, 1e-4)))

    def prefix(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that decide what comes before the final estimator."""
        return self._before(configuration, self._cut - 1)

    def seconds(self, configuration: Mapping[str, Any]) -> tuple[float, float]:
        """Return the seconds of stages that are not kept, and those of the final estimator."""
        prefix = self.prefix(configuration)
        name = self._space.encode(prefix).tobytes()
        planned = self._planned.get(name)
        if planned is None:
            planned = self._planned[name] = self._configure(evaluated(configuration))
        fresh_s = 0.0
        for depth, key in enumerate(beginnings(planned)):
            if not self._folds.holds(key, planned.stages[depth]):
                at = self._space.encode(self._before(configuration, depth))
                fresh_s += self._stage_s(depth, at)
        whole = self._space.encode(configuration)
        logs = [(each, math.log(s)) for each, s in self._models]
        model_s = math.exp(_line(logs, whole)) if logs else 1.0
        return fresh_s, model_s

    def _stage_s(self, depth: int, at: np.ndarray) -> float:
        known = self._stages[depth] if depth < len(self._stages) else []
        if not known:
            return 1.0
        for each, seconds in known:
            if np.array_equal(each, at):
                return seconds
        least = min(seconds for _, seconds in known)
        return max(_line(known, at), least)

    def _before(self, configuration: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {n: v for n, v in configuration.items() if self._step_of.get(n, 0) <= depth}


def _line(known: Sequence[tuple[np.ndarray, float]], at: np.ndarray) -> float:
    """Return what ridge regression on the encoded parameters predicts."""
    X = np.stack([each for each, _ in known])
    y = np.array([value for _, value in known])
    mean, centre = y.mean(), X.mean(axis=0)
    Z = X - centre
    weights = np.linalg.solve(Z.T @ Z + _RIDGE * np.eye(Z.shape[1]), Z.T @ (y - mean))
    return float(mean + (at - centre) @ weights)


def _position(name: str, steps: Sequence[str]) -> int:
    """Return the step that a parameter belongs to; what belongs to none decides all of them."""
    step = name.partition("__")[0].split("(")[0]
    return steps.index(step) if step in steps else 0
