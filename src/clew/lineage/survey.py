"""Wide views of the graph: a part of it in bulk, who used which nodes, and a search.

`clew.lineage.graph` reads node by node, which is right for a thread; a page that shows thousands of
nodes at once asks here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.records import Decision, Use, Value


@dataclass(frozen=True, slots=True)
class PartNode:
    """A node as far as a picture shows it.

    Parameters
    ----------
    distance : int
        From where it was asked, in nodes.
    hidden_up, hidden_down : int
        Neighbours that the part leaves out.
    """

    id: NodeId
    operation: str
    kind: str
    wall_s: float
    size_bytes: int
    created_ms: int
    irreproducible: bool
    distance: int
    hidden_up: int
    hidden_down: int


@dataclass(frozen=True, slots=True)
class PartEdge:
    """An input: of the node at a position, made by another one, or (None) by no node at all."""

    target: int
    name: str
    value: ValueId
    source: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the graph.

    Parameters
    ----------
    nodes : tuple of PartNode
        Nearest first.
    edges : tuple of PartEdge
        Inputs that a node of the part made, and those that no node made.
    leaves : mapping
        What is known of the latter.
    truncated : bool
        Whether there was more within the distance.
    """

    nodes: tuple[PartNode, ...]
    edges: tuple[PartEdge, ...]
    leaves: Mapping[ValueId, Value]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What a run decided about a node, and what reuse of it saved over all runs."""

    decision: Decision
    reason: str
    saved_s: float


@dataclass(frozen=True, slots=True)
class UsingRun:
    """A run that used a node."""

    id: str
    name: str
    flow: str | None
    started_ms: int


@dataclass(frozen=True, slots=True)
class Found:
    """Something whose name or preview holds a text; `id` is the name of an operation or file."""

    kind: Literal["operation", "value", "file"]
    id: str
    label: str
    detail: str


class Survey(Protocol):
    """Wide views of the graph. Thread-safe; only reads."""

    def part(self, start: Sequence[NodeId], *, up: int, down: int, limit: int) -> Part:
        """Return what lies within a distance above and below some nodes, nearest first."""

    def decided(self, ids: Sequence[NodeId], run: str | None = None) -> Mapping[NodeId, Decided]:
        """Return the decisions of a run about nodes, or of the newest run that used each."""

    def uses_of(self, id: NodeId, limit: int = 100) -> tuple[tuple[UsingRun, Use], ...]:
        """Return who used a node and how, newest first."""

    def users(self, ids: Sequence[NodeId], limit: int = 100) -> tuple[UsingRun, ...]:
        """Return the runs that used any of some nodes, newest first."""

    def find(self, text: str, limit: int = 20) -> tuple[Found, ...]:
        """Return operations, values by their preview, and files that were read, by a part of them.

        Capitals do not matter. Operations come first, those that are used most before others.
        """

    def nodes_of(self, operation: str, limit: int = 20) -> tuple[NodeId, ...]:
        """Return the newest nodes of an operation."""
