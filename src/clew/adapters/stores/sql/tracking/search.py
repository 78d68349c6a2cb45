"""Search in SQLite: runs, experiments; what is ordered by a metric walks an index."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import (
    experiments,
    model_search,
    models,
    order,
    read,
    token,
)
from clew.adapters.stores.sql.tracking.conditions import Sql, on_number, on_text
from clew.adapters.stores.sql.tracking.datasets import CONTEXT
from clew.adapters.stores.sql.tracking.order import Key
from clew.adapters.stores.sql.tracking.run_query import Phase, phases
from clew.entities import DatasetSummary, Experiment, LoggedModel, Page, Run, View
from clew.entities.check import check_limit
from clew.entities.filter import Comparison
from clew.errors import InvalidParameter
from clew.lineage.canonical import ValueId
from clew.track import query, validate

_SUMMARIES = 1000
_VIEWS: Mapping[View, tuple[int, ...]] = {"active": (0,), "deleted": (1,), "all": (0, 1)}
_EXPERIMENT_COLUMNS = {
    "name": "e.name",
    "experiment_id": "e.n",
    "creation_time": "e.created_ms",
    "last_update_time": "e.updated_ms",
}


class SqlSearch:
    """The port `clew.track.ports.Search`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(
        self,
        experiment_ids: Sequence[str],
        *,
        filter: str = "",
        view: View = "active",
        order_by: Sequence[str] = (),
        limit: int = 1000,
        page_token: str | None = None,
    ) -> Page[Run]:
        """Return runs with all that they logged."""
        check_limit(limit, validate.MAX_RESULTS)
        comparisons = query.RUNS.parse(filter)
        orders = query.RUNS.parse_order(order_by)
        places = sorted({validate.experiment_id(id) for id in experiment_ids})
        mark = ("runs", places, filter, view, list(order_by))
        if not places:
            return Page(())
        with self._database.reading() as connection:
            found = phases(connection, comparisons, orders, places, _lifecycles(view))
            start, last = 0, None
            if page_token:
                start, *last = token.read(page_token, mark, 1 + len(found[0].keys))
                if start not in range(len(found)):
                    raise InvalidParameter(f"Invalid page token, parsed value={start}")
            rows: list[tuple[int, tuple[Any, ...]]] = []
            for index in range(start, len(found)):
                wanted = limit + 1 - len(rows)
                page = _rows(connection, found[index], last if index == start else None, wanted)
                rows += [(index, row) for row in page]
                if len(rows) > limit:
                    break
            runs = read.of_rows(
                connection,
                self._database.words,
                [row[:_WIDTH] for _, row in rows[:limit]],
            )
        following = None
        if len(rows) > limit:
            index, row = rows[limit - 1]
            following = token.write(mark, (index, *row[_WIDTH:]))
        return Page(tuple(runs), following)

    def experiments(
        self,
        *,
        filter: str = "",
        view: View = "active",
        order_by: Sequence[str] = (),
        limit: int = 1000,
        page_token: str | None = None,
    ) -> Page[Experiment]:
        """Return experiments."""
        check_limit(limit, validate.MAX_RESULTS)
        mark = ("experiments", filter, view, list(order_by))
        keys = _experiment_keys(order_by)
        sql = Sql()
        sql.add(f"e.lifecycle IN ({', '.join(map(str, _lifecycles(view)))})")
        for one in query.EXPERIMENTS.parse(filter):
            experiment_condition(sql, one)
        if page_token:
            condition, values = order.after(keys, token.read(page_token, mark, len(keys)))
            sql.add(condition, *values)
        columns = ", ".join(f"e.{name}" for name in experiments.COLUMNS.split(", "))
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {columns}, {', '.join(key.expression for key in keys)} "
                f"FROM experiment AS e WHERE {sql.text} ORDER BY {order.clause(keys)} LIMIT ?",
                (*sql.values, limit + 1),
            ).fetchall()
            items = experiments.of_rows(connection, [row[:6] for row in rows[:limit]])
        following = token.write(mark, rows[limit - 1][6:]) if len(rows) > limit else None
        return Page(tuple(items), following)

    def models(
        self,
        experiment_ids: Sequence[str],
        *,
        filter: str = "",
        datasets: Sequence[Mapping[str, str]] = (),
        order_by: Sequence[Mapping[str, object]] = (),
        limit: int = 100,
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        """Return active logged models."""
        return model_search.search(
            self._database,
            [validate.experiment_id(id) for id in experiment_ids],
            filter=filter,
            datasets=datasets,
            order_by=order_by,
            limit=check_limit(limit, validate.MAX_RESULTS),
            page_token=page_token,
        )

    def models_of(self, contents: Sequence[ValueId]) -> tuple[LoggedModel, ...]:
        """Return the active logged models with these contents, oldest first."""
        wanted = json.dumps([content.hex() for content in contents])
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {models.COLUMNS} FROM model AS m WHERE m.lifecycle = 0 "
                "AND lower(hex(m.content)) IN (SELECT value FROM json_each(?, '$')) ORDER BY m.n",
                (wanted,),
            ).fetchall()
            return tuple(models.of_rows(connection, rows))

    def datasets(self, experiment_ids: Sequence[str]) -> tuple[DatasetSummary, ...]:
        """Return up to 1,000 distinct (dataset, context) pairs of these experiments."""
        places = json.dumps([validate.experiment_id(id) for id in experiment_ids])
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT d.experiment, d.name, d.digest, t.value FROM dataset AS d "
                "JOIN input AS i ON i.dataset = d.n LEFT JOIN input_tag AS t ON t.run = i.run "
                "AND t.dataset = d.n AND t.key = ? "
                "WHERE d.experiment IN (SELECT value FROM json_each(?)) LIMIT ?",
                (CONTEXT, places, _SUMMARIES),
            ).fetchall()
        return tuple(DatasetSummary(str(n), *rest) for n, *rest in rows)


_WIDTH = 12
"""Columns of a run's row; the keys that it was sorted by follow."""


def _rows(
    connection: Connection, phase: Phase, last: Sequence[object] | None, limit: int
) -> list[tuple[Any, ...]]:
    sql = Sql(list(phase.sql.where), list(phase.sql.values))
    if last is not None:
        condition, values = order.after(phase.keys, last)
        sql.add(condition, *values)
    keys = ", ".join(key.expression for key in phase.keys)
    return connection.execute(
        f"SELECT {read.COLUMNS}, {keys} FROM {phase.tables} WHERE {sql.text} "
        f"ORDER BY {order.clause(phase.keys)} LIMIT ?",
        (*phase.joined, *sql.values, limit),
    ).fetchall()


def _lifecycles(view: View) -> tuple[int, ...]:
    if view not in _VIEWS:
        raise InvalidParameter("view", got=repr(view), expected="active, deleted or all")
    return _VIEWS[view]


def _experiment_keys(order_by: Sequence[str]) -> list[Key]:
    orders = query.EXPERIMENTS.parse_order(order_by)
    if not orders:
        return [Key("e.created_ms", ascending=False), Key("e.n")]
    for one in orders:
        if one.kind != "attribute":
            raise InvalidParameter(f"Invalid order_by entity: {one.kind}")
    keys = [Key(_EXPERIMENT_COLUMNS[one.key], one.ascending) for one in orders]
    if not any(key.expression == "e.n" for key in keys):
        keys.append(Key("e.n", ascending=False))
    return keys


def experiment_condition(sql: Sql, one: Comparison) -> None:
    """Add a condition on experiments."""
    if one.kind == "tag":
        found = "EXISTS (SELECT 1 FROM experiment_tag AS t WHERE t.experiment = e.n AND t.key = ?"
        if one.value is None:
            sql.add(f"{'NOT ' if one.op == 'IS NULL' else ''}{found})", one.key)
        else:
            condition, values = on_text("t.value", one)
            sql.add(f"{found} AND {condition})", one.key, *values)
        return
    column = _EXPERIMENT_COLUMNS[one.key]
    if one.key == "experiment_id":
        texts = one.value if isinstance(one.value, tuple) else (one.value,)
        numbers = [validate.experiment_id(text) for text in texts]
        negate = "NOT " if one.op in ("!=", "NOT IN") else ""
        sql.add(f"{column} {negate}IN ({', '.join('?' * len(numbers))})", *numbers)
    elif one.key == "name":
        condition, values = on_text(column, one)
        sql.add(condition, *values)
    else:
        if isinstance(one.value, float):
            raise InvalidParameter(
                f"Invalid value for numeric attribute '{one.key}': {str(one.value)!r}"
            )
        condition, values = on_number(column, one)
        sql.add(condition, *values)
