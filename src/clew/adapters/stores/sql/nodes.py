"""Nodes and their edges: written once, read back as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from clew.adapters.stores.sql import values
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.schema import BY_ID, READ_SLOT
from clew.adapters.stores.sql.words import Words
from clew.errors import NotFound
from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId
from clew.lineage.records import Cost, Edge, Node, Read, ReadKind

_INSERT = (
    "INSERT INTO node (id, call, operation, kind, code, environment, seed, wall_s, cpu_s, "
    "size_bytes, created_ms, irreproducible) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = (
    "SELECT node.n, node.id, node.call, node.operation, node.kind, code.id, environment.id, "
    "node.seed, node.wall_s, node.cpu_s, node.size_bytes, node.created_ms, node.irreproducible "
    "FROM node LEFT JOIN code ON code.n = node.code "
    "LEFT JOIN environment ON environment.n = node.environment "
)
_EDGES = (
    "SELECT edge.slot, edge.name, value.id, made.id FROM edge "
    "JOIN value ON value.n = edge.value LEFT JOIN node AS made ON made.n = edge.source "
    "WHERE edge.node = ? ORDER BY edge.slot"
)
_BY_ID = BY_ID.format("node")
_NUMBER = f"SELECT n FROM node WHERE {_BY_ID}"
_VARIANTS = f"{_SELECT} WHERE {_BY_ID} AND node.call IS NULL UNION ALL {_SELECT} WHERE call = ?1"
_LATEST_MS = (1 << 62) - 1
_INT64 = range(-(1 << 63), 1 << 63)

_Row = tuple[
    int, NodeId, NodeId | None, int, int, CodeId | None, Digest | None, int | str | None,
    float, float, int, int, int,
]  # fmt: skip


def add(connection: Connection, words: Words, node: Node) -> int:
    """Add a node with its edges unless it is there; return its number."""
    found = number_now(connection, words, node.id)
    if found is not None:
        return found
    columns = _columns(connection, words, node)
    added = words.nodes[node.id] = cast(int, connection.execute(_INSERT, columns).lastrowid)
    connection.executemany(
        "INSERT INTO edge (node, slot, name, value, source) VALUES (?, ?, ?, ?, ?)",
        [
            (
                added,
                slot,
                words.number(connection, name),
                values.number(connection, words, value),
                None if source is None else number_now(connection, words, source),
            )
            for slot, name, value, source in _slots(node)
        ],
    )
    return added


def number(connection: Connection, id: NodeId) -> int | None:
    """Return the number of a node, or None."""
    row = connection.execute(_NUMBER, (id,)).fetchone()
    return int(row[0]) if row else None


def number_now(connection: Connection, words: Words, id: NodeId) -> int | None:
    """Return the number of a node, or None, inside a transaction that may have met it before."""
    found = words.nodes.get(id)
    if found is None:
        found = number(connection, id)
        if found is not None:
            words.nodes[id] = found
    return found


def node(connection: Connection, words: Words, id: NodeId) -> Node | None:
    """Return one node."""
    row = connection.execute(f"{_SELECT} WHERE {_BY_ID}", (id,)).fetchone()
    return _node(connection, words, row) if row else None


def variants(
    connection: Connection, words: Words, calls: Iterable[NodeId]
) -> dict[NodeId, tuple[Node, ...]]:
    """Return the nodes of each call, newest first."""
    found: dict[NodeId, tuple[Node, ...]] = {}
    for call in calls:
        # A node without reads is its call (see `node_id`), and stores the id once.
        rows: list[_Row] = connection.execute(_VARIANTS, (call,)).fetchall()
        if rows:
            rows.sort(key=lambda row: (row[11], row[0]), reverse=True)
            found[call] = tuple(_node(connection, words, row) for row in rows)
    return found


def history(
    connection: Connection,
    words: Words,
    operation: str,
    limit: int,
    until_ms: int | None,
) -> tuple[Node, ...]:
    """Return the newest nodes of an operation, made no later than `until_ms` if given."""
    rows: list[_Row] = connection.execute(
        f"{_SELECT} WHERE node.operation = (SELECT n FROM word WHERE text = ?) "
        "AND node.created_ms <= ? ORDER BY node.created_ms DESC, node.n DESC LIMIT ?",
        (operation, _LATEST_MS if until_ms is None else until_ms, limit),
    ).fetchall()
    return tuple(_node(connection, words, row) for row in rows)


def mark_irreproducible(connection: Connection, id: NodeId) -> None:
    """Mark a node for good.

    Raises
    ------
    NotFound
        When no such node is there.
    """
    changed = connection.execute(f"UPDATE node SET irreproducible = 1 WHERE {_BY_ID}", (id,))
    if not changed.rowcount:
        raise NotFound("no such node", got=id.hex())


def _slots(node: Node) -> Iterator[tuple[int, str, ValueId, NodeId | None]]:
    """Yield ``(slot, name, value, source)`` of each edge; see `schema` for what a slot is."""
    for slot, edge in enumerate(node.inputs):
        yield slot, edge.name, edge.value, edge.source
    for slot, edge in enumerate(node.outputs):
        yield -1 - slot, edge.name, edge.value, None
    for slot, read in enumerate(node.reads):
        yield READ_SLOT + slot, read_name(read.kind, read.name), read.value, None


def read_name(kind: str, name: str) -> str:
    """Return the edge name under which a read is stored."""
    return f"{kind}:{name}"


def _columns(connection: Connection, words: Words, node: Node) -> tuple[object, ...]:
    seed = node.seed
    return (
        node.id,
        None if node.call == node.id else node.call,
        words.number(connection, node.operation),
        words.number(connection, node.kind),
        values.intern(connection, words, "code", node.code),
        values.intern(connection, words, "environment", node.environment),
        seed if seed is None or seed in _INT64 else str(seed),
        node.cost.wall_s,
        node.cost.cpu_s,
        node.cost.size_bytes,
        node.created_ms,
        int(node.irreproducible),
    )


def _node(connection: Connection, words: Words, row: _Row) -> Node:
    n, id, call, operation, kind, code, environment, seed, wall_s, cpu_s, size, created, bad = row
    inputs: list[Edge] = []
    outputs: list[Edge] = []
    reads: list[Read] = []
    for slot, name, value, source in connection.execute(_EDGES, (n,)).fetchall():
        text = words.text(connection, name)
        if slot < 0:
            outputs.append(Edge(text, value))
        elif slot < READ_SLOT:
            inputs.append(Edge(text, value, source))
        else:
            kind_read, _, what = text.partition(":")
            reads.append(Read(cast(ReadKind, kind_read), what, value))
    outputs.reverse()
    return Node(
        id=id,
        call=call or id,
        operation=words.text(connection, operation),
        kind=words.text(connection, kind),
        code=code,
        environment=environment,
        seed=None if seed is None else int(seed),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        reads=tuple(reads),
        cost=Cost(wall_s, cpu_s, size),
        created_ms=created,
        irreproducible=bool(bad),
    )
