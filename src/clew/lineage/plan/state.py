"""What a plan can do with a task, and what it costs to do it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from clew.lineage.plan.graph import PlanGraph
from clew.lineage.plan.weights import nanoseconds


class State(StrEnum):
    """What happens to a task."""

    COMPUTE = "compute"
    LOAD = "load"
    PRUNE = "prune"


def cost_ns(graph: PlanGraph, states: Sequence[State]) -> int:
    """Return the nanoseconds that a plan takes, one task after the other."""
    total = 0
    for task, state in zip(graph.tasks, states, strict=True):
        if state is State.COMPUTE:
            total += nanoseconds(task.compute_s)
        elif state is State.LOAD and task.load_s is not None:
            total += nanoseconds(task.load_s)
    return total


def estimate_ns(graph: PlanGraph, *, at_hand: Sequence[bool]) -> list[int]:
    """Return what computing each task would cost, by position, in one pass over the graph.

    Its inputs are taken as the cheaper of loading and computing them, and as free where they are
    `at_hand`. An ancestor that is reached by two ways counts twice (that is what makes the pass
    linear, and an upper bound), yet no estimate exceeds the cost of computing everything.
    Source: Derakhshan et al., SIGMOD 2020, section 6 (forward pass).

    Parameters
    ----------
    at_hand : sequence of bool
        By position: values that are there anyway.
    """
    compute = [nanoseconds(task.compute_s) for task in graph.tasks]
    everything = sum(compute)
    execute = [0] * len(graph)
    obtain = [0] * len(graph)
    for at in graph.order:
        needed = sum([obtain[input_at] for input_at in graph.inputs[at]])
        execute[at] = min(compute[at] + needed, everything)
        task = graph.tasks[at]
        if at_hand[at]:
            continue
        obtain[at] = execute[at]
        if task.load_s is not None and task.stored and not task.must_run:
            obtain[at] = min(execute[at], nanoseconds(task.load_s))
    return execute
