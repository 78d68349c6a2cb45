"""Worker processes: each task enters a session of its own process, over the same store.

scikit-learn ships tasks through its `Parallel`. Where that starts processes, every task is
wrapped: in the worker it installs the hooks once, keeps a session between tasks, and sends back
what was reused. Where the workers are threads they share the caller's session as it is.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from clew.reuse.estimators.graph import Graph
from clew.reuse.estimators.install import install as hook_process
from clew.reuse.estimators.randomness import Mark
from clew.reuse.estimators.session import DEAR_TO_WORKERS_S, Frame, Session, current, enter, leave
from clew.reuse.estimators.statistics import Statistics
from clew.reuse.estimators.world import watched
from clew.reuse.place import runtime_at

_sessions: dict[tuple[str, int | None], Session] = {}
_originals: list[tuple[Any, Any]] = []


@dataclass(slots=True)
class Task:
    """A task with what its process needs to reuse.

    Parameters
    ----------
    process : int
        Process that made the task; there it simply runs.
    location : str
        Folder of the store in which results are shared.
    """

    function: Any
    process: int
    location: str
    budget_bytes: int
    seed: int | None

    def with_config_and_warning_filters(self, config: Any, filters: Any) -> Task:
        """Hand the caller's settings on, as scikit-learn's own wrapper does."""
        self.function = self.function.with_config_and_warning_filters(config, filters)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task; in another process, with that process's session."""
        if os.getpid() == self.process:
            return self.function(*args, **kwargs)
        session = self._session()
        session.statistics = Statistics()
        frame, mark = Frame(None, "task"), Mark()
        enter(session)
        try:
            with session.running(frame), watched(session, frame):
                result = self.function(*args, **kwargs)
        finally:
            leave(session)
            if session.graph is not None:
                session.graph.flush()
        if not mark.unmoved():
            frame.spoiled = frame.spoiled or "drew from a worker's global random generator"
        return Answer(result, session.statistics, frame.spoiled)

    def _session(self) -> Session:
        hook_process()
        key = (self.location, self.seed)
        if key not in _sessions:
            _sessions.clear()
            graph = Graph(runtime_at(self.location))
            _sessions[key] = Session(self.budget_bytes, self.seed, graph)
            _sessions[key].dear_s = DEAR_TO_WORKERS_S
        return _sessions[key]


@dataclass(slots=True)
class Answer:
    """What a task in another process returned, and what was reused there.

    Parameters
    ----------
    spoiled : str or None
        Why no call that this was a part of can be kept.
    """

    result: Any
    statistics: Statistics
    spoiled: str | None


def install() -> None:
    """Hook scikit-learn's `Parallel`."""
    from sklearn.utils.parallel import Parallel

    original = Parallel.__call__
    _originals.append((Parallel, original))
    Parallel.__call__ = _wrapped(original)


def remove() -> None:
    """Put `Parallel` back."""
    while _originals:
        cls, original = _originals.pop()
        cls.__call__ = original


def _wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
    def __call__(self: Any, iterable: Iterable[Any]) -> Any:
        session = current()
        if session is None or not _starts_processes(self):
            return original(self, iterable)
        location = _shared(session)
        budget_bytes = session.budget_bytes // max(2, os.cpu_count() or 2)
        settings = (os.getpid(), location, budget_bytes, session.seed)
        found = original(self, ((Task(f, *settings), a, k) for f, a, k in iterable))
        if isinstance(found, list):
            return [_open(session, item) for item in found]
        return (_open(session, item) for item in found)

    return __call__


def _shared(session: Session) -> str:
    """Return where the session's store is; one without gets one that lives as long as it does."""
    if session.graph is None:
        folder = tempfile.mkdtemp(prefix="clew-reuse-")
        session.graph = Graph(runtime_at(folder))
        weakref.finalize(session, shutil.rmtree, folder, ignore_errors=True)
    session.graph.flush()
    return session.graph.runtime.location


def _starts_processes(parallel: Any) -> bool:
    backend = getattr(parallel, "_backend", None)
    if backend is None or getattr(backend, "supports_sharedmem", False):
        return False
    return bool(backend.effective_n_jobs(parallel.n_jobs) > 1)


def _open(session: Session, item: Any) -> Any:
    if not isinstance(item, Answer):
        return item
    session.statistics.add(item.statistics)
    if item.spoiled is not None:
        session.spoil(item.spoiled)
    return item.result
