"""What is reachable: the neighbours of a value, ancestors and descendants, prefixes of ids."""

from __future__ import annotations

import json
from collections.abc import Sequence

from clew.adapters.stores.sql import nodes
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.schema import BY_ID
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.ports import Direction

_MATCHES = 20
_HEX = frozenset("0123456789abcdef")
_ID_DIGITS = 40

_STEP: dict[Direction, str] = {
    "up": "JOIN edge ON edge.node = {from_} AND edge.source IS NOT NULL",
    "down": "JOIN edge ON edge.source = {from_}",
}
_FOUND: dict[Direction, str] = {"up": "edge.source", "down": "edge.node"}


_VALUE = f"(SELECT value.n FROM value WHERE {BY_ID.format('value')})"
_MADE = f"SELECT node FROM edge WHERE value = {_VALUE} AND slot < 0 AND source IS NULL"
_READ = (
    f"SELECT node FROM edge WHERE value = {_VALUE} AND slot >= 0 AND source IS NULL "
    f"UNION SELECT node FROM edge WHERE source IN ({_MADE}) AND value = {_VALUE}"
)
_LINKED: dict[Direction, str] = {
    "up": f"SELECT n, id FROM node WHERE n IN ({_MADE}) ORDER BY n",
    "down": f"SELECT n, id FROM node WHERE n IN ({_READ}) ORDER BY n",
}


def linked(connection: Connection, value: ValueId, direction: Direction) -> tuple[NodeId, ...]:
    """Return the nodes that made a value ("up") or read it ("down"), oldest first."""
    rows = connection.execute(_LINKED[direction], (value,)).fetchall()
    return tuple(row[1] for row in rows)


def closure(
    connection: Connection,
    start: Sequence[NodeId],
    direction: Direction,
    depth: int | None,
) -> tuple[NodeId, ...]:
    """Return `start` and what is reachable from it, nearest first."""
    numbers = _numbers(connection, start)
    if depth is None:
        return _all(connection, numbers, direction)
    seen = dict.fromkeys(numbers)
    level = numbers
    for _ in range(depth):
        level = [n for n in next_level(connection, level, direction) if n not in seen]
        if not level:
            break
        seen.update(dict.fromkeys(level))
    return _ids(connection, list(seen))


def match(connection: Connection, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return up to 20 ``(kind, id)`` that begin with `prefix`; capitals do not matter."""
    last = chr(0x10FFFF)
    upper = prefix.upper()
    rows = connection.execute(
        "SELECT id FROM run WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (upper, upper + last, _MATCHES),
    ).fetchall()
    found = [("run", str(row[0])) for row in rows]
    digits = prefix.lower()
    if len(digits) > _ID_DIGITS or not _HEX.issuperset(digits):
        return tuple(found)
    bounds = (
        bytes.fromhex(digits.ljust(_ID_DIGITS, "0")),
        bytes.fromhex(digits.ljust(_ID_DIGITS, "f")),
    )
    for kind in ("node", "value"):
        rows = connection.execute(
            f"SELECT id FROM {kind} WHERE substr(id, 1, 4) BETWEEN substr(?1, 1, 4) AND "
            "substr(?2, 1, 4) AND id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
            (*bounds, _MATCHES),
        ).fetchall()
        found += [(kind, row[0].hex()) for row in rows]
    return tuple(found[:_MATCHES])


def reading(connection: Connection, name: str) -> tuple[NodeId, ...]:
    """Return the nodes that were seen to read something, by its stored edge name."""
    rows = connection.execute(
        "SELECT node.id FROM edge JOIN node ON node.n = edge.node WHERE edge.slot >= 1048576 "
        "AND edge.name = (SELECT n FROM word WHERE text = ?) ORDER BY node.n",
        (name,),
    ).fetchall()
    return tuple(row[0] for row in rows)


def _all(connection: Connection, numbers: list[int], direction: Direction) -> tuple[NodeId, ...]:
    # The queue of a recursive query without ORDER BY is first in, first out: breadth first.
    rows = connection.execute(
        "WITH RECURSIVE reached (n) AS (SELECT value FROM json_each(?) UNION "
        f"SELECT {_FOUND[direction]} FROM reached {_STEP[direction].format(from_='reached.n')}) "
        "SELECT node.id FROM (SELECT n, row_number() OVER () AS place FROM reached) AS one "
        "CROSS JOIN node ON node.n = one.n ORDER BY one.place",
        (json.dumps(numbers),),
    ).fetchall()
    return tuple(row[0] for row in rows)


def next_level(connection: Connection, level: list[int], direction: Direction) -> list[int]:
    """Return the numbers of the nodes one arrow away from some nodes."""
    rows = connection.execute(
        f"SELECT DISTINCT {_FOUND[direction]} FROM json_each(?) AS level "
        f"{_STEP[direction].format(from_='level.value')}",
        (json.dumps(level),),
    ).fetchall()
    return [row[0] for row in rows]


def _numbers(connection: Connection, ids: Sequence[NodeId]) -> list[int]:
    found = []
    for id in dict.fromkeys(ids):
        row = nodes.number(connection, id)
        if row is not None:
            found.append(row)
    return found


def _ids(connection: Connection, numbers: list[int]) -> tuple[NodeId, ...]:
    rows = connection.execute(
        "SELECT node.id FROM json_each(?) AS one CROSS JOIN node ON node.n = one.value "
        "ORDER BY one.key",
        (json.dumps(numbers),),
    ).fetchall()
    return tuple(row[0] for row in rows)
