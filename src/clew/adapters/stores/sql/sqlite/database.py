"""One SQLite file: many threads, many processes, forks and kills.

`BEGIN IMMEDIATE` orders the writers of all processes. SQLite forbids to carry a connection over a
fork, and closing a parent's could truncate the parent's log. A commit returns once the operating
system has the log, so that what was acknowledged survives SIGKILL; ``durability="power-loss"``
waits for the disk as well.
"""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path
from typing import Literal, cast

from clew.adapters.stores.sql import schema
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.sqlite.failures import explain, explained
from clew.adapters.stores.sql.sqlite.numbered import NumberedConnection
from clew.adapters.stores.sql.sqlite.place import (
    is_read_only,
    refuse_network,
    refuse_writing,
    uri_of,
)
from clew.adapters.stores.sql.sqlite.version import examine, upgrade
from clew.errors import InvalidParameter, StoreError

Durability = Literal["process", "power-loss"]

_WRITER_SLICE_S = 0.1
"""How long SQLite itself waits for the write lock: short, so that Ctrl-C is answered between."""

_READER_WAIT_S = 10.0
"""Readers wait only while another process recovers the log or closes the file."""

_CHECKPOINT_PAGES = 4000
"""16 MB of log between waits for the disk: a step costs 0.1 ms less than with SQLite's 1000."""

_SOUND = "ok"

_jitter = random.Random()
"""Its own generator: drawing from the global one would change the results of the user's steps."""


class SqliteDatabase(Database):
    """One SQLite file in WAL mode.

    Parameters
    ----------
    path : Path
        The file; it and its directory are made when they are absent. Where this user may not write
        it, it is only read.
    durability : {"process", "power-loss"}
        What an acknowledged write survives.
    lock_timeout_s : float
        How long to wait for another process's write before giving up.
    """

    kind = "sqlite"
    errors = sqlite3.Error
    begin_snapshot = "BEGIN"

    def __init__(self, path: Path, durability: Durability, lock_timeout_s: float) -> None:
        super().__init__()
        if durability not in ("process", "power-loss"):
            raise InvalidParameter(
                "unknown durability", got=repr(durability), expected="'process' or 'power-loss'"
            )
        self.path = path
        self.place = str(path)
        self._synchronous = "FULL" if durability == "power-loss" else "NORMAL"
        self._lock_timeout_s = lock_timeout_s
        self.read_only = is_read_only(path)
        refuse_network(path)
        self._prepare()

    def open_reader(self) -> Connection:
        """Open a connection to read with."""
        with explained(self.path):
            return self._connect(_READER_WAIT_S)

    def open_writer(self) -> Connection:
        """Open the connection to write with."""
        with explained(self.path):
            return self._connect(_WRITER_SLICE_S)

    def begin(self, connection: Connection, wait_s: float | None = None) -> None:
        """Begin a transaction that nobody else writes beside."""
        self._patiently(connection, "BEGIN IMMEDIATE", wait_s)

    def explain(self, error: Exception) -> StoreError:
        """Return the `StoreError` that says what SQLite's error means for the user."""
        return explain(cast(sqlite3.Error, error), self.path)

    def refuse_writing(self) -> StoreError:
        """Return the error of a write into a file that can only be read."""
        return refuse_writing(self.path)

    def writes(self) -> int:
        """Return a number that every write changes, of this process or another."""
        process = self._process()
        with process.watching:
            if process.watcher is None:
                process.watcher = self.open_reader()
            return int(process.watcher.execute("PRAGMA data_version").fetchone()[0])

    def overwrite(self, connection: Connection) -> None:
        """Let SQLite write zeros over what is deleted from now on."""
        connection.execute("PRAGMA secure_delete = ON")

    def damage(self) -> tuple[str, ...]:
        """Return what SQLite finds wrong with its own pages and indexes."""
        with self.reading() as connection:
            try:
                rows = connection.execute("PRAGMA integrity_check").fetchall()
            except sqlite3.DatabaseError as error:
                return (str(error),)
        return tuple(str(row[0]) for row in rows if row[0] != _SOUND)

    def size_bytes(self) -> int:
        """Return the size of the file and its log."""
        found = 0
        for suffix in ("", "-wal"):
            try:
                found += self.path.with_name(self.path.name + suffix).stat().st_size
            except FileNotFoundError:
                pass
        return found

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the database, while others may write (SQLite's backup)."""
        with self.reading() as connection, explained(path):
            target = sqlite3.connect(path)
            try:
                cast(sqlite3.Connection, connection).backup(target)
            finally:
                target.close()

    def _connect(self, wait_s: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri_of(self.path) if self.read_only else self.path,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
            factory=NumberedConnection,
            uri=self.read_only,
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES:d}")
        return connection

    def _patiently(
        self, connection: Connection, statement: str, wait_s: float | None = None
    ) -> None:
        """Execute a statement that needs a lock, waiting while other processes hold it."""
        deadline = time.monotonic() + (self._lock_timeout_s if wait_s is None else wait_s)
        while True:
            try:
                connection.execute(statement)
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                )
                if not busy or time.monotonic() > deadline:
                    raise explain(error, self.path) from error
            time.sleep(_jitter.uniform(0.0005, 0.005))

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the store's directory cannot be made: {self.path.parent}",
                got=str(error),
                hint="choose a directory that this user may write, for example by CLEW_STORE",
            ) from error
        with explained(self.path):
            connection = self._connect(_READER_WAIT_S)
            if examine(connection, self.path) < schema.newest():
                if self.read_only:
                    connection.close()
                    raise refuse_writing(self.path, "it has an older schema, which must be updated")
                self._upgrade(connection)
        self._state.readers.add(connection)

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        self._patiently(connection, "PRAGMA journal_mode = WAL")
        self.begin(connection)
        try:
            upgrade(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
