"""The adapter: `SmallBlobs` in the rows that describe the values.

A file for each number or short text costs more than the step that gave it. So what takes at most
`LIMIT_BYTES` lies in the database, and is written in the transaction of its node.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from clew.adapters.stores.sql import packing
from clew.adapters.stores.sql import values as _values
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.schema import BY_ID
from clew.errors import CorruptValue, StoreError, WrongType
from clew.lineage.canonical import DIGEST_BYTES, Digest, ValueId
from clew.lineage.ports import Encoded

LIMIT_BYTES = 1024
"""Up to here a row of the database is read and written faster than a file."""

_TOUCH_S = 3600
"""The time of last use is kept to the hour: `gc` asks for days."""

_HERE = f"{BY_ID.format('value')} AND content IS NOT NULL"


class SqlBlobs:
    """Bytes of small values in the database that describes them.

    Parameters
    ----------
    database : Database
        The one of a `SqliteStore`.
    limit_bytes : int, optional
        What `pack` takes in; `put` takes any size that a row of SQLite holds.
    """

    def __init__(self, database: Database, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._database = database
        self._limit_bytes = limit_bytes

    def pack(self, id: ValueId, encoded: Encoded) -> bytes | None:
        """Return a value's bytes as `Value.content` takes them; None when they are too many."""
        if encoded.size_bytes > self._limit_bytes:
            return None
        return packing.pack(_checked(id), encoded)

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""
        return self.put_packed(id, packing.pack(_checked(id), encoded))

    def put_packed(self, id: ValueId, content: bytes) -> int:
        """Store what `pack` gave (once) and return the stored size in bytes."""
        known = self.size(id)
        if known is not None:
            return known
        with self._database.writing() as connection:
            _values.put_content(connection, self._database.words, id, content)
        return len(content)

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None; the buffers are the caller's own.

        Raises
        ------
        CorruptValue
            When they do not match their checksum; they are moved to quarantine first.
        """
        waiting = self._database.waiting(_checked(id))
        if waiting is not None:
            return packing.unpack(id, waiting)
        row = self._row(id, "content, used_s")
        if row is None:
            return None
        content, used_s = row
        encoded = packing.unpack(id, content)
        if encoded is None:
            raise self._set_aside(id)
        if time.time() - (used_s or 0) > _TOUCH_S:
            self._touch(id)
        return encoded

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return self._database.waiting(_checked(id)) is not None or self._row(id, "1") is not None

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""
        waiting = self._database.waiting(_checked(id))
        if waiting is not None:
            return len(waiting)
        row = self._row(id, "length(content)")
        return None if row is None else int(row[0])

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to; None when absent."""
        waiting = self._database.waiting(_checked(id))
        row = self._row(id, "content") if waiting is None else (waiting,)
        if row is None:
            return None
        encoded = packing.unpack(id, row[0])
        if encoded is None:
            raise self._set_aside(id)
        return encoded.children

    def is_intact(self, id: ValueId) -> bool:
        """Tell whether a value matches its checksum; leave it where it is."""
        row = self._row(id, "content")
        return row is None or packing.unpack(id, row[0]) is not None

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes, overwriting them; return how many bytes that freed."""
        size = self.size(id)
        if size is None:
            return 0
        with self._database.writing() as connection:
            self._database.overwrite(connection)
            connection.execute(
                f"UPDATE value SET content = NULL, used_s = NULL WHERE {_HERE}", (id,)
            )
            connection.execute("DELETE FROM quarantine WHERE id = ?", (id,))
        return size

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id, length(content), coalesce(used_s, 0) FROM value "
                "WHERE content IS NOT NULL"
            ).fetchall()
        for id, size_bytes, used_s in rows:
            yield ValueId(Digest(id)), size_bytes, float(used_s)

    def _row(self, id: ValueId, columns: str) -> tuple[Any, ...] | None:
        # What waits to be committed was looked at before, and is no row yet.
        with self._database.reading(about=()) as connection:
            found: tuple[Any, ...] | None = connection.execute(
                f"SELECT {columns} FROM value WHERE {_HERE}", (_checked(id),)
            ).fetchone()
        return found

    def _touch(self, id: ValueId) -> None:
        # A store that cannot be written, or that others write to right now, is read all the same.
        with contextlib.suppress(StoreError), self._database.writing(wait_s=0.0) as connection:
            connection.execute(
                f"UPDATE value SET used_s = ?2 WHERE {_HERE}", (id, int(time.time()))
            )

    def _set_aside(self, id: ValueId) -> StoreError:
        try:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO quarantine (id, content, damaged_s) "
                    f"SELECT id, content, ?2 FROM value WHERE {_HERE}",
                    (id, int(time.time())),
                )
                connection.execute(f"UPDATE value SET content = NULL WHERE {_HERE}", (id,))
        except StoreError as error:
            return CorruptValue(
                f"the stored bytes of value {id.hex()} are damaged and could not be set aside",
                got=error.message,
                hint="give this user write access to the store, then run `clew fsck --repair`",
            )
        return CorruptValue(
            f"the stored bytes of value {id.hex()} are damaged",
            got="a checksum that does not match; they are in the table `quarantine` now",
            hint="run the flow again: what the value was made from is known",
        )


def _checked(id: ValueId) -> ValueId:
    if not isinstance(id, bytes) or len(id) != DIGEST_BYTES:
        raise WrongType("no content id", got=repr(id)[:80], expected=f"{DIGEST_BYTES} bytes")
    return id
