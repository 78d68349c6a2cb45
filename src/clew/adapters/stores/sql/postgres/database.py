"""A schema of a PostgreSQL database: many threads, many processes, many machines.

Every write transaction first takes an advisory lock of the store, so that writers follow each other
as they do in SQLite, wherever they run; readers wait for nobody. The server's ``fsync`` and
``synchronous_commit`` say what an acknowledged write survives.
"""

from __future__ import annotations

import psycopg
from blake3 import blake3
from psycopg.conninfo import conninfo_to_dict

from clew.adapters.stores.sql import schema
from clew.adapters.stores.sql.connection import Connection, Duplicate
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.postgres import address as addresses
from clew.adapters.stores.sql.postgres import failures, tables
from clew.adapters.stores.sql.postgres.connection import PostgresConnection
from clew.errors import ClewError, InvalidParameter, NotFound, StoreError

_WRITES = "SELECT hashtextextended(pg_current_snapshot()::text, 0)"
_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c "
    "JOIN pg_namespace AS s ON s.oid = c.relnamespace "
    "WHERE s.nspname = current_schema() AND c.relkind = 'r'"
)
_MAY_WRITE = (
    "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' "
    "AND has_table_privilege('node', 'INSERT')"
)


def lock_number(kind: str, name: str, id: bytes = b"") -> int:
    """Return the number of an advisory lock: of a kind, of one schema of the database."""
    told = f"clew:{kind}:{name}:".encode() + id
    return int.from_bytes(blake3(told).digest(length=8), "big", signed=True)


class PostgresDatabase(Database):
    """One store in a PostgreSQL database.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST/DATABASE?schema=NAME``; the schema is made when it is absent, and
        brought to the newest version.
    lock_timeout_s : float
        How long to wait for another process's write before giving up.
    make : bool, default True
        Make the store where there is none.

    Raises
    ------
    StoreError
        When the database cannot be reached or used.
    NotFound
        When there is no store, and none is to be made.
    """

    kind = "postgresql"
    errors = (psycopg.Error, Duplicate)
    begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    most_readers = 8

    def __init__(self, url: str, lock_timeout_s: float, *, make: bool = True) -> None:
        super().__init__()
        self.address = addresses.parse(url)
        try:
            conninfo_to_dict(self.address.url)
        except psycopg.ProgrammingError as error:
            raise InvalidParameter(
                f"the address of the database: {self.address.shown}",
                got=str(error).strip(),
                expected="options of libpq, and schema",
            ) from error
        self.place = self.address.shown
        self._lock_timeout_s = lock_timeout_s
        self._lock = lock_number("write", self.address.schema)
        self._prepare(make=make)

    def open_reader(self) -> PostgresConnection:
        """Open a connection."""
        try:
            return PostgresConnection(self.address)
        except psycopg.Error as error:
            raise self.explain(error) from error

    open_writer = open_reader

    def begin(self, connection: Connection, wait_s: float | None = None) -> None:
        """Begin a transaction that nobody else writes beside, on whatever machine."""
        wait_ms = max(1, int(1000 * (self._lock_timeout_s if wait_s is None else wait_s)))
        session = _session(connection)
        try:
            session.script(
                f"BEGIN; SET LOCAL lock_timeout = {wait_ms:d}; "
                f"SELECT pg_advisory_xact_lock({self._lock:d})"
            )
        except BaseException as error:
            if session.in_transaction:
                session.script("ROLLBACK")
            if isinstance(error, psycopg.Error):
                raise self.explain(error) from error
            raise

    def explain(self, error: Exception) -> ClewError:
        """Return the error that says what PostgreSQL's error means for the user."""
        return failures.misfit(error) or failures.explain(error, self.place)

    def refuse_writing(self) -> StoreError:
        """Return the error of a write into a database that can only be read."""
        return StoreError(
            f"the store is read-only: {self.place}",
            hint="name a user and a server that may write, or another database",
        )

    def writes(self) -> int:
        """Return a number that every write to the server changes."""
        process = self._process()
        with process.watching:
            watcher = process.watcher
            if watcher is not None and self.is_stale(watcher):
                watcher.close()
                watcher = None
            if watcher is None:
                watcher = process.watcher = self.open_reader()
            try:
                return int(_session(watcher).raw.execute(_WRITES).fetchone()[0])
            except psycopg.Error as error:
                watcher.close()
                process.watcher = None
                raise self.explain(error) from error

    def overwrite(self, connection: Connection) -> None:
        """Do nothing: what was deleted stays in the server's files until it is vacuumed."""

    def damage(self) -> tuple[str, ...]:
        """Return nothing: PostgreSQL has tools of its own for that (``pg_amcheck``)."""
        return ()

    def size_bytes(self) -> int:
        """Return the size of the store's tables and indexes."""
        with self.reading() as connection:
            return int(connection.execute(_SIZE).fetchone()[0])

    def is_lost(self, connection: Connection) -> bool:
        """Tell whether the session has ended."""
        return _session(connection).is_lost

    def is_stale(self, connection: Connection) -> bool:
        """Tell whether the server ended the session meanwhile."""
        return not _session(connection).is_quiet()

    def _prepare(self, *, make: bool) -> None:
        connection = self.open_reader()
        name = self.address.schema
        try:
            found = tables.version(connection, name, self.place)
            if not found and not make:
                raise NotFound(
                    f"there is no store: {self.place}", got=f"no tables in schema {name!r}"
                )
            if found < schema.newest():
                self.begin(connection)
                found = tables.version(
                    connection, name, self.place
                )  # Perhaps it was laid meanwhile.
                tables.upgrade(connection, found, name)
                connection.script("COMMIT")
            self.read_only = not connection.raw.execute(_MAY_WRITE).fetchone()[0]
            encoding = connection.raw.execute("SHOW server_encoding").fetchone()
        except psycopg.Error as error:
            connection.close()
            raise self.explain(error) from error
        except BaseException:
            connection.close()
            raise
        if encoding != ("UTF8",):
            connection.close()
            raise StoreError(
                f"the database has an encoding that cannot hold every text: {self.place}",
                got=str(encoding and encoding[0]),
                expected="UTF8",
                hint="create it with `createdb --encoding=UTF8 --template=template0`",
            )
        self._state.readers.add(connection)


def _session(connection: Connection) -> PostgresConnection:
    assert isinstance(connection, PostgresConnection)
    return connection
