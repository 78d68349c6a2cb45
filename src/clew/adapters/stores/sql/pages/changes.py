"""The port `clew.track.ports.pages.Changes`: what changed, found without triggers.

`PRAGMA data_version` of one connection changes when any other one writes, in whatever process;
only then is looked further. Known is what runs now (few runs), the newest run, when each experiment
and registered model was changed last, and name, state and tags of the newest runs: those are edited
after their end.
"""

from __future__ import annotations

import json

from clew.adapters.stores.sql import logs
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.entities.overview import LoggedMetrics, News

_RUNNING = (
    "SELECT r.n, r.id, r.experiment, r.status, r.name, r.lifecycle FROM run AS r "
    "WHERE status IN ('running', 'scheduled')"
)
_SOME = (
    "SELECT r.n, r.id, r.experiment, r.status, r.name, r.lifecycle FROM json_each(?) AS j "
    "CROSS JOIN run AS r ON r.n = j.value"
)
_LATEST = (
    "SELECT l.run, l.key, l.value, l.step, l.time_ms FROM json_each(?) AS j "
    "CROSS JOIN latest AS l ON l.run = j.value"
)
_RECENT_RUNS = 500
_RECENT = (
    "SELECT n, id, name, status, lifecycle, ended_ms, error FROM run ORDER BY n DESC "
    f"LIMIT {_RECENT_RUNS:d}"
)
_TAGS = "SELECT run, key, value FROM tag WHERE run >= ?"
_MODELS = (
    "SELECT g.name, g.updated_ms, max(v.updated_ms), count(v.version), (SELECT group_concat("
    "a.alias || a.version, ' ') FROM alias AS a WHERE a.registered = g.n) FROM registered AS g "
    "LEFT JOIN version AS v ON v.registered = g.n GROUP BY g.n"
)
_EXPERIMENTS = "SELECT n, name, updated_ms, lifecycle FROM experiment"
_LIVE = ("running", "scheduled")

_Run = tuple[int, str, int, str, str, int]


class SqlChanges:
    """What any process changed in one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended: set[int] = set()
        self._newest = 0
        self._runs: dict[int, _Run] = {}
        self._latest: dict[tuple[int, int], tuple[float | str, int, int]] = {}
        self._recent: dict[str, object] = {}
        self._models: dict[str, tuple[object, ...]] = {}
        self._experiments: dict[int, tuple[object, ...]] = {}

    def version(self) -> int:
        """Return a number that another write anywhere changes."""
        return self._database.writes()

    def start(self) -> None:
        """Take what is there now as known."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT coalesce(max(n), 0) FROM run").fetchone()
            self._newest = row[0]
            self._runs = {run[0]: run for run in connection.execute(_RUNNING).fetchall()}
            self._latest = dict(self._metrics(connection))
            self._recent = _recent(connection)
            self._models = _models(connection)
            self._experiments = _experiments(connection)

    def news(self) -> News:
        """Return what changed since `start` or the last call."""
        with self._database.reading() as connection:
            started, updated, finished = self._changed_runs(connection)
            metrics = self._changed_metrics(connection)
            recent = _recent(connection)
            models, experiments = _models(connection), _experiments(connection)
        told = {*started, *updated, *finished}
        updated += [
            id
            for id, state in recent.items()
            if id not in told and self._recent.get(id, state) != state
        ]
        self._recent = recent
        changed = {n for n, _ in self._models.items() ^ models.items()}
        moved = {n for n, _ in self._experiments.items() ^ experiments.items()}
        self._models, self._experiments = models, experiments
        return News(
            started=tuple(started),
            updated=tuple(updated),
            finished=tuple(finished),
            metrics=metrics,
            models=tuple(sorted(changed)),
            experiments=tuple(str(n) for n in sorted(moved)),
        )

    def _changed_runs(self, connection: Connection) -> tuple[list[str], list[str], list[str]]:
        fresh = connection.execute(
            "SELECT r.n, r.id, r.experiment, r.status, r.name, r.lifecycle FROM run AS r "
            "WHERE r.n > ?",
            (self._newest,),
        ).fetchall()
        running = connection.execute(_RUNNING).fetchall()
        known = json.dumps(list(self._runs))
        now: dict[int, _Run] = {run[0]: run for run in [*running, *fresh]}
        now |= {run[0]: run for run in connection.execute(_SOME, (known,)).fetchall()}
        started: list[str] = []
        updated: list[str] = []
        finished: list[str] = []
        for n, run in now.items():
            before = self._runs.get(n)
            if before is None:
                (started if n > self._newest else updated).append(run[1])
                if run[3] not in _LIVE:
                    finished.append(run[1])
            elif before != run:
                (updated if run[3] in _LIVE else finished).append(run[1])
        self._newest = max([self._newest, *(run[0] for run in fresh)])
        # What has ended is looked at once more, for the last metrics that it logged.
        self._ended = {n for n, run in now.items() if run[3] not in _LIVE}
        self._runs = now
        return started, updated, finished

    def _changed_metrics(self, connection: Connection) -> tuple[LoggedMetrics, ...]:
        latest = dict(self._metrics(connection))
        words = self._database.words
        found: dict[int, list[tuple[str, float, int, int]]] = {}
        for (run, key), point in latest.items():
            if self._latest.get((run, key)) != point:
                value, step, time_ms = point
                name = words.text(connection, key)
                found.setdefault(run, []).append((name, logs.number(value), step, time_ms))
        runs = self._runs
        for n in self._ended:
            del runs[n]
        self._latest = {at: point for at, point in latest.items() if at[0] in runs}
        named = {run[0]: run for run in connection.execute(_SOME, (json.dumps(list(found)),))}
        return tuple(
            LoggedMetrics(
                run_id=named[n][1], experiment_id=str(named[n][2]), metrics=tuple(metrics)
            )
            for n, metrics in found.items()
        )

    def _metrics(
        self, connection: Connection
    ) -> list[tuple[tuple[int, int], tuple[float | str, int, int]]]:
        rows = connection.execute(_LATEST, (json.dumps(list(self._runs)),)).fetchall()
        return [((run, key), (value, step, time_ms)) for run, key, value, step, time_ms in rows]


def _recent(connection: Connection) -> dict[str, object]:
    """Return what can be edited of the newest runs, comparable, by their ids."""
    rows = connection.execute(_RECENT).fetchall()
    if not rows:
        return {}
    tags: dict[int, list[tuple[int, str]]] = {}
    for n, key, value in connection.execute(_TAGS, (rows[-1][0],)):
        tags.setdefault(n, []).append((key, value))
    return {row[1]: (row[2:], hash(tuple(tags.get(row[0], ())))) for row in rows}


def _models(connection: Connection) -> dict[str, tuple[object, ...]]:
    return {row[0]: tuple(row[1:]) for row in connection.execute(_MODELS).fetchall()}


def _experiments(connection: Connection) -> dict[int, tuple[object, ...]]:
    return {row[0]: tuple(row[1:]) for row in connection.execute(_EXPERIMENTS).fetchall()}
