"""What every adapter here speaks to: a connection that takes SQL in SQLite's words.

SQLite's own connections are one as they are. `postgres.connection` is another, which says the same
in PostgreSQL's words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def lastrowid(self) -> int | None:
        """Number (column ``n``) of the row that an INSERT added."""

    @property
    def rowcount(self) -> int:
        """How many rows a statement changed."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One connection; used by one thread at a time."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Execute one statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """Execute one statement with each of several rows of parameters."""

    def close(self) -> None:
        """Give the connection up."""


class Duplicate(Exception):
    """A row with such a unique key is there already."""


DUPLICATES: tuple[type[Exception], ...] = (sqlite3.IntegrityError, Duplicate)
"""What a connection raises when a unique key is there already."""
