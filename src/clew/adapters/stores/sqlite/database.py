"""Connections and transactions: many threads, many processes, forks and kills.

One connection writes (under a lock of this process; `BEGIN IMMEDIATE` orders the processes), a pool
of others reads, each used by one thread at a time. After a fork the child opens its own: SQLite
forbids to carry a connection over. A commit returns once the operating system has the log, so that
what was acknowledged survives SIGKILL; ``durability="power-loss"`` waits for the disk as well.
A write that nobody waits for may be committed together with others (see `backlog`).
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from clew.adapters.stores.sqlite import schema
from clew.adapters.stores.sqlite.backlog import Backlog, Waiting, Write
from clew.adapters.stores.sqlite.failures import explain, explained
from clew.adapters.stores.sqlite.place import (
    is_read_only,
    refuse_network,
    refuse_writing,
    uri_of,
)
from clew.adapters.stores.sqlite.words import Words
from clew.errors import InvalidParameter, StoreError
from clew.lineage.canonical import Digest

Durability = Literal["process", "power-loss"]

_WRITER_SLICE_S = 0.1
"""How long SQLite itself waits for the write lock: short, so that Ctrl-C is answered between."""

_READER_WAIT_S = 10.0
"""Readers wait only while another process recovers the log or closes the file."""

_CHECKPOINT_PAGES = 4000
"""16 MB of log between waits for the disk: a step costs 0.1 ms less than with SQLite's 1000."""

_jitter = random.Random()
"""Its own generator: drawing from the global one would change the results of the user's steps."""

_abandoned: list[object] = []
"""Connections of a parent process: closing them here could truncate the parent's log."""


class _Process:
    """What belongs to one process: its connections, its lock, its memo of words, its backlog."""

    def __init__(self, commit: Callable[[Sequence[Write]], None]) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.writer: sqlite3.Connection | None = None
        self.readers: list[sqlite3.Connection] = []
        self.words = Words()
        self.watching = threading.Lock()
        self.watcher: sqlite3.Connection | None = None
        """Never writes, so that each write is another connection's to it."""
        self.owner: int | None = None
        """The thread whose transaction is open."""
        self.backlog = Backlog(commit)


class Database:
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

    def __init__(self, path: Path, durability: Durability, lock_timeout_s: float) -> None:
        if durability not in ("process", "power-loss"):
            raise InvalidParameter(
                "unknown durability", got=repr(durability), expected="'process' or 'power-loss'"
            )
        self.path = path
        self._synchronous = "FULL" if durability == "power-loss" else "NORMAL"
        self._lock_timeout_s = lock_timeout_s
        self._closed = False
        self._state = _Process(self._commit)
        self.read_only = is_read_only(path)
        refuse_network(path)
        self._prepare()

    @property
    def words(self) -> Words:
        """The interned strings that this process knows."""
        return self._process().words

    @contextmanager
    def reading(self, about: Collection[Digest] | None = None) -> Iterator[sqlite3.Connection]:
        """Lend a connection to read with; each statement sees one consistent state.

        Inside a transaction of the same thread that is the writer's, which sees what it wrote.

        Parameters
        ----------
        about : collection of Digest, optional
            Ids of calls, where nothing but nodes of them is looked for: what else waits for its
            commit need not be seen.
        """
        process = self._process()
        if process.owner == threading.get_ident() and process.writer is not None:
            yield process.writer
            return
        if process.backlog.concerns(about):
            process.backlog.flush()
        try:
            connection = process.readers.pop()
        except IndexError:
            with explained(self.path):
                connection = self._connect(_READER_WAIT_S)
        try:
            yield connection
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            process.readers.append(connection)

    @contextmanager
    def writing(self, wait_s: float | None = None) -> Iterator[sqlite3.Connection]:
        """Run a transaction: all of it is kept, or (after any exception) nothing.

        Within a transaction of the same thread it is a part of that one: what fails undoes itself
        alone, and what succeeds is kept when the outer one is.

        Parameters
        ----------
        wait_s : float, optional
            How long to wait for other processes, where not as long as for any write.
        """
        if self.read_only:
            raise refuse_writing(self.path)
        process = self._process()
        if process.owner == threading.get_ident() and process.writer is not None:
            with self._part(process, process.writer) as connection:
                yield connection
            return
        if process.backlog.concerns(None):
            process.backlog.flush()
        with self._transaction(process, wait_s) as connection:
            yield connection

    def later(self, record: Waiting) -> None:
        """Write a record some time soon, in the order in which records came.

        Inside a transaction of the same thread it is written at once.
        """
        if self.read_only:
            raise refuse_writing(self.path)
        process = self._process()
        if process.owner == threading.get_ident() and process.writer is not None:
            record.write(process.writer)
            record.kept()
        else:
            process.backlog.add(record)

    def waiting(self, id: Digest) -> bytes | None:
        """Return the bytes of a value that waits to be committed."""
        return self._process().backlog.content(id)

    def _commit(self, writes: Sequence[Write]) -> None:
        with self._transaction(self._process()) as connection:
            for write in writes:
                write(connection)

    @contextmanager
    def _transaction(
        self, process: _Process, wait_s: float | None = None
    ) -> Iterator[sqlite3.Connection]:
        with process.lock:
            if process.writer is None:
                with explained(self.path):
                    process.writer = self._connect(_WRITER_SLICE_S)
            connection = process.writer
            self._begin(connection, wait_s)
            process.owner = threading.get_ident()
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                process.words.forget()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise explain(error, self.path) from error
                raise
            finally:
                process.owner = None
            process.words.keep()

    @contextmanager
    def _part(
        self, process: _Process, connection: sqlite3.Connection
    ) -> Iterator[sqlite3.Connection]:
        connection.execute("SAVEPOINT part")
        try:
            yield connection
            connection.execute("RELEASE part")
        except BaseException as error:
            process.words.forget()
            # A full disk, for one, has ended the whole transaction already.
            if connection.in_transaction:
                connection.execute("ROLLBACK TO part")
                connection.execute("RELEASE part")
            if isinstance(error, sqlite3.Error):
                raise explain(error, self.path) from error
            raise

    def writes(self) -> int:
        """Return a number that every write changes, of this process or another.

        It is only compared with what this method returned before, by the same process.
        """
        process = self._process()
        with process.watching:
            if process.watcher is None:
                with explained(self.path):
                    process.watcher = self._connect(_READER_WAIT_S)
            return int(process.watcher.execute("PRAGMA data_version").fetchone()[0])

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the database, while others may write (SQLite's backup)."""
        with self.reading() as connection, explained(path):
            target = sqlite3.connect(path)
            try:
                connection.backup(target)
            finally:
                target.close()

    def close(self) -> None:
        """Close every connection; the store cannot be used afterwards."""
        process = self._state
        if not self._closed and process.pid == os.getpid() and process.backlog.concerns(None):
            process.backlog.flush()
        self._closed = True
        if process.pid != os.getpid():
            _abandoned.append(process)
            return
        with process.lock:
            while process.readers:
                process.readers.pop().close()
            if process.writer is not None:
                process.writer.close()
                process.writer = None
            if process.watcher is not None:
                process.watcher.close()
                process.watcher = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hold no connection for the length of the block, which may replace the file."""
        self.close()
        try:
            yield
        finally:
            self._state, self._closed = _Process(self._commit), False

    def _process(self) -> _Process:
        process = self._state
        if self._closed:
            raise StoreError(f"the store is closed: {self.path}", hint="open it again")
        if process.pid != os.getpid():
            _abandoned.append(process)
            process = self._state = _Process(self._commit)
        return process

    def _connect(self, wait_s: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri_of(self.path) if self.read_only else self.path,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
            uri=self.read_only,
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES:d}")
        return connection

    def _begin(self, connection: sqlite3.Connection, wait_s: float | None = None) -> None:
        if connection.in_transaction:  # An interrupt came between BEGIN and the block.
            connection.execute("ROLLBACK")
        self._patiently(connection, "BEGIN IMMEDIATE", wait_s)

    def _patiently(
        self, connection: sqlite3.Connection, statement: str, wait_s: float | None = None
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
            if schema.examine(connection, self.path) < schema.newest():
                if self.read_only:
                    connection.close()
                    raise refuse_writing(self.path, "it has an older schema, which must be updated")
                self._upgrade(connection)
        self._state.readers.append(connection)

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        self._patiently(connection, "PRAGMA journal_mode = WAL")
        self._begin(connection)
        try:
            schema.upgrade(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
