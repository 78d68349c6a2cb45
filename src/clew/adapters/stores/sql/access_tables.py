"""The tables of tokens and saved views, and the indexes that pages need (schema version 4)."""

from __future__ import annotations

from clew.adapters.stores.sql.connection import Connection


def lay(connection: Connection) -> None:
    """Make the tables and indexes."""
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)


# The index on tags holds the beginnings of values alone: a tag may be long.
_TABLES = """
CREATE TABLE token (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created_ms INTEGER NOT NULL, created_by TEXT NOT NULL, expires_ms INTEGER,
    last_used_ms INTEGER, revoked_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE saved_view (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, location TEXT NOT NULL, created_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tag_value ON tag (key, substr(value, 1, 40));
CREATE INDEX run_running ON run (n) WHERE status IN ('running', 'scheduled')
"""
