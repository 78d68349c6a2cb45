"""The schema of a store in PostgreSQL: SQLite's tables, translated, then the same migrations.

A new store gets the tables that a new SQLite file of version `PORTABLE` has, so that there is one
definition of them. What comes behind are the migrations that SQLite runs as well.
"""

from __future__ import annotations

import sqlite3
from typing import cast

from clew.adapters.stores.sql import schema
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.postgres.connection import PostgresConnection
from clew.adapters.stores.sql.postgres.dialect import NUMBERED, define
from clew.adapters.stores.sql.postgres.functions import FUNCTIONS, OBJECTS
from clew.adapters.stores.sql.sqlite import version as sqlite_version
from clew.errors import StoreError

_DEFINITIONS = (
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' "
    "ORDER BY type = 'index', rowid"
)
_HERE = (
    "SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace "
    "WHERE s.nspname = $1 AND c.relkind = 'r'"
)


def version(connection: PostgresConnection, name: str, place: str) -> int:
    """Return the version of the schema `name` (0: there is none yet).

    Raises
    ------
    StoreError
        When it belongs to another program, or was written by a later clew.
    """
    tables = {row[0] for row in connection.raw.execute(_HERE, (name,))}
    if not tables:
        return 0
    if "schema_version" not in tables or "node" not in tables:
        raise StoreError(
            f"this schema belongs to another program: {place}",
            got=f"schema {name!r} with {', '.join(sorted(tables)[:3])}",
            expected="a clew store, or a schema that does not exist yet",
            hint="name another one, for example by ?schema=clew in the address",
        )
    row = connection.raw.execute(f'SELECT version FROM "{name}".schema_version').fetchone()
    found = int(row[0]) if row else 0
    schema.refuse_newer(found, place)
    return found


def upgrade(connection: PostgresConnection, found: int, name: str) -> None:
    """Bring a schema to the newest version, inside the caller's transaction."""
    if not found:
        _lay(connection, name)
        found = schema.PORTABLE
    for target in schema.migrate(cast(Connection, connection), found):
        connection.raw.execute("UPDATE schema_version SET version = $1", (target,))


def _lay(connection: PostgresConnection, name: str) -> None:
    connection.script(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        sqlite_version.upgrade(model, to=schema.PORTABLE)
        for (sql,) in model.execute(_DEFINITIONS):
            connection.script(define(sql))
        connection.script(FUNCTIONS)
        connection.script(OBJECTS)
        connection.script("CREATE TABLE schema_version (version BIGINT NOT NULL)")
        connection.raw.execute("INSERT INTO schema_version VALUES ($1)", (schema.PORTABLE,))
        for table in ("experiment", "word"):
            rows = model.execute(f"SELECT * FROM {table}")
            columns = ", ".join(column[0] for column in rows.description)
            marks = ", ".join("?" * len(rows.description))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    finally:
        model.close()
    for table in sorted(NUMBERED):
        connection.script(
            f"SELECT setval(pg_get_serial_sequence('{name}.{table}', 'n'), max(n)) FROM {table} "
            "HAVING max(n) > 0"
        )
