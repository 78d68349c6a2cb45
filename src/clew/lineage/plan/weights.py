"""Costs as exact integers, with the tie-break folded in.

Sums of floats depend on their order, so equal plans could look different and two runs could
decide differently. Costs are therefore counted in nanoseconds, and a rank below the nanosecond
orders plans of equal cost: first the one that computes least tasks, then the one that loads least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.lineage.plan.graph import PlanGraph

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Weights:
    """What each task weighs in the solver, by position.

    Parameters
    ----------
    compute, load : sequence of int
        Weight of computing and of loading; load is None where nothing is stored or the task must
        run.
    """

    compute: Sequence[int]
    load: Sequence[int | None]


def nanoseconds(seconds: float) -> int:
    """Return seconds as a whole number of nanoseconds, without overflow for huge ones."""
    return round(seconds * NS_PER_S) if seconds < NS_PER_S else int(seconds) * NS_PER_S


def weigh(graph: PlanGraph) -> Weights:
    """Return the weights of a graph's tasks.

    A weight is ``cost_ns * scale + rank``: computing ranks n + 1, loading 1, and what is in memory
    0, so that all ranks of a plan together stay below `scale`.
    """
    rank_compute = len(graph) + 1
    scale = rank_compute * rank_compute
    compute = [nanoseconds(task.compute_s) * scale + rank_compute for task in graph.tasks]
    load: list[int | None] = []
    for task in graph.tasks:
        if task.must_run or task.load_s is None or not task.stored:
            load.append(None)
        else:
            load.append(nanoseconds(task.load_s) * scale + (0 if task.in_memory else 1))
    return Weights(compute, load)
