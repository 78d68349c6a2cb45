"""The context that is in force: its memory, its settings, and the calls that are running."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from clew.lineage.canonical import Digest, NodeId
from clew.reuse.estimators.describe import Traits
from clew.reuse.estimators.environment import Environment
from clew.reuse.estimators.graph import NODE_S, Graph
from clew.reuse.estimators.identity import Identities
from clew.reuse.estimators.journal import Journal
from clew.reuse.estimators.results import bytes_of
from clew.reuse.estimators.shelf import Entry, Shelf
from clew.reuse.estimators.states import States
from clew.reuse.estimators.statistics import Statistics
from clew.reuse.notices import Notice


@dataclass(slots=True)
class Frame:
    """One call that is running.

    Parameters
    ----------
    notices : list of Notice
        Warnings heard so far.
    spoiled : str or None
        Why the result cannot be kept, if something was seen that a hit could not repeat.
    arguments : dict
        Name to (object, id) of the data that the call was given, verified when it began.
    parts : dict
        Encoding of each attribute that the estimator had when a fit began.
    given : bytes
        Encoding of all arguments.
    """

    estimator: Any
    method: str
    key: Digest | None = None
    traits: Traits | None = None
    environment: bytes = b""
    arguments: dict[str, tuple[Any, Digest]] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)
    given: bytes = b""
    notices: list[Notice] = field(default_factory=list)
    spoiled: str | None = None
    local: dict[str, Any] = field(default_factory=dict)


_VOUCHED = 8
_DEAR_S = 3.0
"""From so many seconds on a call is held, and written at once, for whoever else may need it."""

DEAR_TO_WORKERS_S = 0.05
"""The same in a worker process, which has siblings at the same work."""


class _Vouched(NamedTuple):
    holder: Any
    id: Digest
    fresh: bool


class _Threads(threading.local):
    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.vouched: list[_Vouched] = []


class Session:
    """Everything that one `clew.reuse()` context knows.

    Parameters
    ----------
    budget_bytes : int
        Most memory that kept results may take.
    seed : int or None
        Where given, estimators with an unset `random_state` get one that derives from it.
    graph : Graph or None
        Where calls are recorded, and results outlive the process.
    """

    def __init__(
        self, budget_bytes: int, seed: int | None = None, graph: Graph | None = None
    ) -> None:
        self.budget_bytes = budget_bytes
        self.seed = seed
        self.dear_s = _DEAR_S
        self.graph = graph
        self.shelf = Shelf(budget_bytes)
        self.identities = Identities()
        self.states = States()
        self.environment = Environment()
        self.statistics = Statistics()
        self.journal: Journal | None = None
        self.sliced: dict[Digest, int] = {}
        self.finite: set[Digest] = set()
        self.costs: dict[str, float] = {}
        self.took: dict[str, float] = {}
        self._threads = _Threads()
        self._running: set[int] = set()
        self._frames: dict[int, Frame] = {}
        self._shared: dict[int, weakref.ref[Any]] = {}

    # -- running calls --------------------------------------------------------------------------
    def frames(self) -> list[Frame]:
        """Return the calls that run in this thread, outermost first."""
        return self._threads.frames

    @contextmanager
    def running(self, frame: Frame) -> Iterator[Frame]:
        """Mark a call as running in this thread."""
        stack = self._threads.frames
        stack.append(frame)
        self._frames[id(frame)] = frame
        try:
            yield frame
        finally:
            stack.pop()
            self._frames.pop(id(frame), None)

    def hear(self, notice: Notice) -> None:
        """Note a warning with all calls that it happened in."""
        frames = self._threads.frames
        if not frames:  # a helper thread of some call: whose warning it is cannot be told
            self.spoil("a warning in a helper thread")
        for frame in frames:
            frame.notices.append(notice)

    def spoil(self, reason: str) -> None:
        """Let no call that is running, in whichever thread, be kept."""
        for frame in list(self._frames.values()):
            frame.spoiled = frame.spoiled or reason

    # -- results --------------------------------------------------------------------------------
    def recall(self, key: NodeId, subject: str, *, near: bool = False) -> Entry | None:
        """Return what is kept of a call: in memory, or in the store if it is worth asking.

        Parameters
        ----------
        near : bool
            Ask memory only.
        """
        entry = self.shelf.get(key)
        if entry is not None or self.graph is None or near:
            return entry
        if self.took.get(subject, 1.0) < NODE_S:
            return None
        found = self.graph.recall(key)
        if found is None:
            return None
        result, cost_s = found
        self.shelf.put(key, result, cost_s, bytes_of(result))
        return Entry(result, cost_s)

    @contextmanager
    def flight(self, key: NodeId, subject: str) -> Iterator[bool]:
        """Hold a call while it is computed: no other thread, or process, computes it meanwhile.

        The context gives True where nobody can have stored the result since it was looked for.
        """
        graph = self.graph
        with self.shelf.flight(key) as first:
            if graph is None or self.took.get(subject, _DEAR_S) < self.dear_s:
                yield first
                return
            with graph.runtime.claims.hold(key):
                yield False
                if self.took.get(subject, 0.0) >= self.dear_s:
                    graph.flush()  # before others look

    # -- shared arrays --------------------------------------------------------------------------
    def share(self, value: Any) -> None:
        """Mark an object as kept here and handed out without a copy inside the library."""
        key = id(value)
        self._shared[key] = weakref.ref(value, partial(_lost, self._shared, key))

    def is_shared(self, value: Any) -> bool:
        """Tell whether others may hold this object too."""
        found = self._shared.get(id(value))
        return found is not None and found() is value

    # -- ids ------------------------------------------------------------------------------------
    def vouch(self, value: Any, made: Digest, *, fresh: bool = False) -> None:
        """Say that an object is known this moment, and goes from here to library code.

        Parameters
        ----------
        fresh : bool
            It was made this moment, and no check of it is written down yet.
        """
        try:
            holder = weakref.ref(value)
        except TypeError:
            if fresh:
                self.identities.remember(value, made)
            return
        vouched = self._threads.vouched
        vouched.append(_Vouched(holder, made, fresh))
        del vouched[:-_VOUCHED]

    def settle(self, passed: tuple[Any, ...]) -> None:
        """End what was said of all objects but those passed on: other code may run now."""
        kept = []
        for found in self._threads.vouched:
            value = found.holder()
            if any(item is value for item in passed):
                kept.append(found)
            elif found.fresh and value is not None:
                self.identities.remember(value, found.id)
        self._threads.vouched = kept

    def forget_vouched(self) -> None:
        """Take back what was said of objects: code outside the library has run."""
        self._threads.vouched.clear()

    def id_of(self, value: Any) -> Digest:
        """Return the id of an object (see `Identities.of`)."""
        known = self.known(value)
        return self.identities.of(value) if known is None else known

    def known(self, value: Any) -> Digest | None:
        """Return the id of an object if it is known without reading its content."""
        vouched = self._threads.vouched
        for position, found in enumerate(vouched):
            if found.holder() is value:
                del vouched[position]
                if found.fresh:
                    self.identities.remember(value, found.id)
                return found.id
        return self.identities.known(value)


def _lost(table: dict[int, Any], key: int, _: object) -> None:
    table.pop(key, None)


_active: list[Session] = []


def current() -> Session | None:
    """Return the session in force, or None."""
    return _active[-1] if _active else None


def enter(session: Session) -> None:
    """Put a session in force."""
    _active.append(session)


def leave(session: Session) -> None:
    """Take a session out of force."""
    _active.remove(session)
