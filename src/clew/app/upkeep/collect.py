"""`clew gc`: drop bytes that no run needs, that are old, or that exceed the budget.

Only bytes go. Nodes, values and runs stay, so that everything can still be explained and computed
again. What the named roots are made of never goes; what was used within the last hour stays, too,
since a running flow may have just stored it.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from clew.app.upkeep.worth import History, leaving
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.ports import BlobStore, NodeStore, RunStore, ValueIndex
from clew.lineage.records import Node, Run
from clew.lineage.values import CALL_S

GRACE_S = 3600.0
_ALL = 1 << 62
_BATCH = 1000
_READ_BYTES_S = 1e9
"""What a local disk reads in a second, where nobody has measured it."""

Why = Literal["unreachable", "old", "over-budget"]


class Graph(NodeStore, ValueIndex, RunStore, Protocol):
    """A store of nodes, values and runs."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A value whose bytes go (or went).

    Parameters
    ----------
    why : {"unreachable", "old", "over-budget"}
        No record names it; only what is older than the age uses it; or it is worth least for its
        size.
    """

    id: ValueId
    size_bytes: int
    why: Why


@dataclass(frozen=True, slots=True)
class Collection:
    """What `collect` dropped, or would drop."""

    dropped: tuple[Dropped, ...]
    kept_bytes: int
    kept_values: int
    dry_run: bool

    @property
    def freed_bytes(self) -> int:
        """Bytes that the dropped values took."""
        return sum(one.size_bytes for one in self.dropped)


def collect(
    graph: Graph,
    blobs: BlobStore,
    *,
    roots: Iterable[ValueId] = (),
    older_than_s: float | None = None,
    budget_bytes: int | None = None,
    metric: str | None = None,
    load_s: Callable[[int], float] = lambda size_bytes: CALL_S + size_bytes / _READ_BYTES_S,
    grace_s: float = GRACE_S,
    dry_run: bool = True,
    now_s: float | None = None,
) -> Collection:
    """Find values whose bytes can go, and drop them unless it is a dry run.

    Parameters
    ----------
    graph : Graph
        Nodes, values and runs.
    blobs : BlobStore
        The bytes.
    roots : iterable of ValueId
        Values that stay, with everything inside them (registered models, for example).
    older_than_s : float, optional
        Runs that started longer ago keep nothing; what was last used longer ago goes. Without it
        everything that a record names stays.
    budget_bytes : int, optional
        Keep what is most useful of what fits (see `worth`).
    metric : str, optional
        Metric from 0 to 1 that says how good a model is: what leads to good ones is kept rather.
    load_s : callable, optional
        Gives the seconds that reading so many bytes takes.
    grace_s : float
        What was used within so many seconds stays, whatever refers to it.
    dry_run : bool, default True
        Only say what would go.
    now_s : float, optional
        Seconds since the epoch; default: now.
    """
    now = time.time() if now_s is None else now_s
    stored = {id: (size, used) for id, size, used in blobs.ids()}
    pinned = _with_members(blobs, roots)
    history = History(metric)
    recent, ever = _used(graph, blobs, history, older_than_s, now)
    named = set(graph.describe(list(stored)))
    # What is used outside any flow has no run: steps that were called alone, results of traced
    # operations, of estimators and of searches. Whoever read a value last decides, and when.
    used = {id for id in named if older_than_s is None or now - stored[id][1] < older_than_s}
    kept = pinned | recent | _with_members(blobs, used)
    dropped = [
        Dropped(id, size, "old" if id in ever or id in named else "unreachable")
        for id, (size, used) in stored.items()
        if id not in kept and now - used >= grace_s
    ]
    gone = {one.id for one in dropped}
    left = {id: size for id, (size, _) in stored.items() if id not in gone}
    if budget_bytes is not None:
        free = {id for id in left if id not in pinned and now - stored[id][1] >= grace_s}
        _note_makers(graph, history, free - ever)
        members = functools.partial(_with_members, blobs)
        for id in list(leaving(history, left, free, members, load_s, budget_bytes)):
            dropped.append(Dropped(id, left.pop(id), "over-budget"))
    if not dry_run:
        _drop(graph, blobs, [one.id for one in dropped])
    return Collection(tuple(dropped), sum(left.values()), len(left), dry_run)


def _used(
    graph: Graph,
    blobs: BlobStore,
    history: History,
    older_than_s: float | None,
    now_s: float,
) -> tuple[set[ValueId], set[ValueId]]:
    """Return the values that recent runs used, and those that any run used; note what they made."""
    recent: set[ValueId] = set()
    ever: set[ValueId] = set()
    known: dict[NodeId, Node | None] = {}
    for run in graph.runs(limit=_ALL):
        found = set(_of_run(graph, run, known, history))
        ever |= found
        if older_than_s is None or run.started_ms / 1000 > now_s - older_than_s:
            recent |= found
    return _with_members(blobs, recent), _with_members(blobs, ever)


def _of_run(
    graph: Graph, run: Run, known: dict[NodeId, Node | None], history: History
) -> Iterator[ValueId]:
    if run.result is not None:
        yield run.result
    for id in nodes_of(graph, run):
        if id not in known:
            known[id] = graph.node(id)
        node = known[id]
        if node is not None:
            history.note(node)
            yield from (edge.value for edge in (*node.inputs, *node.outputs))
    if history.metric is not None:
        for entry in graph.entries(run.id):
            history.note_quality(entry)


def _note_makers(graph: Graph, history: History, ids: Iterable[ValueId]) -> None:
    """Note what made values that no run used: they can be made again, unlike arguments."""
    for id in ids:
        for maker in graph.linked(id, "up"):
            node = graph.node(maker)
            if node is not None:
                history.note_alone(node)


def nodes_of(graph: Graph, run: Run) -> list[NodeId]:
    """Return the nodes that a run used, and those that put its result together from theirs."""
    used = dict.fromkeys(use.node for use in graph.uses(run.id) if use.node is not None)
    makers = () if run.result is None else graph.linked(run.result, "up")
    if used.keys().isdisjoint(makers):
        # Another run may have made the same content from other nodes.
        used.update(dict.fromkeys(id for id in makers if _stands_on(graph, id, used)))
    return list(used)


def _stands_on(graph: Graph, id: NodeId, used: Mapping[NodeId, None]) -> bool:
    node = graph.node(id)
    return node is not None and all(
        edge.source is None or edge.source in used for edge in node.inputs
    )


def _with_members(blobs: BlobStore, ids: Iterable[ValueId]) -> set[ValueId]:
    """Return values and everything that lies inside them."""
    found: set[ValueId] = set()
    todo = list(ids)
    while todo:
        id = todo.pop()
        if id not in found:
            found.add(id)
            todo += blobs.children(id) or ()
    return found


def _drop(graph: Graph, blobs: BlobStore, ids: list[ValueId]) -> None:
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        # First the bytes: a full disk has no room for anything else. A value that is called stored
        # and is not there does no harm (`has` asks for its bytes), and `clew fsck` corrects it.
        for id in batch:
            blobs.delete(id)
        described = graph.describe(batch).values()
        graph.update(
            [
                dataclasses.replace(value, state="absent", size_bytes=0)
                for value in described
                if value.state == "stored"
            ]
        )
