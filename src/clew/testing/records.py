"""Small facts for conformance suites: ids, nodes and values made from a text."""

from __future__ import annotations

from collections.abc import Sequence

from clew.lineage.canonical import CodeId, NodeId, ValueId, digest
from clew.lineage.records import Cost, Edge, Node, Read, Value, call_id, node_id


def value_id(text: str) -> ValueId:
    """Return a content id that stands for `text`."""
    return ValueId(digest("test-value", 1, [text.encode()]))


def stored_value(text: str) -> Value:
    """Return the description of a stored value that stands for `text`."""
    return Value(value_id(text), "builtins.str", repr(text), "plain", len(text), "stored")


def make_node(
    operation: str,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    *,
    reads: Sequence[Read] = (),
    seed: int | None = None,
    created_ms: int = 1_700_000_000_000,
    made_by: Sequence[Node] = (),
) -> Node:
    """Return a node whose edges lead from and to the values that stand for texts.

    Inputs that one of the nodes `made_by` gave name it as their source.
    """
    makers = {edge.value: node.id for node in made_by for edge in node.outputs}
    edges = tuple(
        Edge(f"argument_{n}", value_id(text), makers.get(value_id(text)))
        for n, text in enumerate(inputs)
    )
    code = CodeId(digest("test-code", 1, [operation.encode()]))
    environment = digest("test-environment", 1, [])
    call = call_id(operation, code, environment, seed, edges)
    return Node(
        id=node_id(call, reads),
        call=call,
        operation=operation,
        kind="step",
        code=code,
        environment=environment,
        seed=seed,
        inputs=edges,
        outputs=tuple(
            Edge("result" if n == 0 else f"result_{n}", value_id(text))
            for n, text in enumerate(outputs)
        ),
        reads=tuple(reads),
        cost=Cost(0.25, 0.125, 1000),
        created_ms=created_ms,
    )


def unknown_node() -> NodeId:
    """Return the id of a node that no suite adds."""
    return NodeId(digest("test-unknown", 1, []))
