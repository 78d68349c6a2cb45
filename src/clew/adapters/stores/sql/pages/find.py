"""What holds all words of a text: runs, experiments, models, versions, datasets, studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.pages.select import like
from clew.entities.overview import Hit

# Each query gives kind, id, title, detail, time, and the text in which words are looked for.
_SOURCES: tuple[tuple[str, str], ...] = (
    (
        "SELECT 'model', g.name, g.name, coalesce(g.description, ''), g.updated_ms "
        "FROM registered AS g WHERE {} ORDER BY g.updated_ms DESC LIMIT ?",
        "g.name || ' ' || coalesce(g.description, '')",
    ),
    (
        "SELECT 'version', g.name || '@' || v.version, g.name || ' version ' || v.version, "
        "coalesce((SELECT group_concat(a.alias, ', ') FROM alias AS a WHERE a.registered = "
        "v.registered AND a.version = v.version), v.description, ''), v.updated_ms "
        "FROM version AS v JOIN registered AS g ON g.n = v.registered WHERE {} "
        "ORDER BY v.updated_ms DESC LIMIT ?",
        "g.name || ' ' || v.version || ' ' || coalesce(v.description, '') || ' ' || coalesce("
        "(SELECT group_concat(a.alias, ' ') FROM alias AS a WHERE a.registered = v.registered "
        "AND a.version = v.version), '')",
    ),
    (
        "SELECT 'experiment', CAST(e.n AS TEXT), e.name, '', e.updated_ms FROM experiment AS e "
        "WHERE e.lifecycle = 0 AND {} ORDER BY e.updated_ms DESC LIMIT ?",
        "e.name",
    ),
    (
        "SELECT 'run', r.id, r.name, e.name || ', ' || r.status, r.started_ms FROM run AS r "
        "JOIN experiment AS e ON e.n = r.experiment WHERE r.lifecycle = 0 AND {} "
        "ORDER BY r.started_ms DESC LIMIT ?",
        "r.name || ' ' || r.user || ' ' || e.name",
    ),
    (
        "SELECT 'dataset', d.name || '@' || d.digest, d.name, d.digest, max(d.created_ms) "
        "FROM dataset AS d WHERE {} GROUP BY d.name, d.digest ORDER BY 5 DESC LIMIT ?",
        "d.name || ' ' || d.digest",
    ),
)


def find(connection: Connection, text: str, limit: int) -> tuple[Hit, ...]:
    """Return what was found, names that begin so before others, newest first within a kind."""
    words = text.split()
    found: list[Hit] = []
    for query, looked_in in _SOURCES if words else ():
        conditions = " AND ".join([f"({looked_in}) LIKE ? ESCAPE '\\'"] * len(words))
        rows = connection.execute(
            query.format(conditions), (*(like(word) for word in words), limit)
        ).fetchall()
        found += map(_hit, rows)
    beginning = words[0].lower() if words else ""
    found.sort(key=lambda hit: not hit.title.lower().startswith(beginning))
    return tuple(found[:limit])


def _hit(row: Sequence[object]) -> Hit:
    kind, id, title, detail, time_ms = row
    return Hit(
        kind=cast(Any, kind),
        id=str(id),
        title=str(title),
        detail=str(detail)[:200],
        time_ms=cast("int | None", time_ms),
    )
