"""Which walks are in progress.

Code holds values (globals, cells) and values hold code (callables, classes of instances), so the
fingerprint of a value may start a walk inside a walk. A thing that is already in progress is named
by its distance on this stack, which ends every cycle with the same name for the same cycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clew.errors import Unhashable
from clew.lineage.canonical import CodeId

if TYPE_CHECKING:
    from clew.lineage.code.walk import Walk

_WALK_LIMIT = 10_000


@dataclass(slots=True)
class _Entry:
    key: int
    walk: Walk | None
    lowest: int


@dataclass(slots=True)
class Nesting:
    """The stack of walks and of values being read, and what was found under its root."""

    _entries: list[_Entry] = field(default_factory=list)
    _known: dict[int, tuple[object, CodeId]] = field(default_factory=dict)
    _walks: int = 0

    def known(self, obj: object) -> CodeId | None:
        """Return an id found earlier under the same root that does not depend on the stack."""
        found = self._known.get(id(obj))
        return found[1] if found is not None else None

    def remember(self, obj: object, code: CodeId) -> None:
        """Keep an id while the root lasts: nothing changes during one fingerprint."""
        self._known[id(obj)] = (obj, code)

    def enter(self, obj: object, walk: Walk | None = None) -> int | None:
        """Push `obj`; if it is already in progress, return its distance instead."""
        for index in range(len(self._entries) - 1, -1, -1):
            entry = self._entries[index]
            if entry.key == id(obj) and (entry.walk is None) == (walk is None):
                top = self._entries[-1]
                top.lowest = min(top.lowest, index)
                return len(self._entries) - 1 - index
        self._walks += walk is not None
        if self._walks > _WALK_LIMIT:
            raise Unhashable(
                "values and code refer to one another too often to be told apart",
                got=f"more than {_WALK_LIMIT} walks inside one",
            )
        self._entries.append(_Entry(id(obj), walk, len(self._entries)))
        return None

    def leave(self) -> bool:
        """Pop the last entry; tell whether its id is free of references further down."""
        entry = self._entries.pop()
        depth = len(self._entries)
        if self._entries:
            self._entries[-1].lowest = min(self._entries[-1].lowest, entry.lowest)
        return entry.lowest >= depth

    def outer(self) -> Walk | None:
        """Return the innermost walk in progress."""
        walks = (entry.walk for entry in reversed(self._entries))
        return next((walk for walk in walks if walk is not None), None)


_current: ContextVar[Nesting | None] = ContextVar("clew_code_nesting", default=None)


@contextmanager
def nesting() -> Iterator[Nesting]:
    """Return what is in progress in this context, or begin anew.

    It is set only while a walk lasts: contexts are copied to other threads, and only the walk that
    is waiting for such a thread may share its stack with it.
    """
    found = _current.get()
    if found is not None:
        yield found
        return
    mark = _current.set(begun := Nesting())
    try:
        yield begun
    finally:
        _current.reset(mark)


def in_progress() -> bool:
    """Tell whether this context walks or reads a value right now."""
    return _current.get() is not None
