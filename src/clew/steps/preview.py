"""What a run of a flow would do: its plan, without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clew.errors import PlanError
from clew.lineage.plan import State
from clew.steps import results, rng
from clew.steps.bind import call
from clew.steps.context import building
from clew.steps.estimate import Estimates, solve_plan
from clew.steps.execute import delivered
from clew.steps.graph import FlowGraph
from clew.steps.resolve import propagate
from clew.steps.runtime import Runtime, current

if TYPE_CHECKING:
    from clew.steps.flow import Flow


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One line of a plan.

    Parameters
    ----------
    state : {"compute", "load", "prune"}
        What would be done.
    cost_s : float
        Estimated seconds of that.
    """

    label: str
    state: str
    reason: str
    cost_s: float


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """The plan of a flow, and its estimated cost in seconds."""

    flow: str
    steps: tuple[PlannedStep, ...]
    cost_s: float

    def count(self, state: str) -> int:
        """Return how many steps have a state."""
        return sum(step.state == state for step in self.steps)


def preview(flow: Flow[..., Any], arguments: Mapping[str, Any]) -> FlowPlan:
    """Return the plan of a flow; what its body branches on must be known already."""
    runtime = current()
    graph = FlowGraph(
        lambda index: _known(runtime, graph, index),
        lambda index: _drawn(runtime, graph, index),
    )
    inside = building.set(graph)
    try:
        call(flow.function, flow.signature, arguments)
    finally:
        building.reset(inside)
    propagate(runtime, graph, range(len(graph.tasks)))
    plan = solve_plan(runtime, graph, graph.sinks(), readable=False)
    estimates = Estimates(runtime)
    steps = []
    for task in graph.tasks:
        state = plan.state(task.label)
        cost = estimates.of(task)
        cost_s = {State.COMPUTE: cost.compute_s, State.LOAD: cost.load_s}.get(state, 0.0)
        steps.append(PlannedStep(task.label, state.value, plan.reason(task.label).text, cost_s))
    return FlowPlan(flow.name, tuple(steps), plan.cost_s)


def _drawn(runtime: Runtime, graph: FlowGraph, index: int) -> None:
    """Move the generators that a step was given, as a run would."""
    _known(runtime, graph, index)
    node = graph.tasks[index].node
    effects = results.load_effects(runtime, node) if node is not None else None
    if effects is not None:
        rng.advance_all(effects.arguments, graph.tasks[index].arguments)


def _known(runtime: Runtime, graph: FlowGraph, index: int) -> Any:
    propagate(runtime, graph, range(len(graph.tasks)))
    task = graph.tasks[index]
    if task.node is None or not results.available(runtime, task.node):
        raise PlanError(
            f"the plan depends on the value of {task.label}, which is not known yet",
            hint="run the flow once; what it branches on is then known",
        )
    value, error = results.load(runtime, task.node)
    if error is not None:
        raise error
    return delivered(value)
