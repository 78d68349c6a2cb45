"""A plan in one pass forward and one backward, for graphs where even the min-cut is too slow.

Derakhshan et al., SIGMOD 2020, section 6. Forward, each task learns what its value costs at
best: loading it, or computing it from the best of its inputs. Backward from the outputs, each
needed task does what was best for it, and what nobody needs is pruned. The forward pass counts an
ancestor that is shared twice, so the plan is optimal on trees and may load too much elsewhere.
"""

from __future__ import annotations

from clew.lineage.plan.decision import Plan
from clew.lineage.plan.graph import PlanGraph
from clew.lineage.plan.state import State, estimate_ns
from clew.lineage.plan.weights import load_ns


def solve(graph: PlanGraph) -> Plan:
    """Return a good plan in time linear in tasks and inputs."""
    execute = estimate_ns(graph, at_hand=[task.must_run for task in graph.tasks])
    needed = [task.required or task.must_run for task in graph.tasks]
    choices = [State.PRUNE] * len(graph)
    for at in reversed(graph.order):
        if not needed[at]:
            continue
        load = load_ns(graph.tasks[at])
        if load is not None and load <= execute[at]:
            choices[at] = State.LOAD
            continue
        choices[at] = State.COMPUTE
        for input_at in graph.inputs[at]:
            needed[input_at] = True
    return Plan(graph, tuple(choices), "linear")
