"""Worker processes: each task enters a session of its own process, over the same files.

scikit-learn ships tasks through its `Parallel`. Where that starts processes, every task is
wrapped: in the worker it installs the hooks once, keeps a session between tasks, and sends back
what was reused. Where the workers are threads they share the caller's session as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from clew.reuse.estimators.files import Files
from clew.reuse.estimators.install import install as hook_process
from clew.reuse.estimators.session import Session, current, enter, leave
from clew.reuse.estimators.statistics import Statistics

_sessions: dict[tuple[str, int | None], Session] = {}
_originals: list[tuple[Any, Any]] = []


@dataclass(slots=True)
class Task:
    """A task with what its process needs to reuse.

    Parameters
    ----------
    process : int
        Process that made the task; there it simply runs.
    folder : str
        Where results are shared.
    """

    function: Any
    process: int
    folder: str
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
        enter(session)
        try:
            result = self.function(*args, **kwargs)
        finally:
            leave(session)
        return Answer(result, session.statistics)

    def _session(self) -> Session:
        hook_process()
        key = (self.folder, self.seed)
        if key not in _sessions:
            _sessions.clear()
            _sessions[key] = Session(self.budget_bytes, self.seed, Files(self.folder))
        return _sessions[key]


@dataclass(slots=True)
class Answer:
    """What a task in another process returned, and what was reused there."""

    result: Any
    statistics: Statistics


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
        folder = str(session.share_files().folder)
        budget_bytes = session.budget_bytes // max(2, os.cpu_count() or 2)
        settings = (os.getpid(), folder, budget_bytes, session.seed)
        found = original(self, ((Task(f, *settings), a, k) for f, a, k in iterable))
        if isinstance(found, list):
            return [_open(session, item) for item in found]
        return (_open(session, item) for item in found)

    return __call__


def _starts_processes(parallel: Any) -> bool:
    backend = getattr(parallel, "_backend", None)
    if backend is None or getattr(backend, "supports_sharedmem", False):
        return False
    return bool(backend.effective_n_jobs(parallel.n_jobs) > 1)


def _open(session: Session, item: Any) -> Any:
    if not isinstance(item, Answer):
        return item
    session.statistics.add(item.statistics)
    return item.result
