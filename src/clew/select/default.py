"""The store that searches use unless they are told another.

It is the store of this place (`clew.select.persistent`), so that a study outlives its process and
is shared. `use` puts another in its place, such as a `MemoryStore`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import Any

from clew.select.persistent import RuntimeStudies
from clew.select.store import StudyStore
from clew.steps import runtime as runtimes

_current: list[StudyStore] = []
_by_place: dict[str, StudyStore] = {}


def current() -> StudyStore:
    """Return the store that searches use by default: the one of this place, unless `use` said."""
    if _current:
        return _current[-1]
    runtime = runtimes.current()
    if runtime.location not in _by_place:
        _by_place[runtime.location] = RuntimeStudies(runtime)
    return _by_place[runtime.location]


def use(store: StudyStore) -> AbstractContextManager[StudyStore]:
    """Make `store` the default, at once; as a context manager, until the block ends."""
    _current.append(store)
    return _restoring(store)


@contextmanager
def _restoring(store: StudyStore) -> Any:
    try:
        yield store
    finally:
        if store in _current:
            _current.remove(store)
