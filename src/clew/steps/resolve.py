"""What is known before anything runs: content ids propagated through the graph.

A task whose inputs have known ids has a known call; if the store has a valid node of that call,
its result's id is known too, without reading a byte, and so on downstream. The same happens again
whenever a task that ran gives its id: that is early cut-off.
"""

from __future__ import annotations

from collections.abc import Iterable

from clew.lineage.canonical import NodeId
from clew.lineage.records import Edge
from clew.steps.graph import FlowGraph, Task
from clew.steps.identify import Instant, from_edges, selection_id
from clew.steps.lookup import find_many
from clew.steps.runtime import Runtime


def propagate(runtime: Runtime, graph: FlowGraph, start: Iterable[int]) -> bool:
    """Name all tasks that can be named, beginning at `start`; tell whether any was known.

    Global generators do not count as readable here: which state a task will find depends on what
    runs before it.
    """
    found_any = False
    frontier = sorted(set(start))
    if not frontier:
        return False
    instant = Instant(runtime)
    while frontier:
        calls: dict[NodeId, list[Task]] = {}
        for index in frontier:
            task = graph.tasks[index]
            if task.value_id is None and not task.done:
                call = name_task(graph, task, instant)
                if call is not None:
                    calls.setdefault(call, []).append(task)
        found = find_many(runtime, list(calls), generators=False)
        following: set[int] = set()
        for call, node in found.items():
            result = node.output("result")
            if result is None:
                continue  # a recorded exception: it is raised when the task's turn comes
            for task in calls[call]:
                task.node, task.value_id = node, result
                found_any = True
                following.update(task.consumers)
        frontier = sorted(following)
    return found_any


def name_task(graph: FlowGraph, task: Task, instant: Instant) -> NodeId | None:
    """Return a task's call if all its inputs are known and it may be reused; set its identity."""
    edges: list[Edge] = []
    for slot in task.inputs.slots:
        id = slot.value if slot.task is None else graph.tasks[slot.task].value_id
        if id is None:
            return None
        edges.append(graph.edge(slot, id))
    if task.step is None:
        return selection_id(task.kind, edges[0].value, edges[1].value)
    task.identity = from_edges(task.step, tuple(edges), task.inputs, instant)
    if task.identity.unsound is not None or task.identity.call is None:
        return None
    graph.by_call.setdefault(task.identity.call, {})[task.index] = None
    return task.identity.call
