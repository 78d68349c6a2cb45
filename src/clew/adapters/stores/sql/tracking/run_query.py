"""How runs are found: conditions on what they logged, and the order in phases.

Runs that are ordered by a metric come in three phases: numbers, then NaN, then runs without it. So
each phase is a plain walk along the index of latest values and ends at the limit, where one query
over all would sort every run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.tracking.conditions import (
    ALWAYS,
    NEVER,
    Sql,
    key_number,
    on_metric,
    on_number,
    on_text,
)
from clew.adapters.stores.sql.tracking.datasets import CONTEXT
from clew.adapters.stores.sql.tracking.order import Key
from clew.entities.filter import Comparison, Order
from clew.errors import InvalidParameter

# What MLflow's clients know of a status, and of a place for artifacts that nobody chose.
_STATUS = "CASE r.status WHEN 'interrupted' THEN 'KILLED' WHEN 'lost' THEN 'FAILED' "
_STATUS += "ELSE upper(r.status) END"
_URI = "coalesce(r.artifact_uri, 'mlflow-artifacts:/' || r.experiment || '/' || r.id || "
_URI += "'/artifacts')"
_ATTRIBUTES = {
    "run_id": "r.id",
    "run_name": "r.name",
    "user_id": "r.user",
    "status": _STATUS,
    "artifact_uri": _URI,
    "start_time": "r.started_ms",
    "end_time": "r.ended_ms",
}
_NUMBERS = ("start_time", "end_time")
_TABLES = {"metric": "latest", "parameter": "param", "tag": "tag"}
_NO_KEY = -1
_MANY = 200


@dataclass(slots=True)
class Phase:
    """One query of several that follow each other."""

    tables: str = "run AS r"
    joined: list[object] = field(default_factory=list)
    sql: Sql = field(default_factory=Sql)
    keys: list[Key] = field(default_factory=list)


def phases(
    connection: Connection,
    comparisons: Sequence[Comparison],
    orders: Sequence[Order],
    experiments: Sequence[int],
    lifecycles: Sequence[int],
) -> list[Phase]:
    """Return the queries whose answers, one after another, are the runs in order."""
    if not orders or orders[0].kind != "metric":
        phase = Phase()
        _among(phase.sql, "r.experiment", experiments)
        phases = [phase]
    else:
        phases = _by_metric(connection, orders[0], experiments)
        orders = orders[1:]
    for phase in phases:
        if len(lifecycles) == 1:
            phase.sql.add(f"r.lifecycle = {lifecycles[0]:d}")
        for one in comparisons:
            condition(connection, phase.sql, one)
        for index, order in enumerate(orders):
            _sort(connection, phase, index, order)
        if not any(o.kind == "attribute" and o.key == "start_time" for o in orders):
            phase.keys.append(Key("r.started_ms", ascending=False, nullable=False))
        phase.keys.append(Key("r.id"))
    return phases


def _by_metric(connection: Connection, first: Order, experiments: Sequence[int]) -> list[Phase]:
    key = key_number(connection, first.key)
    found = []
    for rank in ("o.value < 'nan'", "o.value = 'nan'"):
        # CROSS JOIN: the index of latest values leads.
        phase = Phase("latest AS o CROSS JOIN run AS r ON r.n = o.run")
        phase.sql.add("o.key = ?", _NO_KEY if key is None else key)
        _among(phase.sql, "o.experiment", experiments)
        phase.sql.add(rank)
        phase.keys.append(Key("o.value", first.ascending, nullable=False))
        found.append(phase)
    missing = Phase()
    _among(missing.sql, "r.experiment", experiments)
    if key is not None:
        missing.sql.add(
            "NOT EXISTS (SELECT 1 FROM latest AS o WHERE o.run = r.n AND o.key = ?)", key
        )
    missing.keys.append(Key("CAST(NULL AS INTEGER)"))
    return [*found, missing]


def _among(sql: Sql, column: str, numbers: Sequence[int]) -> None:
    if len(numbers) == 1:
        sql.add(f"{column} = ?", numbers[0])
    elif len(numbers) <= _MANY:
        sql.add(f"{column} IN ({', '.join('?' * len(numbers))})", *numbers)
    else:
        sql.add(f"{column} IN (SELECT value FROM json_each(?))", json.dumps(list(numbers)))


def condition(connection: Connection, sql: Sql, one: Comparison) -> None:
    """Add a condition on runs."""
    if one.kind == "attribute":
        column = _ATTRIBUTES[one.key]
        text, values = (on_number if one.key in _NUMBERS else on_text)(column, one)
        sql.add(text, *values)
    elif one.kind == "dataset":
        _on_dataset(sql, one)
    else:
        _on_logged(connection, sql, one)


def _on_logged(connection: Connection, sql: Sql, one: Comparison) -> None:
    key = key_number(connection, one.key)
    if key is None:
        sql.add(ALWAYS if one.op == "IS NULL" else NEVER)
        return
    found = f"EXISTS (SELECT 1 FROM {_TABLES[one.kind]} AS f WHERE f.run = r.n AND f.key = ?"
    if one.value is None:
        sql.add(f"{'NOT ' if one.op == 'IS NULL' else ''}{found})", key)
        return
    text, values = (on_metric if one.kind == "metric" else on_text)("f.value", one)
    sql.add(f"{found} AND {text})", key, *values)


def _on_dataset(sql: Sql, one: Comparison) -> None:
    if one.key == "context":
        text, values = on_text("t.value", one)
        sql.add(
            f"EXISTS (SELECT 1 FROM input_tag AS t WHERE t.run = r.n AND t.key = ? AND {text})",
            CONTEXT,
            *values,
        )
        return
    text, values = on_text(f"d.{one.key}", one)
    sql.add(
        "EXISTS (SELECT 1 FROM input AS i JOIN dataset AS d ON d.n = i.dataset "
        f"WHERE i.run = r.n AND {text})",
        *values,
    )


def _sort(connection: Connection, phase: Phase, index: int, one: Order) -> None:
    if one.kind == "attribute":
        column = _ATTRIBUTES[one.key]
        if one.key in ("end_time", "artifact_uri"):
            phase.keys.append(Key(f"({column} IS NULL)"))
    elif one.kind in _TABLES:
        table = f"s{index}"
        key = key_number(connection, one.key)
        phase.tables += (
            f" LEFT JOIN {_TABLES[one.kind]} AS {table} ON {table}.run = r.n AND {table}.key = ?"
        )
        phase.joined.append(_NO_KEY if key is None else key)
        column = f"{table}.value"
        rank = f"({column} IS NULL)"
        if one.kind == "metric":
            rank = f"CASE WHEN {column} IS NULL THEN 2 WHEN {column} = 'nan' THEN 1 ELSE 0 END"
        phase.keys.append(Key(f"({rank})", nullable=False))
    else:
        raise InvalidParameter(f"Invalid identifier type '{one.kind}'")
    phase.keys.append(Key(column, one.ascending))
