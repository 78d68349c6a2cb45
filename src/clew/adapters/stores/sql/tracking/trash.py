"""The end of what was deleted softly, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import artifacts, events, read
from clew.entities import Owner
from clew.errors import InvalidState, NotFound
from clew.track import validate

_OF_RUN = ("metric", "latest", "param", "tag", "input_tag", "input", "link", "model_metric", "use")
_NEVER_MS = (1 << 62) - 1


class SqlTrash:
    """The port `clew.track.ports.Trash`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, *, until_ms: int | None = None) -> tuple[str, ...]:
        """Return the ids of deleted runs."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM run WHERE lifecycle = 1 AND coalesce(deleted_ms, 0) <= ? "
                "ORDER BY deleted_ms, id",
                (_NEVER_MS if until_ms is None else until_ms,),
            ).fetchall()
        return tuple(row[0] for row in rows)

    def purge_runs(self, ids: Sequence[str]) -> int:
        """Remove deleted runs with all that they logged, for good."""
        with self._database.writing() as connection:
            for id in ids:
                _purge_run(connection, id)
        return len(ids)

    def purge_experiments(self, ids: Sequence[str]) -> int:
        """Remove deleted experiments with their runs and models, for good."""
        with self._database.writing() as connection:
            for id in ids:
                _purge_experiment(connection, id)
        return len(ids)

    def purge_models(self, ids: Sequence[str]) -> int:
        """Remove deleted logged models with their files, for good."""
        with self._database.writing() as connection:
            for id in ids:
                row = connection.execute(
                    "SELECT n, lifecycle FROM model WHERE id = ?", (id,)
                ).fetchone()
                if row is None:
                    raise NotFound(f"Logged model with ID '{id}' not found.")
                _check_deleted(f"logged model {id}", row[1])
                _drop_model(connection, row[0], id)
        return len(ids)


def _check_deleted(what: str, lifecycle: int) -> None:
    if not lifecycle:
        raise InvalidState(f"{what} is not deleted", hint="delete it first")


def _purge_run(connection: Connection, id: str) -> None:
    row = connection.execute("SELECT n, lifecycle FROM run WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise read.absent(id)
    _check_deleted(f"run {id}", row[1])
    _drop_run(connection, row[0], id)


def _drop_run(connection: Connection, n: int, id: str) -> None:
    for table in _OF_RUN:
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (n,))
    connection.execute("DELETE FROM run WHERE n = ?", (n,))
    artifacts.remove(connection, Owner("run", id))
    events.happened(connection, "run.purge", f"run:{id}", actor="")


def _drop_model(connection: Connection, n: int, id: str) -> None:
    for table in ("model_param", "model_tag"):
        connection.execute(f"DELETE FROM {table} WHERE model = ?", (n,))
    connection.execute("DELETE FROM model_metric WHERE model = ?", (id,))
    connection.execute("DELETE FROM model WHERE n = ?", (n,))
    artifacts.remove(connection, Owner("model", id))
    events.happened(connection, "model.purge", f"model:{id}", actor="")


def _purge_experiment(connection: Connection, id: str) -> None:
    n = validate.experiment_id(id)
    row = connection.execute("SELECT lifecycle FROM experiment WHERE n = ?", (n,)).fetchone()
    if row is None:
        raise NotFound(f"No Experiment with id={n} exists")
    _check_deleted(f"experiment {n}", row[0])
    for run, run_id in connection.execute(
        "SELECT n, id FROM run WHERE experiment = ?", (n,)
    ).fetchall():
        _drop_run(connection, run, run_id)
    for model, model_id in connection.execute(
        "SELECT n, id FROM model WHERE experiment = ?", (n,)
    ).fetchall():
        _drop_model(connection, model, model_id)
    for trace, trace_id in connection.execute(
        "SELECT n, id FROM trace WHERE experiment = ?", (n,)
    ).fetchall():
        connection.execute("DELETE FROM trace_tag WHERE trace = ?", (trace,))
        artifacts.remove(connection, Owner("trace", trace_id))
    connection.execute("DELETE FROM trace WHERE experiment = ?", (n,))
    connection.execute("DELETE FROM dataset WHERE experiment = ?", (n,))
    connection.execute("DELETE FROM experiment_tag WHERE experiment = ?", (n,))
    if n:
        connection.execute("DELETE FROM experiment WHERE n = ?", (n,))
    else:  # Every store has it.
        connection.execute("UPDATE experiment SET lifecycle = 0 WHERE n = 0")
    events.happened(connection, "experiment.purge", f"experiment:{n}", actor="")
