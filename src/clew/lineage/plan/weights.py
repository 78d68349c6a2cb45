"""Costs as exact integers.

Sums of floats depend on their order, so equal plans could look different and two runs could decide
differently. Costs are therefore counted in whole nanoseconds.
"""

from __future__ import annotations

from clew.lineage.plan.graph import Task

NS_PER_S = 1_000_000_000


def nanoseconds(seconds: float) -> int:
    """Return seconds as a whole number of nanoseconds, without overflow for huge ones."""
    return round(seconds * NS_PER_S) if seconds < NS_PER_S else int(seconds) * NS_PER_S


def compute_ns(task: Task) -> int:
    """Return what computing a task takes, once its inputs are there."""
    return nanoseconds(task.compute_s)


def load_ns(task: Task) -> int | None:
    """Return what loading a task's value takes; None where that is not allowed or possible."""
    if task.load_s is None or task.must_run or not task.stored:
        return None
    return nanoseconds(task.load_s)
