"""Choose the algorithm, and plan again when something was found out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from clew.lineage.plan import linear, mincut
from clew.lineage.plan.decision import Plan
from clew.lineage.plan.graph import Key, PlanGraph
from clew.lineage.plan.state import State

EXACT_UP_TO = 20_000
"""Tasks up to which the optimal plan is worth its time; `bench/plan.py` measures both."""


def solve(graph: PlanGraph, *, exact_up_to: int = EXACT_UP_TO) -> Plan:
    """Return the optimal plan, or beyond `exact_up_to` tasks the linear-time one."""
    return mincut.solve(graph) if len(graph) <= exact_up_to else linear.solve(graph)


def resolve(
    graph: PlanGraph,
    known: Collection[Key],
    stored: Mapping[Key, float | None] | None = None,
    *,
    previous: Plan | None = None,
    exact_up_to: int = EXACT_UP_TO,
) -> Plan:
    """Plan the rest of a flow of which some tasks have their values.

    Parameters
    ----------
    graph : PlanGraph
        The flow as it was planned first.
    known : collection of key
        All tasks so far whose values are in memory now. Those that the rest does not need are
        pruned: their memory may be freed.
    stored : mapping of key to seconds or None, optional
        Load times that were found out since (early cut-off): a value id was resolved, and what
        follows from it turned out to be stored.
    previous : Plan, optional
        The plan that was being carried out, made from the same `graph`. When nothing was found out
        but what it foresaw, the rest of it is kept without solving anything.

    Raises
    ------
    PlanError
        When a key is not in the graph.
    """
    learned = graph.learn(known, stored)
    if previous is not None and not stored:
        done = [False] * len(graph)
        for key in known:
            done[graph.find(key)] = True
        if _as_foreseen(previous, done):
            return _rest(learned, previous, done)
    return solve(learned, exact_up_to=exact_up_to)


def _as_foreseen(previous: Plan, done: list[bool]) -> bool:
    """Tell whether the plan was carried out from the inputs on, and nothing else happened.

    What remains of an optimal plan is then optimal: a better rest, put after what was done, would
    have made a better plan.
    """
    for at, is_done in enumerate(done):
        if not is_done:
            continue
        choice = previous.choices[at]
        if choice is State.PRUNE:
            return False
        if choice is State.COMPUTE and not all(done[i] for i in previous.graph.inputs[at]):
            return False
    return True


def _rest(learned: PlanGraph, previous: Plan, done: list[bool]) -> Plan:
    choices = list(previous.choices)
    for at, is_done in enumerate(done):
        if not is_done:
            continue
        needed = learned.tasks[at].required or any(
            not done[consumer] and choices[consumer] is State.COMPUTE
            for consumer in learned.consumers[at]
        )
        choices[at] = State.LOAD if needed else State.PRUNE
    return Plan(learned, tuple(choices), previous.solver)
