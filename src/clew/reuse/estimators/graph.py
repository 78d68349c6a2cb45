"""Calls as nodes of the graph, and their results as values of the store.

Each call that was computed becomes a draft. A draft is written as a node when it cost more than
writing does, or when something that is written was made from it; so the graph has no holes, and
calls that cost next to nothing cost nothing here. Writing happens in batches: small results of one
batch share a value. The budget is the store's, and what it holds serves other processes and runs.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clew.errors import ClewError
from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId, digest
from clew.lineage.code.archive import to_stored
from clew.lineage.code.record import CodeRecord
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import NODE_FORMAT, Cost, Edge, Node, Value
from clew.lineage.ulid import new_ulid
from clew.reuse.estimators.identity import name
from clew.reuse.estimators.packed import Packed, dump, load, pack
from clew.reuse.estimators.results import Result
from clew.steps.runtime import Runtime

NODE_S = 1e-3
"""Calls that took less are written only if something that is written was made from them."""

_SHARE = 0.01
"""Storing a result may take this share of what computing it took, and no more."""

_SHARE_AGAIN = 0.2
"""The same for one that an earlier run had computed, but not stored: it will be asked for again."""

_BYTE_S = 1 / 50e6
"""Seconds to pickle, hash, compress and write a byte, until that was measured."""

_CALL_S = 1e-4
_SMALL_BYTES = 1 << 16
_MEASURED_BYTES = 1 << 20
_BATCH = 256
_UNWRITTEN_S = 5.0
"""What may be lost when the process is killed: results that took so long together."""

_DRAFTS = 20_000
_READ = 8


@dataclass(slots=True)
class Draft:
    """A call that may become a node.

    Parameters
    ----------
    outputs : tuple of Edge
        Results by derived names: the hash of the call and of what each is to it.
    result : Result or None
        To be stored if that is worth it.
    """

    key: NodeId
    operation: str
    kind: str
    code: CodeId | None
    environment: Digest | None
    seed: int | None
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]
    cost: Cost = field(default_factory=Cost)
    result: Result | None = None

    def node(self) -> Node:
        """Return the node."""
        return Node(
            id=self.key,
            call=self.key,
            operation=self.operation,
            kind=self.kind,
            code=self.code,
            environment=self.environment,
            seed=self.seed,
            inputs=self.inputs,
            outputs=self.outputs,
            cost=self.cost,
            created_ms=int(time.time() * 1000),
        )


class Graph:
    """What one session knows of the graph; safe to use from several threads.

    Parameters
    ----------
    runtime : Runtime
        The store.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._drafts: OrderedDict[NodeId, Draft] = OrderedDict()
        self._makers: dict[Digest, NodeId] = {}
        self._waiting: list[Draft] = []
        self._waiting_s = 0.0
        self._byte_s = _BYTE_S
        self._shown: dict[ValueId, Value] = {}
        self._described: set[ValueId] = set()
        self._codes: dict[CodeId, CodeRecord] = {}
        self._environments: dict[Digest, Mapping[str, str]] = {}
        self._read: OrderedDict[NodeId, Packed] = OrderedDict()
        self._lock = threading.RLock()

    # -- results --------------------------------------------------------------------------------
    def recall(self, key: NodeId) -> tuple[Result, float] | None:
        """Return the result of a call and the seconds that it took, if the store keeps it."""
        try:
            for event in reversed(self.runtime.store.linked(_kept(key), "down")):
                packed = self._packed(event)
                content = None if packed is None else packed.part(key)
                found = None if content is None else load(content)
                if found is not None:
                    return found
        except ClewError:  # dropped by `clew gc`, damaged, or a store that is not trusted
            return None
        return None

    def _packed(self, event: NodeId) -> Packed | None:
        """Return the value that an event stored."""
        with self._lock:
            found = self._read.get(event)
            if found is not None:
                self._read.move_to_end(event)
                return found
        node = self.runtime.store.node(event)
        kept = None if node is None else node.output("kept")
        packed = None if kept is None else self.runtime.vault.get(kept)
        if not isinstance(packed, Packed):
            return None
        if len(packed.parts) > 1:
            with self._lock:
                self._read[event] = packed
                while len(self._read) > _READ:
                    self._read.popitem(last=False)
        return packed

    # -- nodes ----------------------------------------------------------------------------------
    def source(self, value: Digest) -> NodeId | None:
        """Return the call that made a value, if it is known here."""
        return self._makers.get(value)

    def knows(self, value: Digest) -> bool:
        """Tell whether the call that made a value is known."""
        return value in self._makers

    def made(self, key: NodeId, *values: Digest) -> None:
        """Say which call made which values."""
        for value in values:
            self._makers[value] = key

    def describe(self, id: ValueId, value: Any, text: str | None = None) -> None:
        """Note what a value looks like, for people; at first sight only."""
        if id in self._described:
            return
        self._described.add(id)
        shown = describe(id, value if text is None else None)
        if text is not None:
            kind = type(value)
            shown = Value(id, f"{kind.__module__}.{kind.__qualname__}", text[:200])
        self._shown[id] = shown

    def describe_code(self, id: CodeId, record: CodeRecord) -> None:
        """Note what a code id covers."""
        with self._lock:
            self._codes.setdefault(id, record)

    def knows_code(self, id: CodeId) -> bool:
        """Tell whether a code id was described."""
        return id in self._codes

    def describe_environment(self, id: Digest, record: Mapping[str, str]) -> None:
        """Note what an environment consists of."""
        with self._lock:
            self._environments.setdefault(id, record)

    def knows_environment(self, id: Digest) -> bool:
        """Tell whether an environment was described."""
        return id in self._environments

    def add(self, draft: Draft) -> None:
        """Take a call that was computed; write it, with what it was made from, if it is dear."""
        with self._lock:
            self._drafts[draft.key] = draft
            self.made(draft.key, *(edge.value for edge in draft.outputs))
            while len(self._drafts) > _DRAFTS:
                _, forgotten = self._drafts.popitem(last=False)
                for edge in forgotten.outputs:
                    self._makers.pop(edge.value, None)
            if draft.cost.wall_s < NODE_S:
                return
            self._claim(draft.key)
            self._waiting_s += draft.cost.wall_s
            due = len(self._waiting) >= _BATCH or self._waiting_s >= _UNWRITTEN_S
        if due:
            self.flush()

    def _claim(self, key: NodeId) -> None:
        """Move a draft and all drafts that it was made from to those that wait, sources first."""
        pending = [key]
        while pending:
            draft = self._drafts.get(pending[-1])
            if draft is None:
                pending.pop()
                continue
            before = [e.source for e in draft.inputs if e.source in self._drafts]
            before = [source for source in before if source not in pending]
            if before:
                pending += [source for source in before if source is not None]
            else:
                self._waiting.append(self._drafts.pop(pending.pop()))

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            drafts, self._waiting, self._waiting_s = self._waiting, [], 0.0
            shown, self._shown = list(self._shown.values()), {}
        if not drafts:
            return
        nodes = [draft.node() for draft in drafts]
        events, stored = self._store(drafts)
        self._write_context(drafts)
        self.runtime.store.record([*nodes, *events], [*shown, *stored])

    def _write_context(self, drafts: Sequence[Draft]) -> None:
        for code in {draft.code for draft in drafts} - {None}:
            record = self._codes.get(code) if code is not None else None
            if code is not None and record is not None and code not in self.runtime.known_code:
                self.runtime.store.put_code(to_stored(record))
                self.runtime.known_code.add(code)
        for id in {draft.environment for draft in drafts} - {None}:
            found = self._environments.get(id) if id is not None else None
            if id is not None and found:
                self.runtime.store.put_environment(id, found)
                self._environments[id] = {}

    # -- storing --------------------------------------------------------------------------------
    def _store(self, drafts: Sequence[Draft]) -> tuple[list[Node], list[Value]]:
        """Store results that are worth it; return the events that say where, and the values."""
        begun = time.perf_counter()
        small: dict[bytes, bytes] = {}
        groups: list[dict[bytes, bytes]] = [small]
        costs: dict[bytes, float] = {}
        for draft in drafts:
            content = self._dumped(draft)
            draft.result = None
            if content is not None:
                costs[draft.key] = draft.cost.wall_s
                if len(content) <= _SMALL_BYTES:
                    small[draft.key] = content
                else:
                    groups.append({draft.key: content})
        events: list[Node] = []
        values: list[Value] = []
        for group in groups:
            cost_s = sum(costs[key] for key in group)
            value = self._put(group, cost_s) if group else None
            if value is not None:
                values.append(value)
                events.append(_event(group, value.id, cost_s))
        size_bytes = sum(len(content) for group in groups for content in group.values())
        self._learn(size_bytes, time.perf_counter() - begun)
        return events, values

    def _dumped(self, draft: Draft) -> bytes | None:
        """Return a result as bytes if storing it takes next to nothing of what it cost."""
        if draft.result is None or not self._is_worth(draft, draft.cost.size_bytes):
            return None
        content = dump(draft.result, draft.cost.wall_s)
        if content is None or not self._is_worth(draft, len(content)):
            return None
        return content

    def _is_worth(self, draft: Draft, size_bytes: int) -> bool:
        needs_s, cost_s = _CALL_S + size_bytes * self._byte_s, draft.cost.wall_s
        if needs_s <= _SHARE * cost_s:
            return True
        return needs_s <= _SHARE_AGAIN * cost_s and self.runtime.store.node(draft.key) is not None

    def _learn(self, size_bytes: int, took_s: float) -> None:
        """Learn what a byte takes here; one slow moment shall not end all storing."""
        if size_bytes >= _MEASURED_BYTES:
            seen = min(max(took_s / size_bytes, _BYTE_S / 4), _BYTE_S * 4)
            self._byte_s = (self._byte_s + seen) / 2

    def _put(self, group: dict[bytes, bytes], cost_s: float) -> Value | None:
        runtime = self.runtime
        packed = pack(group)
        size_bytes = packed.content.nbytes
        decision = runtime.materialiser.decide(
            cumulative_compute_s=cost_s,
            load_s=runtime.vault.load_s(size_bytes),
            size_bytes=size_bytes,
        )
        if not decision.keep:
            return None
        try:
            id = fingerprint(packed)
            _, stored_bytes = runtime.vault.put(packed, id)
        except ClewError:  # a store that takes no pickles, a full disk: the node stands without
            runtime.materialiser.release(size_bytes)
            return None
        kind = f"{Packed.__module__}.{Packed.__qualname__}"
        preview = f"results of {len(group)} calls" if len(group) > 1 else "result of a call"
        return Value(id, kind, preview, size_bytes=stored_bytes, state="stored")


def _kept(key: bytes) -> ValueId:
    """Return the name under which the place of a call's result is looked for."""
    return ValueId(name("kept", key))


def _event(keys: Iterable[bytes], kept: ValueId, cost_s: float) -> Node:
    """Return the event that stored the results of calls: where they are may change, calls not.

    Its cost is what making the results again would take.
    """
    id = NodeId(digest("event", NODE_FORMAT, [new_ulid().encode()]))
    return Node(
        id=id,
        call=id,
        operation="clew.reuse:keep",
        kind="event",
        code=None,
        environment=None,
        seed=None,
        inputs=tuple(Edge("result", _kept(key)) for key in keys),
        outputs=(Edge("kept", kept),),
        cost=Cost(cost_s),
        created_ms=int(time.time() * 1000),
    )
