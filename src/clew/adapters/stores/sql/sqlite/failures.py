"""SQLite's failures in clew's words: what happened, to which file, and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clew.errors import StoreError

_PRIMARY = 0xFF

_MEANING: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "the disk is full: nothing of this write was kept, all earlier writes are",
        "free some space (`clew gc` drops values that can be computed again), then run it again",
    ),
    sqlite3.SQLITE_READONLY: (
        "the store is read-only",
        "give this user write access to the file and its directory, or choose another store",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the store cannot be opened",
        "check that its directory exists and that this user may read and write it",
    ),
    sqlite3.SQLITE_PERM: (
        "this user may not open the store",
        "give this user read and write access to the file and its directory",
    ),
    sqlite3.SQLITE_NOTADB: (
        "this file is no clew store (it is not an SQLite database)",
        "name another file, or move this one away; clew does not overwrite it",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the database is damaged",
        "run `clew fsck --repair`: what can be read goes into a fresh database, the file is kept",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk reported an error",
        "check the disk and its free space; all writes that were acknowledged before are kept",
    ),
    sqlite3.SQLITE_BUSY: (
        "another process kept the store locked for too long",
        "look for a process that is stopped inside a write, and end it",
    ),
    sqlite3.SQLITE_TOOBIG: (
        "one record is too large for the database",
        "store large content as a value, not as text of a run",
    ),
}


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """Return the `StoreError` that says what SQLite's error means for the user."""
    code = getattr(error, "sqlite_errorcode", None)
    what, hint = _MEANING.get(
        -1 if code is None else code & _PRIMARY, ("the store failed", "run `clew fsck`")
    )
    return StoreError(f"{what}: {path}", got=str(error), hint=hint)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn every `sqlite3.Error` raised inside into a `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
