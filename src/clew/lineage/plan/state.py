"""What a plan can do with a task, and what it costs to do it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from clew.lineage.plan.graph import PlanGraph
from clew.lineage.plan.weights import compute_ns, load_ns


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
            total += compute_ns(task)
        elif state is State.LOAD:
            total += load_ns(task) or 0
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
    compute = list(map(compute_ns, graph.tasks))
    everything = sum(compute)
    execute = [0] * len(graph)
    obtain = [0] * len(graph)
    for at in graph.order:
        needed = sum([obtain[input_at] for input_at in graph.inputs[at]])
        execute[at] = min(compute[at] + needed, everything)
        if not at_hand[at]:
            load = load_ns(graph.tasks[at])
            obtain[at] = execute[at] if load is None else min(execute[at], load)
    return execute
