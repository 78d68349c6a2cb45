"""Which runs, in which order: a selection as SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.tracking.conditions import NEVER, Sql, key_number
from clew.adapters.stores.sql.tracking.run_query import condition
from clew.entities.overview import Selection
from clew.errors import InvalidParameter
from clew.track import query, validate
from clew.track.columns import Column, Sorted

VIEWS = {"active": (0,), "deleted": (1,), "all": (0, 1)}
ATTRIBUTES = {
    "id": "r.id",
    "name": "r.name",
    "status": "r.status",
    "user": "r.user",
    "flow": "(SELECT text FROM word WHERE n = r.flow)",
    "experiment": "(SELECT name FROM experiment WHERE n = r.experiment)",
    "started": "r.started_ms",
    "ended": "r.ended_ms",
    "duration": "((r.ended_ms - r.started_ms) / 1000.0)",
}
_NO_KEY = -1
_NUMBER_BEGINS = ", ".join(f"'{char}'" for char in "-+.0123456789")
_SHORTEST_ID = 6
_TABLES = {"params": "param", "tags": "tag"}
NEWEST = "r.started_ms DESC, r.n DESC"


@dataclass(slots=True)
class Query:
    """What stands behind SELECT: tables with what their question marks mean, and conditions."""

    tables: str = "run AS r"
    joined: list[object] = field(default_factory=list)
    sql: Sql = field(default_factory=Sql)
    order: list[str] = field(default_factory=list)

    @property
    def values(self) -> tuple[object, ...]:
        """What stands for the question marks of ``FROM … WHERE …``."""
        return (*self.joined, *self.sql.values)

    def text(self) -> str:
        """Return ``FROM … WHERE …``."""
        return f"FROM {self.tables} WHERE {self.sql.text}"


def selected(connection: Connection, selection: Selection) -> Query:
    """Return the query for a selection of runs.

    Raises
    ------
    InvalidParameter
        When the filter cannot be parsed, or an experiment's id is none.
    """
    found = Query()
    comparisons = query.RUNS.parse(selection.filter)
    if selection.experiments:
        places = sorted({validate.experiment_id(id) for id in selection.experiments})
        if len(places) == 1:
            found.sql.add("r.experiment = ?", places[0])
        else:
            found.sql.add("r.experiment IN (SELECT value FROM json_each(?))", json.dumps(places))
    elif selection.view == "active":
        found.sql.add("r.experiment IN (SELECT n FROM experiment WHERE lifecycle = 0)")
    lifecycles = VIEWS.get(selection.view)
    if lifecycles is None:
        raise InvalidParameter("view", got=repr(selection.view), expected=", ".join(VIEWS))
    if len(lifecycles) == 1:
        found.sql.add(f"r.lifecycle = {lifecycles[0]:d}")
    for one in comparisons:
        condition(connection, found.sql, one)
    for word in selection.text.split():
        pattern = like(word)
        # Short words stand in many ids by chance.
        id = pattern[1:] if len(word) >= _SHORTEST_ID else ""
        found.sql.add(
            "(r.name LIKE ? ESCAPE '\\' OR r.user LIKE ? ESCAPE '\\' OR r.id LIKE ? ESCAPE '\\' "
            "OR r.flow IN (SELECT n FROM word WHERE text LIKE ? ESCAPE '\\'))",
            pattern,
            pattern,
            id,
            pattern,
        )
    return found


def like(text: str) -> str:
    """Return the LIKE pattern (with ``\\`` as its escape) of what holds a text."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def sort(connection: Connection, found: Query, order: Sequence[Sorted]) -> None:
    """Say in which order: what is a number, then what is none, then what is not there."""
    for index, one in enumerate(order):
        expression = _expression(connection, found, index, one.column)
        way = "ASC NULLS FIRST" if one.ascending else "DESC NULLS LAST"
        if one.column.kind == "metrics":
            # NaN is stored as a text; numbers come before texts.
            found.order.append(
                f"CASE WHEN {expression} IS NULL THEN 2 WHEN {expression} < 'nan' THEN 0 ELSE 1 END"
            )
        else:
            found.order.append(f"({expression} IS NULL)")
        if one.column.kind in ("params", "tags"):
            is_number = f"substr({expression}, 1, 1) IN ({_NUMBER_BEGINS})"
            found.order.append(f"(NOT {is_number})")
            found.order.append(f"CASE WHEN {is_number} THEN CAST({expression} AS REAL) END {way}")
        found.order.append(f"{expression} {way}")
    found.order.append(NEWEST)


def _expression(connection: Connection, found: Query, index: int, column: Column) -> str:
    """Return what a column is for one run, joining what it needs."""
    if column.kind == "attributes":
        return ATTRIBUTES[column.key]
    key = key_number(connection, column.key)
    table = f"s{index}"
    if column.kind == "metrics" and column.aggregate != "last":
        text, values = aggregate(column, _NO_KEY if key is None else key)
        found.tables += f" LEFT JOIN (SELECT m.run, {text}) AS {table} ON {table}.run = r.n"
        found.joined += values
        return f"{table}.value"
    source = "latest" if column.kind == "metrics" else _TABLES[column.kind]
    found.tables += f" LEFT JOIN {source} AS {table} ON {table}.run = r.n AND {table}.key = ?"
    found.joined.append(_NO_KEY if key is None else key)
    return f"{table}.value"


def aggregate(column: Column, key: int) -> tuple[str, list[object]]:
    """Return ``value FROM … GROUP BY m.run``: one value of each run's history.

    Where all are NaN, the greatest is NaN; else NaN does not count.
    """
    number = "(CASE WHEN m.value < 'nan' THEN m.value END)"
    where = "FROM metric AS m WHERE m.key = ?"
    match column.aggregate:
        case "max" | "min" | "mean":
            function = "avg" if column.aggregate == "mean" else column.aggregate
            return f"coalesce({function}({number}), 'nan') AS value {where} GROUP BY m.run", [key]
        case "first":
            return f"value FROM ({_ranked('step, time_ms')} {where}) AS m WHERE m.place = 1", [key]
        case "step":
            ranked = _ranked("step DESC, time_ms")
            return (
                f"value FROM ({ranked} {where} AND m.step <= ?) AS m WHERE m.place = 1",
                [key, column.step],
            )
        case _:
            return f"value FROM latest AS m WHERE m.key = ? AND {NEVER}", [key]


def _ranked(order: str) -> str:
    """Return ``SELECT run, value, place``, the place of a point within its run."""
    return (
        "SELECT m.run AS run, m.value AS value, row_number() OVER (PARTITION BY m.run "
        f"ORDER BY {order}, value) AS place"
    )
