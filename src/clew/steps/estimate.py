"""The plan of a flow's graph, from costs that were measured before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clew.lineage.plan import Plan, PlanGraph, State, solve
from clew.lineage.plan import Task as PlanTask
from clew.steps import results
from clew.steps.graph import MISSING, FlowGraph, Task
from clew.steps.runtime import Runtime

UNKNOWN_S = 0.1
"""Assumed cost of a step that never ran: only the order of magnitude matters, it must run."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a task is expected to cost: seconds to compute, seconds to read (∞: not stored)."""

    compute_s: float
    load_s: float


class Estimates:
    """Costs of tasks by what the store measured; operations are looked up once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._by_operation: dict[str, float] = {}

    def of(self, task: Task) -> Estimate:
        """Return a task's estimate."""
        overhead_s = self._runtime.policy.overhead_s
        if task.live is not MISSING:
            return Estimate(overhead_s, 0.0)
        node = task.node
        if node is None:
            return Estimate(self._average(task) + overhead_s, math.inf)
        compute_s = node.cost.wall_s + overhead_s
        if task.unreadable or not results.available(self._runtime, node):
            return Estimate(compute_s, math.inf)
        return Estimate(compute_s, self._runtime.vault.load_s(node.cost.size_bytes))

    def _average(self, task: Task) -> float:
        if task.step is None:
            return 0.0
        name = task.step.name
        if name not in self._by_operation:
            costs = [node.cost.wall_s for node in self._runtime.store.history(name, 5)]
            self._by_operation[name] = sum(costs) / len(costs) if costs else UNKNOWN_S
        return self._by_operation[name]


def must_run(task: Task) -> bool:
    """Tell whether a task executes whatever the store knows."""
    if task.step is None or task.done:
        return False
    identity = task.identity
    unsound = identity is not None and identity.unsound is not None
    return unsound or task.step.options.reuse is False or task.inputs.unsound is not None


def solve_plan(
    runtime: Runtime, graph: FlowGraph, wanted: Iterable[int], *, readable: bool
) -> Plan:
    """Return the cheapest way to have the wanted results.

    Parameters
    ----------
    readable : bool
        Whether the wanted values themselves will be read; if not, it is enough that they could be.
    """
    targets = set(wanted)
    members = graph.ancestors(targets)
    estimates = Estimates(runtime)
    tasks = []
    for index in sorted(members):
        task = graph.tasks[index]
        cost = estimates.of(task)
        load_s = cost.load_s
        if index in targets and not readable and math.isfinite(load_s):
            load_s = 0.0
        tasks.append(
            PlanTask(
                task.label,
                tuple(graph.tasks[source].label for source in task.sources),
                cost.compute_s,
                load_s,
                required=index in targets,
                must_run=must_run(task),
            )
        )
    return solve(PlanGraph(tasks))


def plan_for(
    runtime: Runtime, graph: FlowGraph, wanted: Iterable[int], *, readable: bool
) -> Mapping[int, State]:
    """Return the state of each task that has a part in the wanted results."""
    targets = [
        index
        for index in wanted
        if graph.tasks[index].live is MISSING and not graph.tasks[index].done
    ]
    if readable:
        targets = [index for index in wanted if graph.tasks[index].live is MISSING]
    if not targets:
        return {}
    plan = solve_plan(runtime, graph, targets, readable=readable)
    return {index: plan.state(graph.tasks[index].label) for index in graph.ancestors(targets)}
