"""Finished work of studies in the store of this place: shared by users, processes and months.

A refitted estimator, or any other large piece of work, is a node of the graph, looked up by the id
of the work. Small pieces (the scores of a configuration on a fold) wait a moment and are written
many at a time: one node, whose inputs name the pieces in the order of the list that it holds. Each
finished study is a node too. `flush` writes what waits.
"""

from __future__ import annotations

import atexit
import copy
import math
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from clew.errors import ClewError, UnsupportedValue
from clew.lineage.canonical import Digest, NodeId, ValueId, digest
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Cost, Edge, Node, Value, call_id
from clew.select.store import MemoryStore, footprint_bytes
from clew.steps.runtime import Runtime

WORK = "clew.select:work"
STUDY = "clew.select:study"
_FORMAT = 1
_BATCH = 1024
_SMALL_BYTES = 1 << 13
_LONGEST_WAIT_S = 1.0
_WRITTEN_FROM_S = 0.05
"""What is made again in less is not written: that takes 1 to 3 ms for each array."""


class RuntimeStudies:
    """A `StudyStore` over the store that steps use, with memory above it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._memory = MemoryStore()
        self._lock = threading.Lock()
        self._waiting: dict[Digest, tuple[Any, float]] = {}
        self._flushed_s = time.monotonic()
        atexit.register(_flush, weakref.ref(self))

    def get(self, key: Digest) -> Any | None:
        """Return a private copy of what was kept, or None."""
        found = self._memory.get(key)
        if found is not None:
            return found
        with self._lock:
            if key in self._waiting:
                return copy.deepcopy(self._waiting[key][0])
        for id in reversed(self.runtime.store.linked(ValueId(key), "down")):
            if self._read(id):
                found = self._memory.get(key)
                if found is not None:
                    return found
        return None

    def _read(self, id: NodeId) -> bool:
        """Take all that a node holds into memory, so that its neighbours need no other look."""
        node = self.runtime.store.node(id)
        if node is None or node.operation != WORK or node.environment != self._environment:
            return False
        result = node.output("result")
        try:
            value: Any = None if result is None else self.runtime.vault.get(result)
        except ClewError:
            return False
        values: Sequence[Any] = [value] if len(node.inputs) == 1 else value
        for edge, part in zip(node.inputs, values, strict=True):
            self._memory.put(edge.value, part)
        return True

    def put(self, key: Digest, value: Any, cost_s: float = math.inf, spent_s: float = 0.0) -> None:
        """Keep a value; what no format can hold, or is soon made again, stays in memory only."""
        self._memory.put(key, value)
        if cost_s < _WRITTEN_FROM_S:
            return
        if type(value) is not dict or footprint_bytes(value, _SMALL_BYTES) is None:
            self._write({key: (value, spent_s)})
            return
        with self._lock:
            self._waiting[key] = (copy.deepcopy(value), spent_s)
            waited_s = time.monotonic() - self._flushed_s
            due = len(self._waiting) >= _BATCH or waited_s > _LONGEST_WAIT_S
        if due:
            self.flush()

    def keep_study(
        self,
        inputs: tuple[Edge, ...],
        shown: Sequence[Value],
        table: Any,
        cost: Cost,
        account: Mapping[str, Any],
    ) -> str | None:
        """Record a finished study and its table; return its node's id.

        Parameters
        ----------
        shown : sequence of Value
            Descriptions of the inputs.
        account : mapping
            What it cost, as plain values: an output beside the table, which decides the id alone.
        """
        self.flush()
        node = self._record(STUDY, "study", inputs, table, cost, shown, {"account": account})
        return None if node is None else node.hex()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._flushed_s = time.monotonic()
        if waiting and not self._write(waiting) and len(waiting) > 1:
            for key, piece in waiting.items():  # one that no format can hold harms no other
                self._write({key: piece})

    def _write(self, pieces: Mapping[Digest, tuple[Any, float]]) -> bool:
        inputs = tuple(Edge("work", ValueId(key)) for key in pieces)
        values = [value for value, _ in pieces.values()]
        value = values[0] if len(values) == 1 else values
        cost = Cost(sum(spent_s for _, spent_s in pieces.values()))
        return self._record(WORK, "fit", inputs, value, cost) is not None

    @property
    def _environment(self) -> Digest:
        return self.runtime.environment[0]

    def _record(
        self,
        operation: str,
        kind: str,
        inputs: tuple[Edge, ...],
        value: Any,
        cost: Cost,
        shown: Sequence[Value] = (),
        beside: Mapping[str, Any] = MappingProxyType({}),
    ) -> NodeId | None:
        """Write a node and its result; return its id, or None for a value that cannot be kept.

        Parameters
        ----------
        beside : mapping
            Further outputs, by name; the id does not depend on them.
        """
        try:
            parts = {"result": value, **beside}
            stored = {name: self._stored(part) for name, part in parts.items()}
        except (UnsupportedValue, TypeError):
            return None  # no content id or no format: it is known to this process only
        id = stored["result"].id
        call = call_id(operation, None, self._environment, None, inputs)
        node = Node(
            id=NodeId(
                digest("study-kept", _FORMAT, [call, id])
            ),  # one that was collected is made anew
            call=call,
            operation=operation,
            kind=kind,
            code=None,
            environment=self._environment,
            seed=None,
            inputs=inputs,
            outputs=tuple(Edge(name, kept.id) for name, kept in stored.items()),
            cost=cost,
            created_ms=int(time.time() * 1000),
        )
        self.runtime.store.record([node], [*shown, *stored.values()])
        return node.id

    def _stored(self, value: Any) -> Value:
        id = fingerprint(value)
        _, size_bytes = self.runtime.vault.put(value, id)
        return replace(describe(id, value), size_bytes=size_bytes, state="stored")


def _flush(reference: weakref.ref[RuntimeStudies]) -> None:
    studies = reference()
    if studies is not None:
        try:
            studies.flush()
        except ClewError:
            pass  # the process ends: the work is lost to others, nothing else
