"""The port `clew.lineage.survey.Survey`: parts of the graph by the numbers of its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

from clew.adapters.stores.sql import graph, values
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.nodes import number
from clew.adapters.stores.sql.schema import READ_SLOT
from clew.lineage.canonical import NodeId, ValueId
from clew.lineage.ports import Direction
from clew.lineage.records import Decision, Reason, Use
from clew.lineage.survey import Decided, Found, Part, PartEdge, PartNode, UsingRun

DECISIONS: tuple[Decision, ...] = get_args(Decision)

_NODES = (
    "SELECT node.n, node.id, operation.text, kind.text, node.wall_s, node.size_bytes, "
    "node.created_ms, node.irreproducible FROM json_each(?) AS one "
    "CROSS JOIN node ON node.n = one.value CROSS JOIN word AS operation "
    "ON operation.n = node.operation CROSS JOIN word AS kind ON kind.n = node.kind "
    "ORDER BY one.key"
)
_EDGES = (
    "SELECT edge.node, word.text, edge.value, edge.source FROM json_each(?) AS one "
    "CROSS JOIN edge ON edge.node = one.value AND edge.slot >= 0 AND edge.slot < "
    f"{READ_SLOT:d} CROSS JOIN word ON word.n = edge.name ORDER BY one.key, edge.slot"
)
_USERS = (
    "SELECT DISTINCT edge.source, edge.node FROM json_each(?) AS one "
    "CROSS JOIN edge ON edge.source = one.value"
)
_VALUE_IDS = (
    "SELECT value.n, value.id FROM json_each(?) AS one CROSS JOIN value ON value.n = one.value"
)
_DECIDED = (
    "SELECT use.node, use.decision, use.text FROM json_each(?) AS one "
    "CROSS JOIN use ON use.node = one.value JOIN run ON run.n = use.run {} "
    "ORDER BY run.started_ms, run.n"
)
_SAVED = (
    "SELECT use.node, sum(use.saved_s) FROM json_each(?) AS one "
    "CROSS JOIN use ON use.node = one.value GROUP BY use.node"
)
_RUN = "run.id, run.name, flow.text, run.started_ms"
_USE = (
    f"SELECT {_RUN}, use.seq, use.label, use.decision, use.code, use.text, use.fields, use.wall_s, "
    "use.saved_s FROM use JOIN run ON run.n = use.run LEFT JOIN word AS flow ON flow.n = run.flow "
    "WHERE use.node = ? ORDER BY run.started_ms DESC, run.n DESC, use.seq LIMIT ?"
)
_USING = (
    f"SELECT DISTINCT {_RUN} FROM json_each(?) AS one CROSS JOIN use ON use.node = one.value "
    "JOIN run ON run.n = use.run LEFT JOIN word AS flow ON flow.n = run.flow "
    "ORDER BY run.started_ms DESC, run.id DESC LIMIT ?"
)
_OPERATIONS = (
    "SELECT word.text, count(*) AS uses, max(node.created_ms) FROM word JOIN node "
    "ON node.operation = word.n WHERE word.text LIKE ? ESCAPE '\\' GROUP BY word.n "
    "ORDER BY uses DESC LIMIT ?"
)
_PREVIEWS = (
    "SELECT value.id, value.preview, word.text, value.size_bytes FROM value "
    "JOIN word ON word.n = value.type WHERE value.preview LIKE ? ESCAPE '\\' "
    "ORDER BY value.size_bytes DESC, value.n DESC LIMIT ?"
)
_FILES = (
    "SELECT word.text, count(*) FROM word JOIN edge ON edge.name = word.n AND edge.slot >= "
    f"{READ_SLOT:d} WHERE word.text LIKE ? ESCAPE '\\' GROUP BY word.n ORDER BY 2 DESC LIMIT ?"
)


class SqlSurvey:
    """Wide views of one store's graph."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def part(self, start: Sequence[NodeId], *, up: int, down: int, limit: int) -> Part:
        """Return what lies within a distance above and below some nodes, nearest first."""
        with self._database.snapshot() as connection:
            numbers = [n for id in start if (n := number(connection, id)) is not None]
            near, truncated = _near(connection, numbers, up, down, limit)
            return _part(connection, self._database, near, truncated=truncated)

    def decided(self, ids: Sequence[NodeId], run: str | None = None) -> Mapping[NodeId, Decided]:
        """Return the decisions of a run about nodes, or of the newest run that used each."""
        with self._database.reading() as connection:
            by_number = {n: id for id in ids if (n := number(connection, id)) is not None}
            listed = json.dumps(list(by_number))
            saved = dict(connection.execute(_SAVED, (listed,)).fetchall())
            query = _DECIDED.format("WHERE run.id = ?" if run is not None else "")
            rows = connection.execute(query, (listed, run) if run is not None else (listed,))
            return {
                by_number[n]: Decided(DECISIONS[decision], text, saved.get(n) or 0.0)
                for n, decision, text in rows.fetchall()
            }

    def uses_of(self, id: NodeId, limit: int = 100) -> tuple[tuple[UsingRun, Use], ...]:
        """Return who used a node and how, newest first."""
        words = self._database.words
        with self._database.reading() as connection:
            rows = connection.execute(_USE, (number(connection, id), limit)).fetchall()
            return tuple(
                (
                    UsingRun(*row[:4]),
                    Use(
                        row[4],
                        row[5],
                        id,
                        DECISIONS[row[6]],
                        Reason(
                            words.text(connection, row[7]),
                            row[8],
                            json.loads(row[9]) if row[9] else {},
                        ),
                        row[10],
                        row[11],
                    ),
                )
                for row in rows
            )

    def users(self, ids: Sequence[NodeId], limit: int = 100) -> tuple[UsingRun, ...]:
        """Return the runs that used any of some nodes, newest first."""
        with self._database.reading() as connection:
            numbers = [n for id in ids if (n := number(connection, id)) is not None]
            rows = connection.execute(_USING, (json.dumps(numbers), limit)).fetchall()
            return tuple(UsingRun(*row) for row in rows)

    def find(self, text: str, limit: int = 20) -> tuple[Found, ...]:
        """Return operations, values by their preview, and files that were read."""
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
        with self._database.reading() as connection:
            found = [
                Found("operation", name, name.rpartition(":")[2], f"{count} calls, {name}")
                for name, count, _ in connection.execute(_OPERATIONS, (pattern, limit)).fetchall()
            ]
            found += [
                Found("file", name.partition(" ")[2], name.partition(" ")[2], f"read by {count}")
                for name, count in connection.execute(_FILES, (f"file {pattern}", limit)).fetchall()
            ]
            if len(found) < limit:
                rows = connection.execute(_PREVIEWS, (pattern, limit - len(found))).fetchall()
                found += [Found("value", id.hex(), shown, kind) for id, shown, kind, _ in rows]
        return tuple(found[:limit])

    def nodes_of(self, operation: str, limit: int = 20) -> tuple[NodeId, ...]:
        """Return the newest nodes of an operation."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM node WHERE operation = (SELECT n FROM word WHERE text = ?) "
                "ORDER BY created_ms DESC, n DESC LIMIT ?",
                (operation, limit),
            ).fetchall()
            return tuple(NodeId(row[0]) for row in rows)


def _near(
    connection: Connection, start: Sequence[int], up: int, down: int, limit: int
) -> tuple[dict[int, int], bool]:
    """Return the numbers of near nodes with their distances, and whether some were left out."""
    distance = dict.fromkeys(start[:limit], 0)
    fronts: dict[Direction, list[int]] = {"up": list(distance), "down": list(distance)}
    truncated = len(start) > limit
    for step in range(1, max(up, down) + 1):
        for direction, most in (("up", up), ("down", down)):
            way: Direction = "up" if direction == "up" else "down"
            if step > most or not fronts[way]:
                fronts[way] = []
                continue
            fresh = [n for n in graph.next_level(connection, fronts[way], way) if n not in distance]
            room = limit - len(distance)
            truncated = truncated or len(fresh) > room
            fronts[way] = fresh[: max(room, 0)]
            distance.update(dict.fromkeys(fronts[way], step))
        if not fronts["up"] and not fronts["down"]:
            break
    return distance, truncated


def _part(
    connection: Connection,
    database: Database,
    distance: Mapping[int, int],
    *,
    truncated: bool,
) -> Part:
    listed = json.dumps(list(distance))
    position = {n: index for index, n in enumerate(distance)}
    edges: list[tuple[int, str, int, int | None]] = []
    above: Counter[int] = Counter()
    sources: set[tuple[int, int]] = set()
    for target, name, value, source in connection.execute(_EDGES, (listed,)).fetchall():
        if source is None or source in position:
            edges.append((position[target], name, value, source))
        elif (target, source) not in sources:
            sources.add((target, source))
            above[target] += 1
    below = Counter(
        source
        for source, user in connection.execute(_USERS, (listed,)).fetchall()
        if user not in position
    )
    wanted = json.dumps(list({value for _, _, value, _ in edges}))
    ids: dict[int, ValueId] = dict(connection.execute(_VALUE_IDS, (wanted,)).fetchall())
    unmade = list(dict.fromkeys(ids[v] for _, _, v, source in edges if source is None))
    nodes = tuple(
        PartNode(
            NodeId(id),
            operation,
            kind,
            wall_s,
            size_bytes,
            created_ms,
            bool(irreproducible),
            distance[n],
            above[n],
            below[n],
        )
        for n, id, operation, kind, wall_s, size_bytes, created_ms, irreproducible in (
            connection.execute(_NODES, (listed,)).fetchall()
        )
    )
    return Part(
        nodes,
        tuple(
            PartEdge(target, name, ids[value], None if source is None else position[source])
            for target, name, value, source in edges
        ),
        values.describe(connection, database.words, unmade),
        truncated,
    )
