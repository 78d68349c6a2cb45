"""How MLflow writes states and numbers."""

from __future__ import annotations

import math

from clew.entities import ModelStatus, RunStatus
from clew.errors import StoreError

RUN_STATUS: dict[str, RunStatus] = {
    "RUNNING": "running",
    "SCHEDULED": "scheduled",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
RUN_STATUS_NUMBERS = dict(enumerate(RUN_STATUS.values(), start=1))
MODEL_STATUS: dict[int, ModelStatus] = {0: "pending", 1: "pending", 2: "ready", 3: "failed"}

_HUGE = 1.7976931348623157e308
"""What MLflow's SQL store keeps for ±∞."""


def number(value: float, *, is_nan: bool) -> float:
    """Return a metric's value as it was logged to MLflow's SQL store."""
    if is_nan:
        return math.nan
    if abs(value) >= _HUGE:
        return math.copysign(math.inf, value)
    return value


def whole(value: object, what: str) -> int:
    """Return a whole number."""
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"the MLflow store is damaged: {what}", got=repr(value)[:80], expected="a whole number"
        ) from error
