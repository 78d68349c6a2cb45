"""Which version of the schema a SQLite file has: its ``user_version``."""

from __future__ import annotations

from pathlib import Path

from clew.adapters.stores.sql import schema
from clew.adapters.stores.sql.connection import Connection
from clew.errors import StoreError

APPLICATION_ID = 0x636C6577
"""``clew`` in ASCII: tells a clew store from other SQLite files."""


def version(connection: Connection) -> int:
    """Return the version of the schema of an open database (0: empty)."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def examine(connection: Connection, path: Path) -> int:
    """Return the version of an open database, when this clew can use it.

    Raises
    ------
    StoreError
        When the file belongs to another program, or was written by a later clew.
    """
    found = version(connection)
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if owner != APPLICATION_ID and tables:
        raise StoreError(
            f"this SQLite database belongs to another program: {path}",
            expected="a clew store, or a file that does not exist yet",
            hint="name another file",
        )
    schema.refuse_newer(found, str(path))
    return found


def upgrade(connection: Connection, to: int | None = None) -> None:
    """Bring a database to the newest version (or to `to`), inside the caller's transaction."""
    found = version(connection)
    if not found:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
    for target in schema.migrate(connection, found, to):
        connection.execute(f"PRAGMA user_version = {target:d}")
