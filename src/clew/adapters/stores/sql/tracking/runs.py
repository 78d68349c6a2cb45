"""Runs in SQLite: start, change, end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from clew.adapters.stores.sql.connection import DUPLICATES, Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.logs import RUN_NAME
from clew.adapters.stores.sql.tracking import experiments, read
from clew.adapters.stores.sql.tracking.names import made_up
from clew.adapters.stores.sql.words import Words
from clew.entities import Run, RunStatus
from clew.entities.check import check_text, invalid_value
from clew.errors import AlreadyExists, InvalidParameter
from clew.lineage.ulid import new_ulid
from clew.track import validate

_STATUSES = get_args(RunStatus)
TAG = (
    "INSERT INTO tag (run, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, node = excluded.node"
)
_INSERT = (
    'INSERT INTO run (id, experiment, name, "user", status, started_ms, context) '
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class SqlRuns:
    """The port `clew.track.ports.Runs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        user: str = "",
        started_ms: int | None = None,
        tags: Mapping[str, str] | None = None,
        id: str | None = None,
        status: RunStatus = "running",
        context: str = "{}",
    ) -> Run:
        """Start a run in an active experiment."""
        experiment = validate.experiment_id(experiment_id)
        kept = _named(name, tags or {})
        _check_status(status)
        run_id = new_ulid() if id is None else validate.run_id(id)
        started = validate.time_ms(started_ms, "start_time")
        started = experiments.now_ms() if started is None else started
        check_text(user, "user_id")
        check_text(context, "context")
        words = self._database.words
        with self._database.writing() as connection:
            experiments.check_active(connection, experiment)
            try:
                n = connection.execute(
                    _INSERT, (run_id, experiment, kept[RUN_NAME], user, status, started, context)
                ).lastrowid
            except DUPLICATES:
                raise AlreadyExists(
                    f"Run with id={run_id} already exists", hint="give every run its own id"
                ) from None
            uri = experiments.below(connection, experiment, f"{run_id}/artifacts")
            if uri is not None:
                connection.execute("UPDATE run SET artifact_uri = ? WHERE n = ?", (uri, n))
            connection.executemany(
                "INSERT INTO tag (run, key, value) VALUES (?, ?, ?)",
                [(n, words.number(connection, key), value) for key, value in kept.items()],
            )
        return Run(
            id=run_id,
            experiment_id=str(experiment),
            name=kept[RUN_NAME],
            status=status,
            started_ms=started,
            user=user,
            artifact_uri=uri,
            tags=kept,
        )

    def get(self, id: str) -> Run:
        """Return a run with all that it logged, deleted or not."""
        with self._database.reading() as connection:
            return read.one(connection, self._database.words, id)

    def update(
        self,
        id: str,
        *,
        status: RunStatus | None = None,
        ended_ms: int | None = None,
        name: str | None = None,
        error: str | None = None,
    ) -> Run:
        """Change what is given."""
        validate.time_ms(ended_ms, "end_time")
        changes: dict[str, object] = {}
        if status is not None:
            changes["status"] = _check_status(status)
            if status == "running":
                changes["ended_ms"] = None
        if ended_ms is not None:
            changes["ended_ms"] = ended_ms
        if error is not None:
            changes["error"] = check_text(error, "error")
        with self._database.writing() as connection:
            n, _ = read.active(connection, id)
            if changes:
                columns = ", ".join(f"{column} = ?" for column in changes)
                connection.execute(f"UPDATE run SET {columns} WHERE n = ?", (*changes.values(), n))
            if name:
                named = validate.tags({RUN_NAME: name})[RUN_NAME]
                rename(connection, self._database.words, n, named)
            return read.one(connection, self._database.words, id)

    def delete(self, id: str) -> None:
        """Delete a run softly."""
        self._move(id, "lifecycle = 1, deleted_ms = ?", experiments.now_ms())

    def restore(self, id: str) -> None:
        """Bring a deleted run back."""
        self._move(id, "lifecycle = 0, deleted_ms = ?", None)

    def _move(self, id: str, change: str, ms: int | None) -> None:
        with self._database.writing() as connection:
            changed = connection.execute(f"UPDATE run SET {change} WHERE id = ?", (ms, id))
            if not changed.rowcount:
                raise read.absent(id)


def rename(connection: Connection, words: Words, n: int, name: str) -> None:
    """Name a run: its column, and the tag that says the same."""
    connection.execute("UPDATE run SET name = ? WHERE n = ?", (name, n))
    connection.execute(TAG, (n, words.number(connection, RUN_NAME), name))


def _named(name: str | None, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a new run, its name among them."""
    if name and tags.get(RUN_NAME) and name != tags[RUN_NAME]:
        raise InvalidParameter(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
            f"different values (run_name='{name}', mlflow.runName='{tags[RUN_NAME]}')."
        )
    return validate.tags({**tags, RUN_NAME: name or tags.get(RUN_NAME) or made_up()})


def _check_status(status: str) -> str:
    if status not in _STATUSES:
        raise InvalidParameter(
            invalid_value("status", status), expected=f"one of {', '.join(_STATUSES)}"
        )
    return status
