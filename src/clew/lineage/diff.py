"""Where two threads part: the first nodes that differ for a reason of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.differences import Difference, differences
from clew.lineage.ports import NodeStore, ValueIndex
from clew.lineage.records import Edge, Node


class GraphStore(NodeStore, ValueIndex, Protocol):
    """Nodes and what is known of their values."""


@dataclass(frozen=True, slots=True)
class Parting:
    """A pair of calls at which two threads part, and why.

    Parameters
    ----------
    operation : str
        Name of the step.
    a, b : Node or None
        The calls; None where one thread has no counterpart.
    why : tuple of Difference
        The fields that differ and that no earlier pair explains.
    """

    operation: str
    a: Node | None
    b: Node | None
    why: tuple[Difference, ...]


def diff(store: GraphStore, pairs: Sequence[tuple[Node, Node]]) -> tuple[Parting, ...]:
    """Return the first partings above each pair of nodes, each once.

    A pair of calls whose only differences are inputs made by a pair of calls that differ
    themselves is not a parting: the earlier pair is.
    """
    walk = _Walk(store)
    for a, b in pairs:
        walk.visit(a, b)
    return tuple(walk.found)


class _Walk:
    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._seen: set[tuple[NodeId, NodeId]] = set()
        self.found: list[Parting] = []

    def visit(self, a: Node, b: Node) -> None:
        """Walk up both threads at once, without recursion: threads may be long."""
        pending = [(a, b)]
        while pending:
            one, two = pending.pop()
            if one.id == two.id or (one.id, two.id) in self._seen:
                continue
            self._seen.add((one.id, two.id))
            own: list[Difference] = []
            for difference in differences(self._store, one, two):
                earlier = self._producers(difference, one, two)
                if earlier is None:
                    own.append(difference)
                else:
                    pending.append(earlier)
            if own:
                self.found.append(Parting(two.operation, one, two, tuple(own)))
            elif _result(one) != _result(two) and not self._inputs_differ(one, two):
                why = Difference("result", _hex(_result(one)), _hex(_result(two)))
                self.found.append(Parting(two.operation, one, two, (why,)))

    def _producers(self, difference: Difference, a: Node, b: Node) -> tuple[Node, Node] | None:
        """Return the calls that made a differing input, when they are of one operation."""
        kind, _, name = difference.field.partition(" ")
        if kind != "input":
            return None
        one, two = self._producer(_input(a, name)), self._producer(_input(b, name))
        if one is None or two is None or one.operation != two.operation:
            return None
        return one, two

    def _producer(self, edge: Edge | None) -> Node | None:
        return None if edge is None or edge.source is None else self._store.node(edge.source)

    def _inputs_differ(self, a: Node, b: Node) -> bool:
        return a.inputs != b.inputs


def _input(node: Node, name: str) -> Edge | None:
    return next((edge for edge in node.inputs if edge.name == name), None)


def _result(node: Node) -> ValueId | None:
    return node.output("result")


def _hex(id: ValueId | None) -> str:
    return "(none)" if id is None else id.hex()[:12]
