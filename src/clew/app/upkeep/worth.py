"""What is worth keeping of many runs, when not all of it fits into a budget.

Values are kept by the utility of the nodes that made them (`select_by_utility`): how often runs
used a node, how long making it again would take with all that leads to it, for the bytes that it
takes; and, where a metric is named, how good the best model is to which it leads. All values of a
node stay or go together, members and effects included: without one of them it cannot be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from clew.errors import InvalidParameter
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.plan.graph import Key, PlanGraph, Task
from clew.lineage.plan.materialise import Artifact, potentials, select_by_utility
from clew.lineage.records import LogEntry, Node

Members = Callable[[Iterable[ValueId]], set[ValueId]]
"""Gives values and everything that lies inside them."""


@dataclass(slots=True)
class History:
    """What runs made.

    Attributes
    ----------
    nodes : dict
        Every node that a run used, and those that made the other values.
    runs : Counter
        How many runs used it (once where nobody knows).
    quality : dict
        What it logged of the metric that says how good a model is.
    """

    metric: str | None = None
    nodes: dict[NodeId, Node] = field(default_factory=dict)
    runs: Counter[NodeId] = field(default_factory=Counter)
    quality: dict[NodeId, float] = field(default_factory=dict)

    def note(self, node: Node) -> None:
        """Note that a run used a node."""
        self.nodes[node.id] = node
        self.runs[node.id] += 1

    def note_alone(self, node: Node) -> None:
        """Note a node that no run used: whoever made its values used it once."""
        if node.id not in self.nodes:
            self.note(node)

    def note_quality(self, entry: LogEntry) -> None:
        """Note what a model is worth, where the entry says that.

        Raises
        ------
        InvalidParameter
            When the metric is not a number from 0 to 1.
        """
        if entry.kind != "metric" or entry.key != self.metric or entry.node is None:
            return
        if entry.number is None or not 0 <= entry.number <= 1:
            raise InvalidParameter(
                f"the metric {entry.key} cannot say which models are good",
                got=str(entry.number),
                expected="a metric from 0 (worthless) to 1 (perfect), such as accuracy",
            )
        best = self.quality.get(entry.node, 0.0)
        self.quality[entry.node] = max(best, entry.number)


def leaving(
    history: History,
    sizes: Mapping[ValueId, int],
    free: set[ValueId],
    members: Members,
    load_s: Callable[[int], float],
    budget_bytes: int,
) -> Iterator[ValueId]:
    """Yield the values that go, so that what stays fits into the budget.

    Parameters
    ----------
    sizes : mapping of ValueId to int
        Everything that is stored, in bytes.
    free : set of ValueId
        What may go. Values that no node made (arguments) go only when nothing else is left, the
        largest first: nothing can make them again.
    load_s : callable
        Gives the seconds that reading so many bytes takes.
    """
    if sum(sizes.values()) <= budget_bytes:
        return
    units = {
        id: members(edge.value for edge in node.outputs) & free
        for id, node in history.nodes.items()
    }
    made = set[ValueId]().union(*units.values())
    room_bytes = budget_bytes - sum(size for id, size in sizes.items() if id not in made)
    artifacts = _artifacts(history, units, sizes, load_s)
    weight = 0.5 if history.quality else 0.0
    kept = select_by_utility(artifacts, max(room_bytes, 0), potential_weight=weight).kept
    staying = set[ValueId]().union(*(units[NodeId(id)] for id in kept))  # type: ignore[arg-type]
    yield from sorted(made - staying)
    excess_bytes = -room_bytes
    for id in sorted(free - made, key=lambda id: (-sizes[id], id)):
        if excess_bytes <= 0:
            return
        excess_bytes -= sizes[id]
        yield id


def _artifacts(
    history: History,
    units: Mapping[NodeId, set[ValueId]],
    sizes: Mapping[ValueId, int],
    load_s: Callable[[int], float],
) -> Iterator[Artifact]:
    nodes = history.nodes
    graph = PlanGraph(
        [Task(id, _sources(node, nodes), node.cost.wall_s) for id, node in nodes.items()]
    )
    quality: dict[Key, float] = {}
    quality.update(history.quality.items())
    potential = potentials(graph, quality)
    for id, values in units.items():
        if values:
            size_bytes = sum(sizes[value] for value in values)
            yield Artifact(
                key=id,
                frequency=history.runs[id],
                recreate_s=_recreate_s(id, nodes),
                load_s=load_s(size_bytes),
                size_bytes=size_bytes,
                potential=potential[id],
            )


def _sources(node: Node, nodes: Mapping[NodeId, Node]) -> tuple[NodeId, ...]:
    found = (edge.source for edge in node.inputs if edge.source in nodes)
    return tuple(dict.fromkeys(source for source in found if source is not None))


def _recreate_s(id: NodeId, nodes: Mapping[NodeId, Node]) -> float:
    seen, pending, total_s = {id}, [id], 0.0
    while pending:
        node = nodes[pending.pop()]
        total_s += node.cost.wall_s
        fresh = [source for source in _sources(node, nodes) if source not in seen]
        seen.update(fresh)
        pending += fresh
    return total_s
