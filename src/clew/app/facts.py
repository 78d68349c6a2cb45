"""Facts that commands find, kept as nodes: a value, what it was found from, and who asked."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, call_id

if TYPE_CHECKING:
    from clew.app.store import Store


def record(
    store: Store,
    operation: str,
    kind: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, ValueId],
) -> NodeId:
    """Record a fact as a node; return its id.

    Parameters
    ----------
    inputs : mapping
        By name: values, or ids of values that the store knows.
    outputs : mapping
        By name, ids of values that are stored.
    """
    edges = []
    for name, value in inputs.items():
        is_id = isinstance(value, bytes)
        content = ValueId(Digest(value)) if is_id else stored(store, value)
        makers = makers_of(store, content) if is_id else ()
        edges.append(Edge(name, content, makers[0] if makers else None))
    environment = store.runtime.environment[0]
    id = call_id(operation, None, environment, None, edges)
    node = Node(
        id=id,
        call=id,
        operation=operation,
        kind=kind,
        code=None,
        environment=environment,
        seed=None,
        inputs=tuple(edges),
        outputs=tuple(Edge(name, value) for name, value in outputs.items()),
        created_ms=time.time_ns() // 1_000_000,
    )
    store.runtime.store.add([node], [])
    return id


def known(store: Store, operation: str, inputs: Mapping[str, Any]) -> Node | None:
    """Return the node of a fact that was found from these inputs before, if its values are here."""
    edges = [
        Edge(name, ValueId(Digest(value)) if isinstance(value, bytes) else fingerprint(value))
        for name, value in inputs.items()
    ]
    node = store.runtime.store.node(
        call_id(operation, None, store.runtime.environment[0], None, edges)
    )
    if node is None or not all(store.runtime.vault.has(edge.value) for edge in node.outputs):
        return None
    return node


def stored(store: Store, value: object) -> ValueId:
    """Store a value, and describe it."""
    id = fingerprint(value)
    _, size_bytes = store.runtime.vault.put(value, id)
    encoded = store.runtime.vault.blobs.get(id)  # type: ignore[attr-defined]
    described = replace(
        describe(id, value),
        size_bytes=size_bytes,
        state="stored",
        format=encoded.format if encoded is not None else "",
    )
    store.runtime.store.update([described])
    return id


@contextmanager
def holding(store: Store, subject: str) -> Iterator[None]:
    """Hold something that changes, so that nobody else changes it meanwhile."""
    id = NodeId(Digest(bytes(fingerprint(f"clew.app:{subject}"))))
    with store.runtime.claims.hold(id):
        yield


def user() -> str:
    """Return who runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def makers_of(store: Store, content: ValueId) -> tuple[NodeId, ...]:
    """Return the nodes that made a value: steps; tracked runs that logged it, where none did."""
    found = [store.runtime.store.node(id) for id in store.runtime.store.linked(content, "up")]
    nodes = [node for node in found if node is not None]
    steps = [node for node in nodes if node.kind != "run"]
    return tuple(node.id for node in steps or nodes)
