"""Connections and transactions, whatever the database: threads, processes, forks, nesting.

One connection writes (under a lock of this process; the database orders the processes), a pool of
others reads, each used by one thread at a time. After a fork the child opens its own. So at any
time at most one transaction writes, wherever its process runs, and the adapters may look before
they write. A write that nobody waits for may be committed together with others (see `backlog`).
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from clew.adapters.stores.sql.backlog import Backlog, Waiting, Write
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.readers import Readers
from clew.adapters.stores.sql.words import Words
from clew.errors import ClewError, StoreError
from clew.lineage.canonical import Digest

_abandoned: list[object] = []
"""Connections of a parent process: they are not this one's to close."""


class _Process:
    """What belongs to one process: its connections, its lock, its memo of words, its backlog."""

    def __init__(self, commit: Callable[[Sequence[Write]], None], most_readers: int | None) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.writer: Connection | None = None
        self.readers = Readers(most_readers)
        self.words = Words()
        self.watching = threading.Lock()
        self.watcher: Connection | None = None
        """Never writes, so that each write is another connection's to it."""
        self.owner: int | None = None
        """The thread whose transaction is open."""
        self.backlog = Backlog(commit)


class Database(ABC):
    """A database that holds one store.

    Attributes
    ----------
    kind : str
        ``sqlite`` or ``postgresql``.
    place : str
        File or address, without a password: for people.
    read_only : bool
        Whether this user may only read it.
    """

    kind: str
    place: str
    read_only: bool = False
    errors: type[Exception] | tuple[type[Exception], ...]
    """What its connections raise."""
    begin_snapshot: str
    """Begins a transaction that reads one state."""
    most_readers: int | None = None
    """How many connections one process may read with at once."""

    def __init__(self) -> None:
        self._closed = False
        self._state = _Process(self._commit, self.most_readers)

    @abstractmethod
    def open_reader(self) -> Connection:
        """Open a connection to read with."""

    @abstractmethod
    def open_writer(self) -> Connection:
        """Open the connection to write with."""

    @abstractmethod
    def begin(self, connection: Connection, wait_s: float | None) -> None:
        """Begin a transaction that nobody else writes beside."""

    @abstractmethod
    def writes(self) -> int:
        """Return a number that every write changes, of this process or another.

        It is only compared with what this method returned before, by the same process.
        """

    @abstractmethod
    def explain(self, error: Exception) -> ClewError:
        """Return the error that says what a connection's error means for the user."""

    @abstractmethod
    def refuse_writing(self) -> StoreError:
        """Return the error of a write into what can only be read."""

    @abstractmethod
    def damage(self) -> tuple[str, ...]:
        """Return what the database finds wrong with itself."""

    @abstractmethod
    def size_bytes(self) -> int:
        """Return what it takes."""

    @abstractmethod
    def overwrite(self, connection: Connection) -> None:
        """Let what is deleted from now on be overwritten, where the database can."""

    def is_lost(self, connection: Connection) -> bool:
        """Tell whether a connection cannot be used any more."""
        return False

    def is_stale(self, connection: Connection) -> bool:
        """Tell whether an idle connection was ended by the other side."""
        return False

    @property
    def words(self) -> Words:
        """The interned strings that this process knows."""
        return self._process().words

    @contextmanager
    def reading(self, about: Collection[Digest] | None = None) -> Iterator[Connection]:
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
        borrower = threading.get_ident()
        connection = process.readers.take(borrower, self.open_reader, self.is_stale)
        try:
            yield connection
        except self.errors as error:
            raise self.explain(error) from error
        finally:
            process.readers.give_back(borrower, connection, keep=not self.is_lost(connection))

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Lend a connection all whose statements see the same state."""
        with self.reading() as connection:
            if connection.in_transaction:
                yield connection
                return
            connection.execute(self.begin_snapshot)
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self, wait_s: float | None = None) -> Iterator[Connection]:
        """Run a transaction: all of it is kept, or (after any exception) nothing.

        Within a transaction of the same thread it is a part of that one: what fails undoes itself
        alone, and what succeeds is kept when the outer one is.

        Parameters
        ----------
        wait_s : float, optional
            How long to wait for other processes, where not as long as for any write.
        """
        if self.read_only:
            raise self.refuse_writing()
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
            raise self.refuse_writing()
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
    def _transaction(self, process: _Process, wait_s: float | None = None) -> Iterator[Connection]:
        with process.lock:
            if process.writer is not None and self.is_stale(process.writer):
                process.writer.close()
                process.writer = None
            if process.writer is None:
                process.writer = self.open_writer()
            connection = process.writer
            if connection.in_transaction:  # An interrupt came between BEGIN and the block.
                connection.execute("ROLLBACK")
            self._begin(process, connection, wait_s)
            process.owner = threading.get_ident()
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                process.words.forget()
                self._roll_back(process, connection)
                if isinstance(error, self.errors):
                    raise self.explain(error) from error
                raise
            finally:
                process.owner = None
            process.words.keep()

    def _begin(self, process: _Process, connection: Connection, wait_s: float | None) -> None:
        try:
            self.begin(connection, wait_s)
        except BaseException:
            if self.is_lost(connection):
                connection.close()
                process.writer = None
            raise

    def _roll_back(self, process: _Process, connection: Connection) -> None:
        if self.is_lost(connection):
            connection.close()
            process.writer = None
        elif connection.in_transaction:
            connection.execute("ROLLBACK")

    @contextmanager
    def _part(self, process: _Process, connection: Connection) -> Iterator[Connection]:
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
            if isinstance(error, self.errors):
                raise self.explain(error) from error
            raise

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
            process.readers.close()
            if process.writer is not None:
                process.writer.close()
                process.writer = None
            if process.watcher is not None:
                process.watcher.close()
                process.watcher = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hold no connection for the length of the block, which may replace the database."""
        self.close()
        try:
            yield
        finally:
            self._state, self._closed = _Process(self._commit, self.most_readers), False

    def _process(self) -> _Process:
        process = self._state
        if self._closed:
            raise StoreError(f"the store is closed: {self.place}", hint="open it again")
        if process.pid != os.getpid():
            _abandoned.append(process)
            process = self._state = _Process(self._commit, self.most_readers)
        return process
