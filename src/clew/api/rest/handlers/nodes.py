"""Nodes and values one by one; what a run did about its steps, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew.api.rest.contract.nodes import (
    CodeUnit,
    EdgeDetail,
    NodeDetail,
    NodeUse,
    ReadDetail,
    StepDetail,
    Steps,
    ValueDetail,
    Why,
    WhyQuery,
    WhyStep,
)
from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers.compare import difference
from clew.api.rest.handlers.focus import node_of, value_of
from clew.api.rest.handlers.lineage import line
from clew.app.served import Served
from clew.errors import NotFound
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.code.archive import from_stored
from clew.lineage.records import Edge, Node, Value

_SHOWN = 100


def node(served: Served, id: str) -> NodeDetail:
    """Return a node with its code, environment and uses."""
    found = node_of(served, id)
    store = served.store.runtime.store
    known = store.describe([edge.value for edge in (*found.inputs, *found.outputs)])
    code, libraries = _code(served, found)
    environment = store.environment(found.environment) if found.environment else None
    return NodeDetail(
        id=found.id.hex(),
        call=found.call.hex(),
        kind=found.kind,
        operation=found.operation,
        seed=None if found.seed is None else str(found.seed),
        created_ms=found.created_ms,
        wall_s=found.cost.wall_s,
        cpu_s=found.cost.cpu_s,
        size_bytes=found.cost.size_bytes,
        irreproducible=found.irreproducible,
        inputs=[_edge(edge, known) for edge in found.inputs],
        outputs=[_edge(edge, known) for edge in found.outputs],
        reads=[
            ReadDetail(kind=read.kind, name=read.name, value=read.value.hex())
            for read in found.reads
        ],
        code_id=found.code.hex() if found.code else None,
        code=code,
        libraries=libraries,
        environment=dict(environment or {}),
        uses=_uses(served, found.id),
        rebuild=f"clew rebuild {found.id.hex()}",
    )


def _code(served: Served, found: Node) -> tuple[list[CodeUnit], dict[str, str]]:
    stored = served.store.runtime.store.code(found.code) if found.code else None
    if stored is None:
        return [], {}
    record = from_stored(stored)
    units = [CodeUnit(name=u.name, kind=u.kind, source=u.source or None) for u in record.units]
    return units, dict(record.libraries)


def _edge(edge: Edge, known: Mapping[ValueId, Value]) -> EdgeDetail:
    value = known.get(edge.value)
    return EdgeDetail(
        name=edge.name,
        value=edge.value.hex(),
        source=edge.source.hex() if edge.source else None,
        type=value.type_name if value else "",
        preview=value.preview if value else "",
        size_bytes=value.size_bytes if value else 0,
        state=value.state if value else "absent",
    )


def _uses(served: Served, id: NodeId) -> list[NodeUse]:
    return [
        NodeUse(
            run_id=run.id,
            run_name=run.name,
            started_ms=run.started_ms,
            step=use.label,
            decision=use.decision,
            reason_code=use.reason.code,
            reason=use.reason.text,
            wall_s=use.wall_s,
            saved_s=use.saved_s,
        )
        for run, use in served.survey.uses_of(id, _SHOWN)
    ]


def value(served: Served, id: str) -> ValueDetail:
    """Return what is known of a value."""
    store = served.store.runtime.store
    found = value_of(served, id)
    known = store.describe([found]).get(found)
    return ValueDetail(
        id=found.hex(),
        type=known.type_name if known else "",
        preview=known.preview if known else "",
        format=known.format if known else "",
        size_bytes=known.size_bytes if known else 0,
        state=known.state if known else "absent",
        made_by=_lines(served, store.linked(found, "up")),
        read_by=_lines(served, store.linked(found, "down")),
    )


def _lines(served: Served, ids: Sequence[NodeId]) -> list:  # type: ignore[type-arg]
    found = (served.store.runtime.store.node(id) for id in ids[:_SHOWN])
    return [line(node) for node in found if node is not None]


def steps(served: Served, id: str) -> Steps:
    """Return what a run did about each step."""
    store = served.store.runtime.store
    run = served.store.run(id)
    uses = store.uses(run.id)
    operations = {
        node: found.operation
        for node in {use.node for use in uses if use.node is not None}
        if (found := store.node(node)) is not None
    }
    return Steps(
        steps=[
            StepDetail(
                seq=use.seq,
                step=use.label,
                node=use.node.hex() if use.node else None,
                operation=operations.get(use.node) if use.node else None,
                decision=use.decision,
                reason_code=use.reason.code,
                reason=use.reason.text,
                wall_s=use.wall_s,
                saved_s=use.saved_s,
            )
            for use in uses
        ]
    )


def why(served: Served, id: str, query: WhyQuery) -> Why:
    """Say why each step of a run (or one of them) was computed, reused or pruned."""
    found = served.store.why(id, query.step)
    if query.step is not None and not found:
        raise NotFound(f"run {id} has no step {query.step!r}")
    return Why(
        steps=[
            WhyStep(
                step=one.use.label,
                decision=one.use.decision,
                text=one.text(),
                reason_code=one.use.reason.code,
                compared=one.compared.id.hex() if one.compared else None,
                changes=[difference(change) for change in one.changed],
            )
            for one in found
        ]
    )


HANDLERS: dict[str, Handler] = {
    "lineage.node": node,
    "lineage.value": value,
    "runs.steps": steps,
    "runs.why": why,
}
