"""A connection to PostgreSQL that takes SQL in SQLite's words."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from clew.adapters.stores.sql.connection import Duplicate
from clew.adapters.stores.sql.postgres.address import Address
from clew.adapters.stores.sql.postgres.dialect import translate

_CONNECT_S = 10
_SESSION = (
    "SET search_path TO {schema}; SET jit = off; SET timezone = 'UTC'; "
    "SET idle_session_timeout = 0; SET statement_timeout = 0"
)
# A machine that dies says nothing: its session, with all that it holds, ends within half a minute.
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_ALIVE_THERE = (
    "; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)


class _NumberLoader(Loader):  # type: ignore[misc]
    """Sums of integers are numeric in PostgreSQL: whole ones become int, others float."""

    def load(self, data: Any) -> int | float:
        """Return a number."""
        text = bytes(data).decode()
        try:
            return int(text)
        except ValueError:
            return float(text)


class _IntDumper(Int8Dumper):  # type: ignore[misc]
    """All integers alike, so that one statement is prepared once."""


class _Session(psycopg.Connection[Any]):  # type: ignore[misc]
    """A connection that may be left open at the end of its process: nothing of it is lost."""

    def __del__(self) -> None:
        """Say nothing; a child of `fork` does not end the session of its parent."""


class Answer:
    """What a statement gave."""

    __slots__ = ("_cursor", "_numbered")

    def __init__(self, cursor: Any, *, numbered: bool) -> None:
        self._cursor = cursor
        self._numbered = numbered

    @property
    def lastrowid(self) -> int | None:
        """Number of the row that an INSERT added."""
        row = self._cursor.fetchone() if self._numbered else None
        return None if row is None else int(row[0])

    @property
    def rowcount(self) -> int:
        """How many rows a statement changed."""
        return int(self._cursor.rowcount)

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        rows: list[Any] = self._cursor.fetchall()
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)


class PostgresConnection:
    """One session. Used by one thread at a time."""

    def __init__(self, address: Address) -> None:
        self.raw = _Session.connect(
            address.url,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
            connect_timeout=_CONNECT_S,
            application_name=f"clew {address.schema}",
            client_encoding="UTF8",
            keepalives=1,
            **_ALIVE,
        )
        self.raw.adapters.register_dumper(int, _IntDumper)
        self.raw.adapters.register_loader("numeric", _NumberLoader)
        self.raw.prepared_max = 500
        self.script(_SESSION.format(schema=f'"{address.schema}"'))
        if self.raw.info.hostaddr:
            self.script(_ALIVE_THERE.removeprefix("; "))

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        status = self.raw.info.transaction_status
        return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    @property
    def is_lost(self) -> bool:
        """Whether the session has ended."""
        return bool(self.raw.closed)

    def is_quiet(self) -> bool:
        """Tell whether the server said nothing since the last answer, as it does when it ends."""
        if self.raw.closed:
            return False
        descriptor = self.raw.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return not poll.poll(0)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Answer:
        """Execute one statement."""
        query, numbered = translate(sql)
        cursor = self.raw.cursor()
        try:
            cursor.execute(query, parameters or None)
        except psycopg.errors.UniqueViolation as error:
            raise Duplicate(str(error)) from error
        return Answer(cursor, numbered=numbered)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Answer:
        """Execute one statement with each of several rows of parameters."""
        query, _ = translate(sql)
        cursor = self.raw.cursor()
        try:
            cursor.executemany(query, parameters)
        except psycopg.errors.UniqueViolation as error:
            raise Duplicate(str(error)) from error
        return Answer(cursor, numbered=False)

    def script(self, sql: str) -> None:
        """Execute statements as they stand, in PostgreSQL's own words."""
        self.raw.execute(sql)

    def close(self) -> None:
        """End the session."""
        self.raw.close()
