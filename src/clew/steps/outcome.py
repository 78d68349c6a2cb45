"""What a flow returns: a value put together from results, named without reading them.

Putting results together is a node like any other: when all parts are known and were put together
before, the whole is known too, and nothing is read until somebody looks at it.
"""

from __future__ import annotations

import inspect
import time
from dataclasses import dataclass
from typing import Any

from clew.errors import Unhashable, UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, call_id
from clew.steps.execute import delivered
from clew.steps.graph import MISSING, FlowGraph
from clew.steps.ref import Ref, refs_in, substitute, task_of
from clew.steps.results import keep_leaf
from clew.steps.runtime import Runtime
from clew.steps.schedule import Scheduler
from clew.steps.slots import Slots, slots_of

OPERATION = "clew:assemble"
SIGNATURE = inspect.Signature(
    [inspect.Parameter("result", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
)


@dataclass(frozen=True, slots=True)
class FlowResult:
    """A flow's result: by content id where it is stored, by value where it is at hand."""

    id: ValueId | None
    live: Any = MISSING


def settle(runtime: Runtime, scheduler: Scheduler, graph: FlowGraph, returned: Any) -> FlowResult:
    """Return the flow's result, its parts computed or known; reads nothing that it need not."""
    if isinstance(returned, Ref):
        task = graph.tasks[task_of(returned)]
        if task.live is MISSING and task.value_id is not None and runtime.vault.has(task.value_id):
            return FlowResult(task.value_id)
    inputs = slots_of(SIGNATURE, {"result": returned})
    edges = _edges(graph, inputs)
    known = _known(runtime, edges) if edges is not None else None
    if known is not None:
        return FlowResult(known)
    wanted = {task_of(ref): None for ref in refs_in(returned)}
    values = {index: delivered(scheduler.value(index)) for index in wanted}
    result = substitute(returned, values)
    return FlowResult(_store(runtime, inputs, edges, result), result)


def _edges(graph: FlowGraph, inputs: Slots) -> tuple[Edge, ...] | None:
    edges = []
    for slot in inputs.slots:
        id = slot.value if slot.task is None else graph.tasks[slot.task].value_id
        if id is None:
            return None
        edges.append(graph.edge(slot, id))
    return None if inputs.unsound is not None else tuple(edges)


def _known(runtime: Runtime, edges: tuple[Edge, ...]) -> ValueId | None:
    call = call_id(OPERATION, None, None, None, edges)
    for node in runtime.store.variants([call]).get(call, ()):
        result = node.output("result")
        if result is not None and runtime.vault.has(result):
            return result
    return None


def _store(
    runtime: Runtime, inputs: Slots, edges: tuple[Edge, ...] | None, result: Any
) -> ValueId | None:
    try:
        id = fingerprint(result)
        runtime.vault.put(result, id)
    except (Unhashable, UnsupportedValue):
        return None
    if edges is not None and len(edges) > 1:
        call = call_id(OPERATION, None, None, None, edges)
        leaves = [keep_leaf(runtime, leaf, value) for leaf, value in inputs.literals]
        runtime.store.record([_node(call, edges, id)], [*leaves, describe(id, result)])
    elif not runtime.store.describe([id]):
        runtime.store.record(values=[describe(id, result)])
    return id


def _node(call: Any, edges: tuple[Edge, ...], result: ValueId) -> Node:
    return Node(
        id=call,
        call=call,
        operation=OPERATION,
        kind="pick",
        code=None,
        environment=None,
        seed=None,
        inputs=edges,
        outputs=(Edge("result", result),),
        created_ms=int(time.time() * 1000),
    )
