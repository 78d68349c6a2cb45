"""The node of an export: which model, which rows, which converter; the graph and the comparison.

An export that was compared before is not made again: the node's id says all that decides it.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from clew.errors import ClewError
from clew.lineage.canonical import NodeId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, Value, call_id
from clew.serve.parity import Parity
from clew.serve.ports import Exporter
from clew.steps.runtime import Runtime, current

OPERATION = "clew.serve:export"
FORMAT = 5
"""Raised when this package writes other graphs for the same model, or compares them otherwise."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of exporting a model.

    Parameters
    ----------
    graph : bytes
        The export; empty when there is none.
    parity : Parity or None
        How it compares; None when there is nothing to compare.
    node : str or None
        Id of the node, when it could be recorded.
    """

    graph: bytes
    parity: Parity | None
    reason: str
    node: str | None


@dataclass(frozen=True, slots=True)
class _Call:
    runtime: Runtime
    id: NodeId
    inputs: tuple[Edge, ...]
    values: tuple[Value, ...]


def known(
    model: Any, sample: Any, form: str, tolerance: float, using: Exporter
) -> tuple[_Call | None, Verdict | None]:
    """Return the call that an export is, and what came of it when it was made before.

    There is no call (and nothing is recorded) for a model without a sound content id.
    """
    how = {"form": form, "tolerance": tolerance, "format": FORMAT, "exporter": using.name}
    try:
        runtime = current()
        named = {"model": model, "sample": sample, "how": {**how, **using.versions()}}
        ids = {name: fingerprint(value) for name, value in named.items()}
    except (ClewError, TypeError):
        return None, None
    inputs = tuple(Edge(name, id) for name, id in ids.items())
    values = tuple(describe(ids[name], value) for name, value in named.items())
    id = call_id(OPERATION, None, runtime.environment[0], None, inputs)
    call = _Call(runtime, id, inputs, values)
    return call, _stored(call)


def remember(call: _Call | None, verdict: Verdict) -> Verdict:
    """Record an export with its comparison; return the verdict with its node's id."""
    if call is None:
        return verdict
    parity = None if verdict.parity is None else asdict(verdict.parity)
    outputs, values = [], list(call.values)
    for name, value in (
        ("verdict", json.dumps({"parity": parity, "reason": verdict.reason})),
        ("graph", verdict.graph),
    ):
        id = fingerprint(value)
        _, size_bytes = call.runtime.vault.put(value, id)
        described = describe(id, value)
        values.append(replace(described, size_bytes=size_bytes, state="stored"))
        outputs.append(Edge(name, id))
    node = Node(
        id=call.id,
        call=call.id,
        operation=OPERATION,
        kind="export",
        code=None,
        environment=call.runtime.environment[0],
        seed=None,
        inputs=call.inputs,
        outputs=tuple(outputs),
        created_ms=int(time.time() * 1000),
    )
    call.runtime.store.record([node], values)
    return replace(verdict, node=call.id.hex())


def _stored(call: _Call) -> Verdict | None:
    for node in call.runtime.store.variants([call.id]).get(call.id, ()):
        said, graph = node.output("verdict"), node.output("graph")
        if said is None or graph is None:
            continue
        try:
            fields = json.loads(call.runtime.vault.get(said))
            content = call.runtime.vault.get(graph)
        except ClewError:
            continue
        parity = None if fields["parity"] is None else Parity(**fields["parity"])
        return Verdict(content, parity, fields["reason"], node.id.hex())
    return None
