"""The port `clew.track.ports.pages.RunPages`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from clew.adapters.stores.sql import logs
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.pages import catalogue, groups
from clew.adapters.stores.sql.pages.rows import children_of, rows
from clew.adapters.stores.sql.pages.select import NEWEST, Query, selected, sort
from clew.adapters.stores.sql.tracking.conditions import key_number
from clew.entities.number import number
from clew.entities.overview import ColumnInfo, MetricSummary, RunGroup, RunRow, Selection
from clew.track.columns import Sorted, parse, parse_sorted
from clew.track.ports.pages import Points

_AT_ONCE = 500
_WALKED = 2000
_SUMMARY = (
    "SELECT l.key, l.value, l.step, l.time_ms, count(*), "
    f"min(CASE WHEN {logs.FINITE.format('m.value')} THEN m.value END), "
    f"max(CASE WHEN {logs.FINITE.format('m.value')} THEN m.value END) "
    "FROM run AS r JOIN latest AS l ON l.run = r.n JOIN metric AS m ON m.run = r.n "
    "AND m.key = l.key WHERE r.id = ? GROUP BY l.run, l.key"
)
_MEASURED = (
    "SELECT mm.key, mm.model, mm.dataset_name FROM model_metric AS mm "
    "JOIN run AS r ON r.n = mm.run JOIN latest AS l ON l.run = r.n AND l.key = mm.key "
    "AND l.step = mm.step AND l.time_ms = mm.time_ms WHERE r.id = ?"
)


class SqlRunPages:
    """Tables of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def table(
        self,
        selection: Selection,
        *,
        columns: Sequence[str],
        order: Sequence[str] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, tuple[RunRow, ...]]:
        """Return how many runs are selected, and some of them."""
        wanted = [parse(name) for name in columns]
        sorting = [parse_sorted(text) for text in order]
        with self._database.reading() as connection:
            found = selected(connection, selection)
            (total,) = connection.execute(
                f"SELECT count(*) {found.text()}", found.values
            ).fetchone()
            numbers = _page(connection, found, sorting, offset, limit)
            return total, tuple(rows(connection, numbers, wanted))

    def scan(self, selection: Selection, *, columns: Sequence[str]) -> Iterator[RunRow]:
        """Yield all selected runs, newest first, few at a time."""
        wanted = [parse(name) for name in columns]
        with self._database.reading() as connection:
            found = selected(connection, selection)
            numbers = [
                row[0]
                for row in connection.execute(
                    f"SELECT r.n {found.text()} ORDER BY {NEWEST}", found.values
                ).fetchall()
            ]
        for start in range(0, len(numbers), _AT_ONCE):
            with self._database.reading() as connection:
                some = rows(connection, numbers[start : start + _AT_ONCE], wanted)
            yield from some

    def rows(self, ids: Sequence[str], *, columns: Sequence[str] = ()) -> tuple[RunRow, ...]:
        """Return runs by id, in the order of the ids."""
        wanted = [parse(name) for name in columns]
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT r.n FROM json_each(?, '$') AS j CROSS JOIN run AS r ON r.id = j.value "
                "ORDER BY j.key",
                (json.dumps(list(dict.fromkeys(ids))),),
            ).fetchall()
            return tuple(rows(connection, [row[0] for row in found], wanted))

    def children(self, id: str, *, limit: int = 1000) -> tuple[RunRow, ...]:
        """Return the runs that are nested in a run, oldest first."""
        with self._database.reading() as connection:
            return tuple(rows(connection, children_of(connection, id, limit)))

    def columns(self, selection: Selection) -> tuple[int, tuple[ColumnInfo, ...]]:
        """Return how many runs are selected and what they have, the most frequent first."""
        with self._database.reading() as connection:
            return catalogue.columns(connection, self._database.words, selection)

    def groups(
        self,
        selection: Selection,
        *,
        by: Sequence[str],
        columns: Sequence[str],
        order: Sequence[str] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, tuple[RunGroup, ...]]:
        """Return the number of groups and some of them, the largest first by default."""
        with self._database.reading() as connection:
            found = groups.groups(connection, selection, by, columns, order)
        return len(found), tuple(found[offset : offset + limit])

    def summaries(self, id: str) -> tuple[MetricSummary, ...]:
        """Return the metrics of a run, by name."""
        words = self._database.words
        with self._database.reading() as connection:
            measured = {
                key: (model, dataset)
                for key, model, dataset in connection.execute(_MEASURED, (id,)).fetchall()
            }
            found = [
                MetricSummary(
                    key=words.text(connection, key),
                    value=number(logs.number(value)),
                    step=step,
                    time_ms=time_ms,
                    count=count,
                    min=least,
                    max=most,
                    model_id=measured.get(key, (None, None))[0],
                    dataset_name=measured.get(key, (None, None))[1] or None,
                )
                for key, value, step, time_ms, count, least, most in connection.execute(
                    _SUMMARY, (id,)
                ).fetchall()
            ]
        return tuple(sorted(found, key=lambda one: one.key))

    def points(
        self, id: str, keys: Sequence[str], *, steps: tuple[int | None, int | None] = (None, None)
    ) -> Mapping[str, Points]:
        """Return the histories of a run, whole."""
        found: dict[str, Points] = {}
        with self._database.reading() as connection:
            row = connection.execute("SELECT n FROM run WHERE id = ?", (id,)).fetchone()
            for key in dict.fromkeys(keys) if row else ():
                listed = _points(connection, row[0], key, steps)
                if listed:
                    times, at, values = zip(*listed, strict=True)
                    found[key] = (at, times, [logs.number(value) for value in values])
        return found


def _points(
    connection: Connection, run: int, key: str, steps: tuple[int | None, int | None]
) -> list[tuple[int, int, float | str]]:
    low, high = steps
    return connection.execute(
        "SELECT time_ms, step, value FROM metric WHERE run = ? AND key = ? "
        "AND step >= coalesce(?, step) AND step <= coalesce(?, step) ORDER BY step, time_ms",
        (run, key_number(connection, key), low, high),
    ).fetchall()


def _page(
    connection: Connection,
    found: Query,
    sorting: Sequence[Sorted],
    offset: int,
    limit: int,
) -> list[int]:
    if len(sorting) == 1 and offset + limit <= _WALKED:
        walked = _walk(connection, found, sorting[0], offset + limit)
        if len(walked) == offset + limit:
            return walked[offset:]
    sort(connection, found, sorting)
    listed = connection.execute(
        f"SELECT r.n {found.text()} ORDER BY {', '.join(found.order)} LIMIT ? OFFSET ?",
        (*found.values, limit, offset),
    ).fetchall()
    return [row[0] for row in listed]


def _walk(connection: Connection, found: Query, one: Sorted, limit: int) -> list[int]:
    """Return the first runs by the last value of a metric, along the index of latest values.

    NaN and what is missing come later: where there are too few, the caller sorts.
    """
    if one.column.kind != "metrics" or one.column.aggregate != "last":
        return []
    direction = "ASC" if one.ascending else "DESC"
    conditions = found.sql.text.replace("r.experiment", "o.experiment")
    listed = connection.execute(
        "SELECT r.n FROM latest AS o CROSS JOIN run AS r ON r.n = o.run "
        f"WHERE o.key = ? AND o.value < 'nan' AND {conditions} "
        f"ORDER BY o.value {direction}, {NEWEST} LIMIT ?",
        (key_number(connection, one.column.key), *found.sql.values, limit),
    ).fetchall()
    return [row[0] for row in listed]
