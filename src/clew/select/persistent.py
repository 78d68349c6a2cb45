"""Finished work of studies in the store of this place: shared by users, processes and months.

Each piece of work (a configuration on a fold, a refitted estimator) is a node of the graph, named
by the id of the work; each finished study is one too. Values are written at once, their nodes a
moment later, many in one transaction; `flush` writes the rest.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

from clew.errors import ClewError, UnsupportedValue
from clew.lineage.canonical import Digest, NodeId, ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.preview import describe
from clew.lineage.records import Edge, Node, Value, call_id
from clew.select.store import MemoryStore
from clew.steps.runtime import Runtime

WORK = "clew.select:work"
STUDY = "clew.select:study"
_BATCH = 256
_LONGEST_WAIT_S = 1.0


class RuntimeStudies:
    """A `StudyStore` over the store that steps use, with memory above it.

    Attributes
    ----------
    answers_from_s : float
        Predictions of a task that took less are not kept: to write them takes as long.
    """

    answers_from_s = 2e-3

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._memory = MemoryStore()
        self._lock = threading.Lock()
        self._nodes: list[Node] = []
        self._values: list[Value] = []
        self._flushed_s = time.monotonic()
        atexit.register(_flush, weakref.ref(self))

    def get(self, key: Digest) -> Any | None:
        """Return a private copy of what was kept, or None."""
        found = self._memory.get(key)
        if found is not None:
            return found
        call = self._call(key)
        for node in self.runtime.store.variants([call]).get(call, ()):
            result = node.output("result")
            try:
                value = None if result is None else self.runtime.vault.get(result)
            except ClewError:
                continue
            if value is not None:
                self._memory.put(key, value)
                return value
        return None

    def put(self, key: Digest, value: Any) -> None:
        """Keep a value; what no format can hold stays in memory only."""
        self._memory.put(key, value)
        call = self._call(key)
        self._add(call, WORK, (Edge("work", ValueId(key)),), value)

    def keep_study(
        self, inputs: tuple[Edge, ...], shown: Sequence[Value], table: Any
    ) -> str | None:
        """Record a finished study and its table; return its node's id.

        Parameters
        ----------
        shown : sequence of Value
            Descriptions of the inputs.
        """
        with self._lock:
            self._values.extend(shown)
        call = call_id(STUDY, None, self.runtime.environment[0], None, inputs)
        self._add(call, STUDY, inputs, table)
        self.flush()
        return call.hex() if self.runtime.store.node(call) is not None else None

    def flush(self) -> None:
        """Write the nodes that wait."""
        with self._lock:
            nodes, values = self._nodes, self._values
            self._nodes, self._values = [], []
            self._flushed_s = time.monotonic()
        if nodes:
            self.runtime.store.record(nodes, values)

    def _call(self, key: Digest) -> NodeId:
        edges = (Edge("work", ValueId(key)),)
        return call_id(WORK, None, self.runtime.environment[0], None, edges)

    def _add(self, call: NodeId, operation: str, inputs: tuple[Edge, ...], value: Any) -> None:
        try:
            id = fingerprint(value)
            _, size_bytes = self.runtime.vault.put(value, id)
        except (UnsupportedValue, TypeError):
            return  # no content id or no format: it is known to this process only
        described = describe(id, value)
        stored = Value(
            id, described.type_name, described.preview, size_bytes=size_bytes, state="stored"
        )
        node = Node(
            id=call,
            call=call,
            operation=operation,
            kind="fit" if operation == WORK else "study",
            code=None,
            environment=self.runtime.environment[0],
            seed=None,
            inputs=inputs,
            outputs=(Edge("result", id),),
            created_ms=int(time.time() * 1000),
        )
        with self._lock:
            self._nodes.append(node)
            self._values.append(stored)
            waited_s = time.monotonic() - self._flushed_s
            due = len(self._nodes) >= _BATCH or waited_s > _LONGEST_WAIT_S
        if due:
            self.flush()


def _flush(reference: weakref.ref[RuntimeStudies]) -> None:
    studies = reference()
    if studies is not None:
        try:
            studies.flush()
        except ClewError:
            pass  # the process ends: the work is lost to others, nothing else
