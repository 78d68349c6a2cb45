"""A run in progress: the live side of the record `Run`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from clew.lineage.canonical import ValueId
from clew.lineage.records import LogEntry, Node, Run, Use, Value
from clew.steps.runtime import Runtime

Listener = Callable[[Use], None]


class Session:
    """Writes what happens in one run into the store; any thread may call it.

    Parameters
    ----------
    started : bool, default False
        The run is in the store already.
    """

    def __init__(
        self,
        runtime: Runtime,
        run: Run,
        listeners: Sequence[Listener] = (),
        *,
        started: bool = False,
    ) -> None:
        self._runtime = runtime
        self._listeners = tuple(listeners)
        self._lock = threading.Lock()
        self._sequence = 0
        self.uses: dict[str, Use] = {}
        self.run = run
        if not started:
            runtime.store.start(run)

    @property
    def id(self) -> str:
        """The run's ULID."""
        return self.run.id

    def add(
        self,
        use: Use,
        nodes: Sequence[Node] = (),
        values: Sequence[Value] = (),
        entries: Sequence[LogEntry] = (),
        kept: Callable[[], None] | None = None,
    ) -> None:
        """Record how the run used one node, with the node itself when it is new.

        With `kept` it is enough to do so soon; that is called when it is done.
        """
        with self._lock:
            use = replace(use, seq=self._sequence)
            self._sequence += 1
            self.uses[use.label] = use
        self._runtime.store.record(
            nodes, values, run=self.id, uses=(use,), entries=entries, kept=kept
        )
        for listener in self._listeners:
            listener(use)

    def add_all(self, batch: Sequence[tuple[Use, Sequence[LogEntry]]]) -> None:
        """Record several uses of known nodes in one transaction."""
        uses: list[Use] = []
        with self._lock:
            for use, _ in batch:
                uses.append(replace(use, seq=self._sequence))
                self._sequence += 1
                self.uses[use.label] = uses[-1]
        entries = [entry for _, logged in batch for entry in logged]
        self._runtime.store.record(run=self.id, uses=uses, entries=entries)
        for use in uses:
            for listener in self._listeners:
                listener(use)

    def log(self, entries: Sequence[LogEntry]) -> None:
        """Record log entries that belong to no step."""
        self._runtime.store.record(run=self.id, entries=entries)

    def finish(
        self, status: str, *, result: ValueId | None = None, error: str | None = None
    ) -> Run:
        """Close the run."""
        ended_ms = int(time.time() * 1000)
        self.run = replace(self.run, status=status, ended_ms=ended_ms, result=result, error=error)
        self._runtime.store.finish(self.run)
        return self.run
