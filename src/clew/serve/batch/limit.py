"""How many rows the next batch may hold.

The objective is a latency that includes the wait in the queue. A request that arrives just after a
batch began waits for that batch and then for its own: a batch may take half of the objective.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from clew.errors import InvalidParameter

_MOST = 4096


class BatchLimit(Protocol):
    """Decides on the size of batches. Used by one thread at a time."""

    def rows(self, waited_s: float) -> int:
        """Return how many rows the next batch may hold (1 or more).

        Parameters
        ----------
        waited_s : float
            How long the oldest request has waited.
        """

    def observe(self, rows: int, seconds: float) -> None:
        """Learn from a batch that was run."""


@dataclass(slots=True)
class Fixed:
    """Always the same number of rows."""

    limit: int = 64

    def rows(self, waited_s: float) -> int:
        """Return the number."""
        return max(self.limit, 1)

    def observe(self, rows: int, seconds: float) -> None:
        """Learn nothing."""


class LatencyFit:
    """Fits ``seconds = a + b · rows`` and takes as many rows as the objective allows.

    Where a batch of one row is beyond the objective already, it takes as many rows as cost what the
    batch itself costs. Older batches count less and less, so that the fit follows the machine.

    Parameters
    ----------
    objective_s : float, default 0.02
        Latency, wait included, that 99 % of the requests are to keep.
    memory : float, default 100
        How many of the latest batches count, roughly.
    """

    def __init__(self, objective_s: float = 0.02, memory: float = 100.0) -> None:
        self.objective_s = _positive("objective_s", objective_s)
        self._kept = 1 - 1 / memory
        self._weight = self._rows = self._square = self._seconds = self._product = 0.0
        self._variance = 0.0

    @property
    def cost(self) -> tuple[float, float]:
        """The fit: seconds of a batch, and seconds of each row in it; neither below zero."""
        if not self._weight:
            return 0.0, 0.0
        mean_rows, mean_s = self._rows / self._weight, self._seconds / self._weight
        if self._spread() < 1e-9:
            return 0.0, mean_s / mean_rows
        slope = (self._product / self._weight - mean_rows * mean_s) / self._spread()
        slope = min(max(slope, 1e-9), mean_s / mean_rows)
        return max(mean_s - slope * mean_rows, 0.0), slope

    def rows(self, waited_s: float) -> int:
        """Return how many rows keep the objective; with a wait beyond it, those that catch up."""
        fixed, each = self.cost
        if not each:
            return 1
        if self._spread() < 1e-9:
            # Batches of one size tell nothing of what a row costs: try the next one.
            return round(self._rows / self._weight) + 1
        half = self.objective_s / 2
        left = self.objective_s - waited_s
        budget = half if left <= fixed + each else min(left, half)
        margin = min(2 * math.sqrt(self._variance), budget / 2)
        if fixed + margin + each > half:
            # Not even one row keeps the objective: small batches would only lengthen the queue.
            # With rows that cost as much as the batch itself, the pace is half of the best.
            budget = 2 * fixed + margin + each
        return int(min(max((budget - fixed - margin) / each, 1), _MOST))

    def _spread(self) -> float:
        """Return the variance of the sizes of batches."""
        return self._square / self._weight - (self._rows / self._weight) ** 2

    def observe(self, rows: int, seconds: float) -> None:
        """Learn from a batch that was run."""
        fixed, each = self.cost
        if self._weight > 3:
            error = seconds - fixed - each * rows
            self._variance = self._kept * self._variance + (1 - self._kept) * error**2
        for name, value in (
            ("_weight", 1.0),
            ("_rows", rows),
            ("_square", rows**2),
            ("_seconds", seconds),
            ("_product", rows * seconds),
        ):
            setattr(self, name, self._kept * getattr(self, name) + value)


class Aimd:
    """Additive increase, multiplicative decrease (Clipper, section 4.3.1).

    Measured: where the fixed cost of a batch alone exceeds the objective, it shrinks to single
    rows; `LatencyFit` does not.

    Parameters
    ----------
    objective_s : float, default 0.02
        Latency of a batch that is to be kept.
    step : float, default 2
        Rows added after a full batch within the objective.
    back_off : float, default 0.9
        Factor after a batch beyond the objective.
    """

    def __init__(self, objective_s: float = 0.02, step: float = 2.0, back_off: float = 0.9) -> None:
        self.objective_s = _positive("objective_s", objective_s)
        self._step, self._back_off, self._limit = _positive("step", step), back_off, 1.0

    def rows(self, waited_s: float) -> int:
        """Return the present size."""
        return int(self._limit)

    def observe(self, rows: int, seconds: float) -> None:
        """Grow after a full batch in time, shrink after one that was late."""
        if seconds > self.objective_s:
            self._limit = max(self._limit * self._back_off, 1.0)
        elif rows >= int(self._limit):
            self._limit = min(self._limit + self._step, float(_MOST))


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise InvalidParameter(f"{name} of a batch", got=str(value), expected="more than 0")
    return value
