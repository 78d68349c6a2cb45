"""Traces of clients in SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import artifacts, experiments, order, token
from clew.adapters.stores.sql.tracking.conditions import ALL, Sql
from clew.adapters.stores.sql.tracking.order import Key
from clew.entities import Owner, Page, Trace
from clew.entities.check import check_key, check_limit, check_text
from clew.errors import NotFound
from clew.track import validate

_COLUMNS = "n, id, experiment, started_ms, state, duration_ms, info"
_PUT = (
    "INSERT INTO trace (id, experiment, started_ms, duration_ms, state, info) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET experiment = excluded.experiment, "
    "started_ms = excluded.started_ms, duration_ms = excluded.duration_ms, "
    "state = excluded.state, info = excluded.info"
)
_KEYS = (Key("started_ms", ascending=False, nullable=False), Key("id"))


class SqlTraces:
    """The port `clew.track.ports.Traces`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, trace: Trace) -> None:
        """Add a trace, or replace the one with its id."""
        validate.run_id(trace.id)
        experiment = validate.experiment_id(trace.experiment_id)
        fields = (trace.started_ms, trace.duration_ms, trace.state, check_text(trace.info, "info"))
        with self._database.writing() as connection:
            experiments.check_active(connection, experiment)
            connection.execute(_PUT, (trace.id, experiment, *fields))
            n = _number(connection, trace.id)
            connection.execute("DELETE FROM trace_tag WHERE trace = ?", (n,))
            connection.executemany(
                "INSERT INTO trace_tag (trace, key, value) VALUES (?, ?, ?)",
                [(n, key, check_text(value, "value")) for key, value in trace.tags.items()],
            )

    def get(self, id: str) -> Trace:
        """Return a trace."""
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM trace WHERE id = ?", (id,)).fetchone()
            if row is None:
                raise _absent(id)
            return _trace(connection, row)

    def search(
        self, experiment_ids: Sequence[str], *, limit: int = 100, page_token: str | None = None
    ) -> Page[Trace]:
        """Return the traces of experiments, newest first."""
        check_limit(limit, validate.MAX_RESULTS)
        places = [validate.experiment_id(id) for id in experiment_ids]
        mark = ("traces", places)
        sql = Sql()
        sql.add("experiment IN (SELECT value FROM json_each(?))", json.dumps(places))
        if page_token:
            condition, values = order.after(_KEYS, token.read(page_token, mark, 2))
            sql.add(condition, *values)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM trace WHERE {sql.text} "
                f"ORDER BY {order.clause(_KEYS)} LIMIT ?",
                (*sql.values, limit + 1),
            ).fetchall()
            items = tuple(_trace(connection, row) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items, token.write(mark, (last[3], last[1])) if last else None)

    def set_tag(self, id: str, key: str, value: str) -> None:
        """Set a tag of a trace."""
        pair = (check_key(key, "key"), check_text(value, "value")[: validate.MAX_TAG])
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO trace_tag (trace, key, value) VALUES (?, ?, ?) "
                "ON CONFLICT (trace, key) DO UPDATE SET value = excluded.value",
                (_number(connection, id), *pair),
            )

    def delete_tag(self, id: str, key: str) -> None:
        """Remove a tag."""
        with self._database.writing() as connection:
            gone = connection.execute(
                "DELETE FROM trace_tag WHERE trace = (SELECT n FROM trace WHERE id = ?) "
                "AND key = ?",
                (id, key),
            )
            if not gone.rowcount:
                raise NotFound(f"No trace tag with key '{key}' for trace with ID '{id}'")

    def delete(
        self,
        experiment_id: str,
        *,
        ids: Sequence[str] = (),
        until_ms: int | None = None,
        limit: int | None = None,
    ) -> int:
        """Remove traces by id, or the oldest up to a time."""
        sql = Sql()
        sql.add("experiment = ?", validate.experiment_id(experiment_id))
        if until_ms is not None:
            sql.add("started_ms <= ?", until_ms)
        if ids or until_ms is None:
            sql.add("id IN (SELECT value FROM json_each(?, '$'))", json.dumps(list(ids)))
        with self._database.writing() as connection:
            rows = connection.execute(
                f"SELECT n, id FROM trace WHERE {sql.text} ORDER BY started_ms, id LIMIT ?",
                (*sql.values, ALL if limit is None else limit),
            ).fetchall()
            for n, id in rows:
                connection.execute("DELETE FROM trace_tag WHERE trace = ?", (n,))
                connection.execute("DELETE FROM trace WHERE n = ?", (n,))
                artifacts.remove(connection, Owner("trace", id))
        return len(rows)


def _number(connection: Connection, id: str) -> int:
    row = connection.execute("SELECT n FROM trace WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise _absent(id)
    return int(row[0])


def _absent(id: str) -> NotFound:
    return NotFound(f"Trace with ID '{id}' not found.")


def _trace(connection: Connection, row: tuple[int, str, int, int, str, int | None, str]) -> Trace:
    n, id, experiment, started, state, duration, info = row
    tags = connection.execute("SELECT key, value FROM trace_tag WHERE trace = ?", (n,)).fetchall()
    return Trace(
        id=id,
        experiment_id=str(experiment),
        started_ms=started,
        state=state,
        duration_ms=duration,
        info=info,
        tags=dict(tags),
    )
