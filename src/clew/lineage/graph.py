"""The graph around a node: what it came from, what came of it, and the paths between."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.ports import Direction, NodeStore
from clew.lineage.records import Node


@dataclass(frozen=True, slots=True)
class Link:
    """One value that went from a node to another: an arrow of the graph."""

    source: NodeId
    target: NodeId
    name: str
    value: ValueId


@dataclass(frozen=True, slots=True)
class Lineage:
    """A part of the graph around one or more nodes.

    Parameters
    ----------
    focus : tuple of NodeId
        Where it was asked from.
    nodes : tuple of Node
        Nearest first.
    links : tuple of Link
        Arrows between these nodes.
    """

    focus: tuple[NodeId, ...]
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]

    def parents(self, id: NodeId) -> tuple[Link, ...]:
        """Return the arrows that end in a node."""
        return tuple(link for link in self.links if link.target == id)

    def operations(self) -> tuple[str, ...]:
        """Return the names of the operations, nearest first, each once."""
        return tuple(dict.fromkeys(node.operation for node in self.nodes))


def around(
    store: NodeStore,
    focus: Sequence[NodeId],
    *,
    up: bool = True,
    down: bool = False,
    depth: int | None = None,
) -> Lineage:
    """Return the ancestors and descendants of some nodes, up to a distance.

    Parameters
    ----------
    depth : int, optional
        Longest distance in nodes; all the way without it.
    """
    directions: list[Direction] = [*(["up"] if up else []), *(["down"] if down else [])]  # type: ignore[list-item]
    ids = dict.fromkeys(focus)
    for direction in directions:
        ids.update(dict.fromkeys(store.closure(focus, direction, depth)))
    nodes = tuple(node for node in map(store.node, ids) if node is not None)
    return Lineage(tuple(focus), nodes, tuple(_links(nodes)))


def _links(nodes: Sequence[Node]) -> Iterator[Link]:
    present = {node.id for node in nodes}
    for node in nodes:
        for edge in node.inputs:
            if edge.source is not None and edge.source in present:
                yield Link(edge.source, node.id, edge.name, edge.value)


def paths(
    store: NodeStore, start: NodeId, end: NodeId, *, most: int = 20
) -> tuple[tuple[NodeId, ...], ...]:
    """Return up to `most` shortest paths along the arrows from one node to another."""
    between = set(store.closure([start], "down")) & set(store.closure([end], "up"))
    if start not in between:
        return ()
    lineage = around(store, [end], up=True)
    following: dict[NodeId, list[NodeId]] = {}
    for link in lineage.links:
        if link.source in between and link.target in between:
            following.setdefault(link.source, []).append(link.target)
    found: list[tuple[NodeId, ...]] = []
    pending: deque[tuple[NodeId, ...]] = deque([(start,)])
    while pending and len(found) < most:
        path = pending.popleft()
        if path[-1] == end:
            found.append(path)
            continue
        pending.extend((*path, step) for step in following.get(path[-1], ()) if step not in path)
    return tuple(found)
