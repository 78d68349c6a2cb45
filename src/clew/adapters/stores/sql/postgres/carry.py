"""A whole store out of PostgreSQL into a SQLite file, and into PostgreSQL out of one.

Both have the same tables (see `tables`), so a row is the same row in either, with the same number.
What a column without a type holds is told otherwise: NaN is a text in SQLite, a number in
PostgreSQL, and so is a seed of more than 64 bits. Numbers that were given are never given again:
the counters go along.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.logs import NAN
from clew.adapters.stores.sql.postgres.connection import PostgresConnection
from clew.adapters.stores.sql.postgres.database import PostgresDatabase
from clew.adapters.stores.sql.postgres.dialect import NUMBERED, UNTYPED
from clew.adapters.stores.sql.sqlite.store import SqliteStore
from clew.errors import InvalidParameter

_ROWS = 1000
"""Held in memory at once."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
_COUNTED = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"
_COUNTER = "SELECT pg_get_serial_sequence($1, 'n')"

Row = tuple[Any, ...]


def write_file(source: PostgresDatabase, path: Path) -> None:
    """Write one state of a store into a SQLite file that does not exist yet."""
    with closing(SqliteStore(path)) as made, source.snapshot() as there:
        assert isinstance(there, PostgresConnection)
        with made.database.writing() as here:
            for table, columns in _tables(here):
                here.execute(f"DELETE FROM {table}")
                marks = ", ".join("?" * len(columns))
                here.executemany(
                    f"INSERT INTO {table} ({_listed(columns)}) VALUES ({marks})",
                    _read(there, table, columns),
                )
            _count_on_here(here, there)


def read_file(path: Path, target: PostgresDatabase) -> None:
    """Bring all that a SQLite file holds into a store that was just laid, in one transaction.

    Raises
    ------
    InvalidParameter
        When PostgreSQL cannot keep what the file holds.
    """
    with (
        closing(SqliteStore(path)) as made,
        made.database.snapshot() as here,
        target.writing() as there,
    ):
        assert isinstance(there, PostgresConnection)
        for table, columns in _tables(here):
            there.script(f'DELETE FROM "{table}"')
            rows = here.execute(f"SELECT {_listed(columns)} FROM {table}")
            _write(there, table, columns, rows)
        _count_on(here, there)


def _tables(connection: Connection) -> list[tuple[str, list[str]]]:
    """Return the tables of a SQLite file with their columns."""
    names = [row[0] for row in connection.execute(_TABLES).fetchall()]
    return [
        (name, [row[1] for row in connection.execute(f"PRAGMA table_info({name})").fetchall()])
        for name in names
    ]


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _read(there: PostgresConnection, table: str, columns: list[str]) -> Iterator[Row]:
    """Yield the rows of a table of PostgreSQL as SQLite holds them."""
    there.script(f'DECLARE carried NO SCROLL CURSOR FOR SELECT {_listed(columns)} FROM "{table}"')
    untyped = UNTYPED.get(table)
    place = columns.index(untyped[0]) if untyped else None
    while rows := there.raw.execute(f"FETCH {_ROWS:d} FROM carried").fetchall():
        if place is None:
            yield from rows
        else:
            for row in rows:
                yield (*row[:place], _plain(row[place]), *row[place + 1 :])
    there.script("CLOSE carried")


def _plain(value: object) -> object:
    """Return what a SQLite column without a type holds for a number."""
    if isinstance(value, float) and math.isnan(value):
        return NAN
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return str(value)
    return value


def _count_on_here(here: Connection, there: PostgresConnection) -> None:
    """Let SQLite give only numbers that were never given, where it promises that."""
    for (table,) in here.execute(_COUNTED).fetchall():
        (counter,) = there.raw.execute(_COUNTER, (table,)).fetchone()
        row = there.raw.execute(f"SELECT last_value, is_called FROM {counter}").fetchone()
        here.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        if row[1]:
            given = (table, int(row[0]))
            here.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", given)


def _write(
    there: PostgresConnection, table: str, columns: list[str], rows: Iterator[Row] | Any
) -> None:
    statement = f'COPY "{table}" ({_listed(columns)}) FROM STDIN'
    try:
        with there.raw.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.DataError as error:
        raise InvalidParameter(
            f"PostgreSQL cannot keep a row of the store's table {table!r}",
            got=str(error).strip(),
            expected="text without NUL characters",
        ) from error


def _count_on(here: Connection, there: PostgresConnection) -> None:
    """Let PostgreSQL give only numbers that were never given."""
    given = dict(here.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    for table in sorted(NUMBERED):
        highest = here.execute(f"SELECT coalesce(max(n), 0) FROM {table}").fetchone()[0]
        number = max(highest, given.get(table, 0))
        if number > 0:
            counter = there.raw.execute(_COUNTER, (table,)).fetchone()[0]
            there.raw.execute("SELECT setval($1::regclass, $2)", (counter, number))
