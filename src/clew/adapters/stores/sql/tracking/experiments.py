"""Experiments in SQLite."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from clew.adapters.stores.sql.connection import DUPLICATES, Connection
from clew.adapters.stores.sql.database import Database
from clew.entities import Experiment, Lifecycle
from clew.entities.check import check_text
from clew.errors import AlreadyExists, InvalidParameter, InvalidState, NotFound
from clew.track import validate

LIFECYCLES: tuple[Lifecycle, ...] = ("active", "deleted")
COLUMNS = "n, name, created_ms, updated_ms, lifecycle, artifact_location"


class SqlExperiments:
    """The port `clew.track.ports.Experiments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        *,
        artifact_location: str | None = None,
        tags: Mapping[str, str] | None = None,
        id: str | None = None,
        created_ms: int | None = None,
    ) -> Experiment:
        """Add an experiment."""
        validate.experiment_name(name)
        if artifact_location is not None:
            _check_location(artifact_location)
        kept = dict(validate.experiment_tag(*pair) for pair in (tags or {}).items())
        n = None if id is None else validate.experiment_id(id)
        if n is not None and n < 0:
            raise InvalidParameter(f"Invalid experiment ID '{id}'. It must not be negative.")
        ms = made_ms(created_ms)
        with self._database.writing() as connection:
            taken = connection.execute(
                "SELECT name, n FROM experiment WHERE name = ? OR n = ?", (name, n)
            ).fetchone()
            if taken is not None:
                shown = f"name={name}" if taken[0] == name else f"id={n}"
                raise AlreadyExists(
                    f"Experiment({shown}) already exists. Error: an experiment holds it",
                    hint="restore it if it is deleted, or choose another name",
                )
            row = (n, name, artifact_location or None, ms, ms)
            added = connection.execute(
                "INSERT INTO experiment (n, name, artifact_location, created_ms, updated_ms) "
                "VALUES (?, ?, ?, ?, ?)",
                row,
            ).lastrowid
            connection.executemany(
                "INSERT INTO experiment_tag (experiment, key, value) VALUES (?, ?, ?)",
                [(added, *pair) for pair in kept.items()],
            )
        return Experiment(
            id=str(added),
            name=name,
            created_ms=ms,
            updated_ms=ms,
            artifact_location=artifact_location or None,
            tags=kept,
        )

    def get(self, id: str) -> Experiment:
        """Return an experiment, deleted or not."""
        n = validate.experiment_id(id)
        with self._database.reading() as connection:
            return of_rows(connection, [find(connection, n)])[0]

    def by_name(self, name: str) -> Experiment | None:
        """Return the experiment of that exact name, deleted or not."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {COLUMNS} FROM experiment WHERE name = ?", (name,)
            ).fetchone()
            return of_rows(connection, [row])[0] if row else None

    def rename(self, id: str, name: str) -> None:
        """Give an active experiment another name."""
        validate.experiment_name(name)
        n = validate.experiment_id(id)
        with self._database.writing() as connection:
            if find(connection, n)[4]:
                raise InvalidState("Cannot rename a non-active experiment.")
            try:
                connection.execute(
                    "UPDATE experiment SET name = ?, updated_ms = ? WHERE n = ?",
                    (name, now_ms(), n),
                )
            except DUPLICATES:
                raise AlreadyExists(
                    f"Experiment(name={name}) already exists.", hint="choose another name"
                ) from None

    def delete(self, id: str) -> None:
        """Delete an active experiment and its active runs, softly."""
        self._move(id, active=True)

    def restore(self, id: str) -> None:
        """Bring a deleted experiment back, with its deleted runs."""
        self._move(id, active=False)

    def _move(self, id: str, *, active: bool) -> None:
        n, ms = validate.experiment_id(id), now_ms()
        with self._database.writing() as connection:
            if bool(find(connection, n)[4]) is active:
                raise NotFound(f"No Experiment with id={n} exists")
            connection.execute(
                "UPDATE experiment SET lifecycle = ?, updated_ms = ? WHERE n = ?",
                (int(active), ms, n),
            )
            connection.execute(
                "UPDATE run SET lifecycle = ?, deleted_ms = ? WHERE experiment = ?",
                (int(active), ms if active else None, n),
            )

    def set_tag(self, id: str, key: str, value: str) -> None:
        """Set a tag of an active experiment."""
        pair = validate.experiment_tag(key, value)
        n = validate.experiment_id(id)
        with self._database.writing() as connection:
            check_active(connection, n)
            connection.execute(
                "INSERT INTO experiment_tag (experiment, key, value) VALUES (?, ?, ?) "
                "ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
                (n, *pair),
            )

    def delete_tag(self, id: str, key: str) -> None:
        """Remove a tag."""
        n = validate.experiment_id(id)
        with self._database.writing() as connection:
            check_active(connection, n)
            gone = connection.execute(
                "DELETE FROM experiment_tag WHERE experiment = ? AND key = ?", (n, key)
            )
            if not gone.rowcount:
                raise NotFound(f"No tag with name: {key} in experiment with id {id}")


Row = tuple[int, str, int, int, int, str | None]


def find(connection: Connection, n: int) -> Row:
    """Return the row of an experiment."""
    row: Row | None = connection.execute(
        f"SELECT {COLUMNS} FROM experiment WHERE n = ?", (n,)
    ).fetchone()
    if row is None:
        raise NotFound(f"No Experiment with id={n} exists")
    return row


def below(connection: Connection, n: int, rest: str) -> str | None:
    """Return the URI of what lies below an experiment's own artifact location, if it has one."""
    (location,) = connection.execute(
        "SELECT artifact_location FROM experiment WHERE n = ?", (n,)
    ).fetchone()
    if not location:
        return None
    path, mark, query = location.partition("?")
    return f"{path.rstrip('/')}/{rest}{mark}{query}"


def check_active(connection: Connection, n: int) -> None:
    """Refuse an experiment that is not there or deleted."""
    row = connection.execute("SELECT lifecycle FROM experiment WHERE n = ?", (n,)).fetchone()
    if row is None:
        raise NotFound(f"No Experiment with id={n} exists")
    if row[0]:
        raise InvalidParameter(
            f"The experiment {n} must be in the 'active' state. Current state is deleted.",
            hint="restore the experiment first",
        )


def of_rows(connection: Connection, rows: Sequence[Row]) -> list[Experiment]:
    """Return experiments with their tags."""
    tags: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    for n in tags:
        found = connection.execute(
            "SELECT key, value FROM experiment_tag WHERE experiment = ?", (n,)
        )
        tags[n] = dict(found.fetchall())
    return [
        Experiment(
            id=str(n),
            name=name,
            created_ms=created,
            updated_ms=updated,
            lifecycle=LIFECYCLES[lifecycle],
            artifact_location=location,
            tags=tags[n],
        )
        for n, name, created, updated, lifecycle, location in rows
    ]


def made_ms(created_ms: int | None) -> int:
    """Return when something was made: now, unless that is known."""
    known = validate.time_ms(created_ms, "created_ms")
    return now_ms() if known is None else known


def now_ms() -> int:
    """Return the time."""
    return time.time_ns() // 1_000_000


def _check_location(location: str) -> None:
    check_text(location, "artifact_location")
    if location.startswith("runs:"):
        raise InvalidParameter(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    if len(location) > 2048:
        raise InvalidParameter(
            "Invalid artifact path length. The length of the artifact path cannot be "
            "greater than 2048 characters. To configure this limit, please set the "
            "MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable."
        )
