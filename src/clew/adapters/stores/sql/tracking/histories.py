"""Histories of metrics in SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.logs import NAN
from clew.adapters.stores.sql.tracking import token
from clew.adapters.stores.sql.tracking.conditions import ALL
from clew.entities import Metric, Page
from clew.errors import InvalidParameter

_RANGE = (
    "FROM metric WHERE run = (SELECT n FROM run WHERE id = ?1) "
    "AND key = (SELECT n FROM word WHERE text = ?2) "
)
_HISTORY = f"SELECT time_ms, step, value {_RANGE} {{}} ORDER BY time_ms, step, value LIMIT ?3"
_AFTER = "AND (time_ms, step, value) > (?4, ?5, ?6)"
_COUNT = f"SELECT count(*) {_RANGE} AND step BETWEEN ?3 AND ?4"
# Rows are picked where they lie: of a long history only what is shown leaves the database.
_PICK = (
    "SELECT time_ms, step, value FROM (SELECT time_ms, step, value, row_number() OVER "
    f"(ORDER BY step, time_ms, value) - 1 AS place {_RANGE} AND step BETWEEN ?3 AND ?4) "
    "AS points WHERE place IN (SELECT value FROM json_each(?5)) ORDER BY place"
)
_LONG = 1 << 63
_NAN_VALUE = float("nan")


class SqlHistories:
    """The port `clew.track.ports.Histories`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(
        self, run_id: str, key: str, *, limit: int | None = None, page_token: str | None = None
    ) -> Page[Metric]:
        """Return a metric's points by time, then step, then value."""
        if limit is not None and limit < 1:
            raise InvalidParameter(
                f"Invalid value {limit} for parameter 'max_results' supplied. "
                "It must be a positive integer"
            )
        after = token.read(page_token, ("history", run_id, key), 3) if page_token else ()
        asked = ALL if limit is None else limit + 1
        query = _HISTORY.format(_AFTER if after else "")
        with self._database.reading() as connection:
            rows = connection.execute(query, (run_id, key, asked, *after)).fetchall()
        following = None
        if limit is not None and len(rows) > limit:
            rows.pop()
            following = token.write(("history", run_id, key), rows[-1])
        return Page(_points(key, rows), following)

    def sampled(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        steps: tuple[int, int] | None = None,
        limit: int = 320,
    ) -> Mapping[str, tuple[Metric, ...]]:
        """Return up to `limit` of each run's points, evenly spread."""
        first, last = steps or (-_LONG, _LONG - 1)
        found: dict[str, tuple[Metric, ...]] = {}
        with self._database.reading() as connection:
            for id in dict.fromkeys(run_ids):
                asked = (id, key, first, last)
                (total,) = connection.execute(_COUNT, asked).fetchone()
                places = json.dumps(_spread(total, max(1, limit)))
                rows = connection.execute(_PICK, (*asked, places)).fetchall() if total else []
                found[id] = _points(key, rows)
        return found


def _points(key: str, rows: Sequence[tuple[int, int, float | str]]) -> tuple[Metric, ...]:
    return tuple(
        [
            Metric(key, _NAN_VALUE if value == NAN else value, time_ms, step)  # type: ignore[arg-type]
            for time_ms, step, value in rows
        ]
    )


def _spread(total: int, limit: int) -> list[int]:
    """Return up to `limit` evenly spaced places, the first and the last among them."""
    if total <= limit:
        return list(range(total))
    if limit == 1:
        return [total - 1]
    return [round(index * (total - 1) / (limit - 1)) for index in range(limit)]
