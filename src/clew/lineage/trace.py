"""Traces: a thread as text, one line a node, that can be parsed, compared and re-executed.

The four operations on lineage of Phani, Rath and Boehm (LIMA, SIGMOD 2021, section 3.1):
serialise, deserialise, compare, and (in `clew.app.rebuild`) reconstruct.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from clew.errors import InvalidParameter
from clew.lineage.canonical import NodeId
from clew.lineage.records import Node, call_id, node_id

HEADER = "clew-trace 1"


def serialise(nodes: Iterable[Node]) -> str:
    """Return a thread as text: a header, then one line of JSON a node, sources first."""
    lines = [msgspec.json.encode(node).decode() for node in in_order(list(nodes))]
    return "\n".join([HEADER, *lines, ""])


def parse(text: str) -> tuple[Node, ...]:
    """Return the nodes of a trace, each checked against its own id.

    Raises
    ------
    InvalidParameter
        When the text is no trace, or a line does not match the id that it states.
    """
    lines = text.splitlines()
    if not lines or lines[0] != HEADER:
        raise InvalidParameter("not a trace", got=lines[0][:40] if lines else "", expected=HEADER)
    return tuple(_parse_line(number, line) for number, line in enumerate(lines[1:], 2) if line)


def _parse_line(number: int, line: str) -> Node:
    try:
        node = msgspec.json.decode(line, type=Node)
    except msgspec.DecodeError as error:
        raise InvalidParameter(f"trace, line {number}: {error}") from None
    if not is_event(node) and node.id != expected_id(node):
        raise InvalidParameter(
            f"trace, line {number}: the record does not match its id",
            got=expected_id(node).hex(),
            expected=node.id.hex(),
        )
    return node


def expected_id(node: Node) -> NodeId:
    """Return the id that a node's fields give."""
    call = call_id(node.operation, node.code, node.environment, node.seed, node.inputs)
    return node_id(call, node.reads)


def is_event(node: Node) -> bool:
    """Tell whether the node is an execution that is never found again, named by chance."""
    return node.kind in ("event", "run")


def same(one: Sequence[Node], two: Sequence[Node]) -> bool:
    """Tell whether two threads are the same calls with the same results, whatever they cost."""
    return {_facts(node) for node in one} == {_facts(node) for node in two}


def _facts(node: Node) -> tuple[object, ...]:
    return node.id, node.outputs


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes with sources first; equal threads give equal orders."""
    by_id = {node.id: node for node in nodes}
    placed: dict[NodeId, Node] = {}
    for node in sorted(nodes, key=lambda item: item.id):
        pending, waiting = [node], {node.id}
        while pending:
            current = pending[-1]
            sources = [
                edge.source
                for edge in current.inputs
                if edge.source in by_id and edge.source not in placed and edge.source not in waiting
            ]
            if sources:
                pending.append(by_id[min(source for source in sources if source is not None)])
                waiting.add(pending[-1].id)
            else:
                placed.setdefault(pending.pop().id, current)
    return list(placed.values())
