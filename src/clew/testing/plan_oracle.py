"""An oracle for planners: every possible plan is tried."""

from __future__ import annotations

from dataclasses import dataclass

from clew.errors import InvalidParameter
from clew.lineage.plan.decision import Plan
from clew.lineage.plan.graph import PlanGraph
from clew.lineage.plan.state import State
from clew.lineage.plan.weights import nanoseconds

MAX_TASKS = 14


def solve(graph: PlanGraph) -> Plan:
    """Return a plan that costs least, and among those computes, then loads, fewest tasks.

    It tries every assignment of compute, load and prune that can be carried out, consumers before
    their inputs; only a beginning that costs as much as a whole plan already found is given up.

    Raises
    ------
    InvalidParameter
        When the graph has more tasks than anybody would wait for.
    """
    if len(graph) > MAX_TASKS:
        raise InvalidParameter(
            "too many tasks for trying everything", got=str(len(graph)), expected=f"<= {MAX_TASKS}"
        )
    search = _Search(graph, [State.PRUNE] * len(graph))
    search.descend(0, (0, 0, 0))
    return Plan(graph, tuple(search.best), "bruteforce")


_Rank = tuple[int, int, int]
"""Nanoseconds, tasks computed, tasks loaded (what is in memory does not count)."""


@dataclass(slots=True)
class _Search:
    graph: PlanGraph
    choices: list[State]
    best: tuple[State, ...] = ()
    rank: _Rank | None = None

    def descend(self, depth: int, rank: _Rank) -> None:
        """Try all states for the task at `depth` (from the outputs), then for the ones below."""
        if self.rank is not None and rank >= self.rank:
            return
        if depth == len(self.graph):
            self.best, self.rank = tuple(self.choices), rank
            return
        at = self.graph.order[-1 - depth]
        for state in State:
            step = self._step(at, state)
            if step is not None:
                self.choices[at] = state
                self.descend(depth + 1, (rank[0] + step[0], rank[1] + step[1], rank[2] + step[2]))
        self.choices[at] = State.PRUNE

    def _step(self, at: int, state: State) -> _Rank | None:
        """Return what a state adds, or None where it is not possible."""
        task = self.graph.tasks[at]
        if state is State.COMPUTE:
            return nanoseconds(task.compute_s), 1, 0
        if task.must_run:
            return None
        if state is State.LOAD:
            if task.load_s is None or not task.stored:
                return None
            return nanoseconds(task.load_s), 0, 0 if task.in_memory else 1
        needed = task.required or any(
            self.choices[consumer] is State.COMPUTE for consumer in self.graph.consumers[at]
        )
        return None if needed else (0, 0, 0)
