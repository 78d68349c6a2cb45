"""Candidates and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.select.automl.task import Floats
from clew.select.automl.worker import Fitted


@dataclass
class Candidate:
    """A configuration of a learner, and its folds so far."""

    number: int
    learner: str
    configuration: Mapping[str, Any]
    folds: dict[int, Fitted] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    error: str = ""
    proposed_by: str = ""

    def first(self) -> float:
        """Return the score on the first fold; minus infinity while it is unknown."""
        return self.folds[0].score if 0 in self.folds else -np.inf

    def seconds(self) -> float:
        """Return the seconds of a fit, on average."""
        return float(np.mean([fitted.seconds for fitted in self.folds.values()] or [0.0]))


@dataclass(frozen=True)
class Line:
    """A line of the leaderboard.

    Parameters
    ----------
    score : float
        The measure on held rows, out of fold; on the first fold alone where `folds` is 1.
    train_score : float
        The measure on rows that were fitted: far above `score` means overfit.
    weight : float
        Its share of the ensemble.
    test_score : float or None
        The measure on rows that took no part, where there are any.
    proposed_by : str
        Id of the earlier search that it comes from; empty for one of this search's own.
    """

    model: str
    configuration: Mapping[str, Any]
    score: float
    train_score: float
    folds: int
    seconds: float
    weight: float = 0.0
    test_score: float | None = None
    proposed_by: str = ""


@dataclass
class Board:
    """All candidates of a study."""

    n_folds: int
    candidates: dict[int, Candidate] = field(default_factory=dict)

    def add(
        self, learner: str, configuration: Mapping[str, Any], proposed_by: str = ""
    ) -> Candidate:
        """Add a candidate."""
        candidate = Candidate(
            len(self.candidates), learner, dict(configuration), proposed_by=proposed_by
        )
        self.candidates[candidate.number] = candidate
        return candidate

    def take(self, fitted: Fitted) -> Candidate:
        """Take in what came of a fit; a failure ends its candidate."""
        candidate = self.candidates[fitted.order.candidate]
        if fitted.error:
            candidate.error = fitted.error
        else:
            candidate.folds[fitted.order.fold] = fitted
        return candidate

    def complete(self) -> list[Candidate]:
        """Return candidates that were fitted on all folds, the best first."""
        done = [c for c in self.candidates.values() if len(c.folds) == self.n_folds]
        return sorted(done, key=lambda c: -mean_score(c))

    def first(self) -> list[Candidate]:
        """Return candidates that were fitted on the first fold, the best first."""
        known = [c for c in self.candidates.values() if 0 in c.folds]
        return sorted(known, key=lambda c: -c.first())

    def out_of_fold(self, candidate: Candidate, folds: list[tuple[Any, Any]], rows: int) -> Floats:
        """Return a complete candidate's predictions of all rows, each by the fold that held it."""
        shape = candidate.folds[0].predicted
        assert shape is not None
        whole = np.zeros((rows, *shape.shape[1:]))
        for fold, fitted in candidate.folds.items():
            whole[folds[fold][1]] = fitted.predicted
        return whole


def mean_score(candidate: Candidate) -> float:
    """Return the mean of the folds' scores."""
    return float(np.mean([fitted.score for fitted in candidate.folds.values()]))
