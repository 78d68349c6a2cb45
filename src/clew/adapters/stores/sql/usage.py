"""Who uses a piece of code, a library or a path: the questions behind impact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from clew.adapters.stores.sql.connection import Connection
from clew.lineage.canonical import CodeId, NodeId, ValueId
from clew.lineage.records import Code


def codes(connection: Connection) -> Iterator[Code]:
    """Yield every code fingerprint that the store has a record of."""
    rows = connection.execute("SELECT id, name, record FROM code WHERE record IS NOT NULL")
    for id, name, record in rows.fetchall():
        yield Code(CodeId(id), name, record)


def nodes_of_code(connection: Connection, ids: Sequence[CodeId]) -> tuple[NodeId, ...]:
    """Return the nodes that ran one of the codes."""
    rows = connection.execute(
        "SELECT node.id FROM node JOIN code ON code.n = node.code "
        "WHERE hex(code.id) IN (SELECT value FROM json_each(?, '$')) ORDER BY node.n",
        (json.dumps([id.hex().upper() for id in ids]),),
    )
    return tuple(row[0] for row in rows.fetchall())


def paths_called(connection: Connection, text: str) -> tuple[ValueId, ...]:
    """Return the values that are paths and read `text`."""
    rows = connection.execute(
        "SELECT value.id FROM value JOIN word ON word.n = value.type "
        "WHERE word.text LIKE 'pathlib.%' AND value.preview = ?",
        (text,),
    )
    return tuple(ValueId(row[0]) for row in rows.fetchall())
