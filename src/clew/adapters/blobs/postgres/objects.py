"""Objects in two tables of PostgreSQL: every machine sees them, and one dump holds everything.

An object is cut into pieces, so that none is held in memory as a whole on its way in and a part is
read without the rest. Writing one is a transaction, which waits for no other write of the store.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO

from clew.adapters.stores.sql.postgres.connection import PostgresConnection
from clew.adapters.stores.sql.postgres.database import PostgresDatabase

PIECE_BYTES = 1 << 20

_ADD = (
    "INSERT INTO object (name, size_bytes, written_s) VALUES ($1, 0, $2) "
    "ON CONFLICT (name) DO NOTHING RETURNING n"
)
_PIECE = "INSERT INTO piece (object, seq, content) VALUES ($1, $2, $3)"
_MEASURE = "UPDATE object SET size_bytes = $2 WHERE n = $1"
_WHOLE = (
    "SELECT p.content FROM object AS o JOIN piece AS p ON p.object = o.n WHERE o.name = $1 "
    "ORDER BY p.seq"
)
_PART = (
    "SELECT p.seq, p.content FROM object AS o JOIN piece AS p ON p.object = o.n "
    "WHERE o.name = $1 AND p.seq BETWEEN $2 AND $3 ORDER BY p.seq"
)
_SIZE = "SELECT size_bytes FROM object WHERE name = $1"
_LIST = "SELECT name, size_bytes, written_s FROM object WHERE name >= $1 AND name < $2"


class PostgresObjects:
    """The port `clew.adapters.blobs.objects.Objects` over the database of a store.

    Parameters
    ----------
    database : PostgresDatabase
        An open one.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self.place = database.place

    def put(self, name: str, content: bytes | BinaryIO) -> None:
        """Write an object, or a file as one; one that is there already stays."""
        file = BytesIO(content) if isinstance(content, bytes) else content
        with self._writing() as session:
            row = session.raw.execute(_ADD, (name, time.time())).fetchone()
            if row is None:
                return
            seq = size_bytes = 0
            while piece := file.read(PIECE_BYTES):
                session.raw.execute(_PIECE, (row[0], seq, piece))
                seq, size_bytes = seq + 1, size_bytes + len(piece)
            session.raw.execute(_MEASURE, (row[0], size_bytes))

    def get(self, name: str) -> bytearray | None:
        """Return an object's bytes, or None."""
        rows = self._ask(_WHOLE, name)
        return bytearray().join(row[0] for row in rows) if rows else None

    def size(self, name: str) -> int | None:
        """Return an object's size in bytes, or None."""
        rows = self._ask(_SIZE, name)
        return int(rows[0][0]) if rows else None

    def part(self, name: str, start: int, end: int) -> bytes | None:
        """Return the bytes from `start` up to (not including) `end`, or None."""
        first = start // PIECE_BYTES
        rows = self._ask(_PART, name, first, max(first, (end - 1) // PIECE_BYTES))
        if not rows:
            return None
        shift = first * PIECE_BYTES
        return b"".join(row[1] for row in rows)[start - shift : end - shift]

    def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        with self._writing() as session:
            session.raw.execute("DELETE FROM object WHERE name = $1", (name,))

    def rename(self, name: str, to: str) -> None:
        """Give an object another name, if it is there; what had that name goes."""
        with self._writing() as session:
            session.raw.execute("DELETE FROM object WHERE name = $1", (to,))
            session.raw.execute("UPDATE object SET name = $2 WHERE name = $1", (name, to))

    def below(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """Yield ``(name, bytes, seconds since the epoch of the last write)`` of a folder."""
        yield from self._ask(_LIST, f"{prefix}/", f"{prefix}0")

    def _ask(self, question: Any, *values: object) -> list[tuple[Any, ...]]:
        with self._database.reading() as connection:
            assert isinstance(connection, PostgresConnection)
            rows: list[tuple[Any, ...]] = connection.raw.execute(question, values).fetchall()
            return rows

    @contextmanager
    def _writing(self) -> Iterator[PostgresConnection]:
        if self._database.read_only:
            raise self._database.refuse_writing()
        with self._database.reading() as session:
            assert isinstance(session, PostgresConnection)
            with session.raw.transaction():
                yield session
