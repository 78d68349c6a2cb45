"""A plan: what happens to each task, what that costs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from clew.errors import PlanError
from clew.lineage.plan.explain import explain
from clew.lineage.plan.graph import Key, PlanGraph, key_text
from clew.lineage.plan.state import State, cost_ns
from clew.lineage.plan.weights import NS_PER_S, compute_ns
from clew.lineage.records import Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """One decision for each task of a graph.

    Parameters
    ----------
    graph : PlanGraph
        What was planned.
    choices : tuple of State
        By position in ``graph.tasks``.
    solver : str
        Who decided: ``"mincut"`` (optimal), ``"linear"`` (heuristic), ``"given"``.

    Attributes
    ----------
    cost_ns : int
        What the plan takes, one task after the other; exact.

    Raises
    ------
    PlanError
        When the decisions cannot be carried out: a value is needed and pruned, or loaded and not
        stored.
    """

    graph: PlanGraph
    choices: tuple[State, ...]
    solver: str = "given"
    cost_ns: int = field(init=False)
    # Reasons are for people, and most are never read: they are made when the first is asked for.
    _memo: dict[str, tuple[Reason, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        _check(self.graph, self.choices)
        object.__setattr__(self, "cost_ns", cost_ns(self.graph, self.choices))

    @property
    def states(self) -> Mapping[Key, State]:
        """What happens to each task, by key."""
        keys = (task.key for task in self.graph.tasks)
        return MappingProxyType(dict(zip(keys, self.choices, strict=True)))

    @property
    def cost_s(self) -> float:
        """Seconds that the plan takes, one task after the other."""
        return self.cost_ns / NS_PER_S

    @property
    def full_cost_s(self) -> float:
        """Seconds that the same outputs would take with nothing reused."""
        return full_cost_ns(self.graph) / NS_PER_S

    def keys(self, state: State) -> tuple[Key, ...]:
        """Return the tasks in a state, inputs before their consumers: an order to run them in."""
        return tuple(
            self.graph.tasks[at].key for at in self.graph.order if self.choices[at] is state
        )

    def state(self, key: Key) -> State:
        """Return what happens to one task."""
        return self.choices[self.graph.find(key)]

    def reason(self, key: Key) -> Reason:
        """Return why that happens to it."""
        return self.reasons()[self.graph.find(key)]

    def reasons(self) -> tuple[Reason, ...]:
        """Return all reasons, by position in ``graph.tasks``."""
        if "reasons" not in self._memo:
            self._memo["reasons"] = explain(self.graph, self.choices)
        return self._memo["reasons"]

    def to_json(self) -> dict[str, object]:
        """Return the plan as plain data for JSON; keys that are ids become hexadecimal digits."""
        reasons = self.reasons()
        tasks = []
        for at in self.graph.order:
            reason = reasons[at]
            tasks.append(
                {
                    "key": key_text(self.graph.tasks[at].key),
                    "state": self.choices[at].value,
                    "code": reason.code,
                    "reason": reason.text,
                    "fields": dict(reason.fields),
                }
            )
        return {
            "solver": self.solver,
            "cost_s": self.cost_s,
            "full_cost_s": self.full_cost_s,
            "tasks": tasks,
        }


def full_cost_ns(graph: PlanGraph) -> int:
    """Return the nanoseconds of computing all that is required or must run, and its ancestors."""
    needed = [task.required or task.must_run for task in graph.tasks]
    total = 0
    for at in reversed(graph.order):
        if needed[at]:
            total += compute_ns(graph.tasks[at])
            for input_at in graph.inputs[at]:
                needed[input_at] = True
    return total


def _check(graph: PlanGraph, choices: tuple[State, ...]) -> None:
    for at, (task, state) in enumerate(zip(graph.tasks, choices, strict=True)):
        if state is State.LOAD and not task.stored:
            raise PlanError(f"task {key_text(task.key)} is to be loaded, and is not stored")
        if task.must_run and state is not State.COMPUTE:
            raise PlanError(f"task {key_text(task.key)} must run, and is not computed")
        if state is not State.PRUNE:
            continue
        computed = [c for c in graph.consumers[at] if choices[c] is State.COMPUTE]
        if task.required or computed:
            by = key_text(graph.tasks[computed[0]].key) if computed else "the caller"
            raise PlanError(f"task {key_text(task.key)} is pruned, and {by} needs it")
