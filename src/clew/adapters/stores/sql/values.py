"""Values, code and environments: what is known of content ids besides their bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import cast

from clew.adapters.stores.sql.connection import Connection, Cursor
from clew.adapters.stores.sql.schema import BY_ID
from clew.adapters.stores.sql.words import Words
from clew.lineage.canonical import CodeId, Digest, ValueId
from clew.lineage.records import Code, Value, ValueState

_STATES: tuple[ValueState, ...] = ("absent", "stored", "erased", "corrupt")

_ERASED = _STATES.index("erased")
_KNOWN = f"SELECT n, type, state, content IS NULL FROM value WHERE {BY_ID.format('value')}"
_BARE = "INSERT INTO value (id) VALUES (?)"
_INSERT = (
    "INSERT INTO value (type, preview, format, size_bytes, state, id, content, used_s) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_FILL = "UPDATE value SET content = ?, used_s = ? WHERE n = ?"
_REPLACE = (
    "UPDATE value SET type = ?, preview = ?, format = ?, size_bytes = ?, state = ? WHERE n = ?"
)
_DESCRIBE = (
    "SELECT type, preview, format, size_bytes, state FROM value "
    f"WHERE {BY_ID.format('value')} AND type IS NOT NULL"
)


def number(connection: Connection, words: Words, id: ValueId) -> int:
    """Return the number of a content id, adding it without a description when it is new."""
    found = words.values.get(id)
    if found is None:
        row = connection.execute(_KNOWN, (id,)).fetchone()
        found = int(row[0]) if row else _added(connection.execute(_BARE, (id,)))
        words.values[id] = found
    return found


def add(connection: Connection, words: Words, value: Value) -> int:
    """Describe a value unless it is described already; return its number.

    A value whose bytes were absent and are stored now is described anew. Bytes that come with the
    description are kept, unless the value was erased.
    """
    bare = value.state == "absent"
    known = words.named(value.id) if bare else None
    if known is not None:
        words.values[value.id] = known
        return known
    row = connection.execute(_KNOWN, (value.id,)).fetchone()
    now_s = None if value.content is None else int(time.time())
    if row is None:
        columns = (*_columns(connection, words, value), value.id, value.content, now_s)
        added = words.values[value.id] = _added(connection.execute(_INSERT, columns))
        if bare:
            words.name(value.id, added)
        return added
    words.values[value.id] = int(row[0])
    if row[1] is None or (row[2] == 0 and value.state == "stored"):
        connection.execute(_REPLACE, (*_columns(connection, words, value), row[0]))
    if value.content is not None and row[3] and row[2] != _ERASED:
        connection.execute(_FILL, (value.content, now_s, row[0]))
    if bare:
        words.name(value.id, int(row[0]))
    return int(row[0])


def put_content(connection: Connection, words: Words, id: ValueId, content: bytes) -> None:
    """Keep the bytes of a value, described or not, unless it was erased."""
    n = number(connection, words, id)
    connection.execute(
        f"{_FILL} AND content IS NULL AND state <> {_ERASED:d}", (content, int(time.time()), n)
    )


def replace(connection: Connection, words: Words, value: Value) -> None:
    """Describe a value, whatever was known of it."""
    n = number(connection, words, value.id)
    connection.execute(_REPLACE, (*_columns(connection, words, value), n))


def describe(connection: Connection, words: Words, ids: Sequence[ValueId]) -> dict[ValueId, Value]:
    """Return what is known of each value; ids that were only ever named are left out."""
    found: dict[ValueId, Value] = {}
    for id in ids:
        row = connection.execute(_DESCRIBE, (id,)).fetchone()
        if row:
            kind, preview, form, size_bytes, state = row
            text = words.text(connection, kind)
            fmt = "" if form is None else words.text(connection, form)
            found[id] = Value(id, text, preview or "", fmt, size_bytes, _STATES[state])
    return found


def put_code(connection: Connection, code: Code) -> None:
    """Remember the record of a code fingerprint; the first one stays."""
    connection.execute(
        "INSERT INTO code (id, name, record) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
        "SET name = excluded.name, record = excluded.record WHERE code.record IS NULL",
        (code.id, code.name, code.record),
    )


def code(connection: Connection, id: CodeId) -> Code | None:
    """Return the record of a code fingerprint."""
    row = connection.execute(
        "SELECT name, record FROM code WHERE id = ? AND record IS NOT NULL", (id,)
    ).fetchone()
    return Code(id, row[0], row[1]) if row else None


def put_environment(connection: Connection, id: Digest, record: Mapping[str, str]) -> None:
    """Remember an environment; the first record stays."""
    connection.execute(
        "INSERT INTO environment (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE "
        "SET record = excluded.record WHERE environment.record IS NULL",
        (id, json.dumps(dict(record), ensure_ascii=False)),
    )


def environment(connection: Connection, id: Digest) -> Mapping[str, str] | None:
    """Return the record of an environment."""
    row = connection.execute(
        "SELECT record FROM environment WHERE id = ? AND record IS NOT NULL", (id,)
    ).fetchone()
    return cast("dict[str, str]", json.loads(row[0])) if row else None


def intern(connection: Connection, words: Words, table: str, id: Digest | None) -> int | None:
    """Return the number of a code or environment id (`table` says which), adding it if new."""
    if id is None:
        return None
    known = words.row(table, id)
    if known is not None:
        return known
    row = connection.execute(f"SELECT n FROM {table} WHERE id = ?", (id,)).fetchone()
    if row is None:
        row = (_added(connection.execute(f"INSERT INTO {table} (id) VALUES (?)", (id,))),)
    return words.remember(table, id, int(row[0]))


def _columns(
    connection: Connection, words: Words, value: Value
) -> tuple[int, str | None, int | None, int, int]:
    return (
        words.number(connection, value.type_name),
        value.preview or None,
        words.number(connection, value.format) if value.format else None,
        value.size_bytes,
        _STATES.index(value.state),
    )


def _added(cursor: Cursor) -> int:
    return cast(int, cursor.lastrowid)
