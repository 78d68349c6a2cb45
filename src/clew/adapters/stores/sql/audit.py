"""Is the database whole: every number that refers to a row, every id once."""

from __future__ import annotations

from collections.abc import Iterator

from clew.adapters.stores.sql import values
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.words import Words
from clew.lineage.records import Value

REFERENCES = (
    ("edge", "node", "node"),
    ("edge", "value", "value"),
    ("edge", "name", "word"),
    ("node", "operation", "word"),
    ("node", "kind", "word"),
    ("node", "code", "code"),
    ("node", "environment", "environment"),
    ("value", "type", "word"),
    ("run", "flow", "word"),
    ("use", "run", "run"),
    ("run", "experiment", "experiment"),
    ("metric", "run", "run"),
    ("metric", "key", "word"),
    ("latest", "run", "run"),
    ("param", "run", "run"),
    ("param", "key", "word"),
    ("tag", "run", "run"),
    ("tag", "key", "word"),
    ("input", "run", "run"),
    ("input", "dataset", "dataset"),
    ("link", "run", "run"),
    ("model", "experiment", "experiment"),
    ("model_param", "model", "model"),
    ("model_tag", "model", "model"),
    ("version", "registered", "registered"),
    ("alias", "registered", "registered"),
    ("trace", "experiment", "experiment"),
)


def dangling(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield ``(table, text)`` for references to rows that are not there, and doubled ids."""
    for table, column, target in REFERENCES:
        (count,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL "
            f"AND NOT EXISTS (SELECT 1 FROM {target} WHERE {target}.n = {table}.{column})"
        ).fetchone()
        if count:
            yield table, f"{count} rows name a {target} that is not there (column {column})"
    for table in ("node", "value"):
        (count,) = connection.execute(
            f"SELECT count(*) - count(DISTINCT id) FROM {table}"
        ).fetchone()
        if count:
            yield table, f"{count} ids are there twice"


def described(connection: Connection, words: Words) -> Iterator[Value]:
    """Yield every value that was ever described."""
    rows = connection.execute("SELECT id FROM value WHERE type IS NOT NULL").fetchall()
    for start in range(0, len(rows), 1000):
        ids = [row[0] for row in rows[start : start + 1000]]
        yield from values.describe(connection, words, ids).values()
