"""Experiments as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Sequence

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.pages.rows import NOTE
from clew.adapters.stores.sql.pages.select import VIEWS, like
from clew.adapters.stores.sql.tracking.conditions import Sql
from clew.adapters.stores.sql.tracking.experiments import LIFECYCLES
from clew.adapters.stores.sql.tracking.search import experiment_condition
from clew.entities import View
from clew.entities.overview import ExperimentRow
from clew.errors import InvalidParameter, NotFound
from clew.track import query, validate

_SUMS = (
    "(SELECT experiment, count(*) AS runs, "
    "sum(CASE WHEN status IN ('running', 'scheduled') THEN 1 ELSE 0 END) AS running, "
    "max(started_ms) AS last FROM run WHERE lifecycle = 0 GROUP BY experiment)"
)
_ORDERS = {
    "updated": "max(e.updated_ms, coalesce(s.last, 0)) DESC, e.n DESC",
    "name": "lower(e.name), e.n",
    "runs": "coalesce(s.runs, 0) DESC, e.n DESC",
    "created": "e.created_ms DESC, e.n DESC",
}
_ROW = (
    "SELECT e.n, e.name, e.lifecycle, e.created_ms, e.updated_ms, coalesce(s.runs, 0), "
    f"coalesce(s.running, 0), s.last, e.artifact_location FROM experiment AS e LEFT JOIN {_SUMS} "
    "AS s ON s.experiment = e.n"
)


def experiments(
    connection: Connection,
    text: str,
    filter: str,
    view: View,
    order: str,
    part: tuple[int, int],
) -> tuple[int, tuple[ExperimentRow, ...]]:
    """Return how many experiments match, and a part (offset, limit) of them."""
    if order not in _ORDERS:
        raise InvalidParameter("order", got=repr(order), expected=", ".join(_ORDERS))
    if view not in VIEWS:
        raise InvalidParameter("view", got=repr(view), expected=", ".join(VIEWS))
    sql = Sql()
    sql.add(f"e.lifecycle IN ({', '.join(map(str, VIEWS[view]))})")
    for one in query.EXPERIMENTS.parse(filter):
        experiment_condition(sql, one)
    for word in text.split():
        sql.add(
            "(e.name LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM experiment_tag AS t WHERE "
            "t.experiment = e.n AND t.key = ? AND t.value LIKE ? ESCAPE '\\'))",
            like(word),
            NOTE,
            like(word),
        )
    (total,) = connection.execute(
        f"SELECT count(*) FROM experiment AS e WHERE {sql.text}", sql.values
    ).fetchone()
    rows = connection.execute(
        f"{_ROW} WHERE {sql.text} ORDER BY {_ORDERS[order]} LIMIT ? OFFSET ?",
        (*sql.values, part[1], part[0]),
    ).fetchall()
    return total, tuple(_rows(connection, rows))


def experiment(connection: Connection, id: str) -> ExperimentRow:
    """Return one experiment, deleted or not."""
    row = connection.execute(f"{_ROW} WHERE e.n = ?", (validate.experiment_id(id),)).fetchone()
    if row is None:
        raise NotFound(f"there is no experiment {id!r}", hint="/api/v1/experiments lists them")
    return _rows(connection, [row])[0]


def _rows(connection: Connection, rows: Sequence[tuple]) -> list[ExperimentRow]:  # type: ignore[type-arg]
    tags: dict[int, dict[str, str]] = {}
    for n, key, value in connection.execute(
        "SELECT t.experiment, t.key, t.value FROM json_each(?) AS j CROSS JOIN experiment_tag AS t "
        "ON t.experiment = j.value",
        (json.dumps([row[0] for row in rows]),),
    ).fetchall():
        tags.setdefault(n, {})[key] = value
    return [
        ExperimentRow(
            id=str(n),
            name=name,
            lifecycle=LIFECYCLES[lifecycle],
            created_ms=created_ms,
            updated_ms=updated_ms,
            note=tags.get(n, {}).pop(NOTE, ""),
            tags=tags.get(n, {}),
            runs=runs,
            running=running,
            last_run_ms=last_ms,
            artifact_location=location,
        )
        for n, name, lifecycle, created_ms, updated_ms, runs, running, last_ms, location in rows
    ]
