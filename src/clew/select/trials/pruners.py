"""Pruners: whether a trial's intermediate values are too bad to go on. Small is good."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Reports = Mapping[int, float]


class Pruner(Protocol):
    """Decides from a trial's reports and those of the trials before it."""

    def prune(self, mine: Reports, others: Sequence[Reports]) -> bool:
        """Tell whether the trial should be given up."""


@dataclass(frozen=True, slots=True)
class PercentilePruner:
    """Gives up what is worse, at its last step, than the best `keep` of the trials before it.

    Parameters
    ----------
    keep : float
        Share that goes on: 0.5 is the median rule (Vizier, KDD 2017, section 3.2.2).
    trials : int
        Trials that must have got to the step before it is judged.
    steps : int
        Steps that no trial is judged before.
    """

    keep: float = 0.5
    trials: int = 5
    steps: int = 0

    def prune(self, mine: Reports, others: Sequence[Reports]) -> bool:
        """Tell whether the best value so far is behind the others' at the same step."""
        step = max(mine)
        if step < self.steps:
            return False
        if math.isnan(mine[step]):
            return True
        bests = [
            min(value for at, value in reports.items() if at <= step)
            for reports in others
            if any(at >= step for at in reports) and any(at <= step for at in reports)
        ]
        if len(bests) < self.trials:
            return False
        best = min(value for value in mine.values() if not math.isnan(value))
        return best > float(np.quantile(bests, self.keep))
