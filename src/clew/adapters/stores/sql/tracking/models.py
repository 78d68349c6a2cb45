"""Logged models in SQLite."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from clew.adapters.stores.sql.connection import DUPLICATES, Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.logs import NAN
from clew.adapters.stores.sql.tracking import artifacts, experiments, graph
from clew.adapters.stores.sql.tracking.experiments import LIFECYCLES, made_ms, now_ms
from clew.adapters.stores.sql.tracking.names import made_up
from clew.adapters.stores.sql.words import Words
from clew.entities import LoggedModel, Metric, ModelStatus
from clew.entities.check import check_text, invalid_value
from clew.errors import AlreadyExists, InvalidParameter, NotFound
from clew.lineage.canonical import ValueId
from clew.lineage.records import Value
from clew.track import validate

COLUMNS = (
    "m.n, m.id, m.experiment, m.name, m.created_ms, m.updated_ms, m.model_type, m.source_run, "
    "m.status, m.status_message, m.lifecycle, m.artifact_location, lower(hex(m.content))"
)
WIDTH = 13
_STATUSES = ("pending", "ready", "failed")
_PAIRS = "SELECT c.model, c.key, c.value FROM json_each(?) AS j JOIN {} AS c ON c.model = j.value"
_METRICS = (
    "SELECT c.model, word.text, c.value, c.time_ms, c.step, c.dataset_name, c.dataset_digest, "
    "run.id FROM json_each(?, '$') AS j JOIN model_metric AS c ON c.model = j.value "
    "LEFT JOIN run ON run.n = c.run "
    "JOIN word ON word.n = c.key ORDER BY c.step, c.time_ms"
)


class SqlModels:
    """The port `clew.track.ports.LoggedModels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        model_type: str | None = None,
        source_run_id: str | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        id: str | None = None,
        created_ms: int | None = None,
    ) -> LoggedModel:
        """Add a pending model to an active experiment."""
        experiment = validate.experiment_id(experiment_id)
        validate.model_name(name)
        for text, path in ((model_type, "model_type"), (source_run_id, "source_run_id")):
            if text is not None:
                check_text(text, path)
        model_id = f"m-{uuid.uuid4().hex}" if id is None else validate.run_id(id)
        ms = made_ms(created_ms)
        row = (model_id, experiment, name or made_up(), model_type, source_run_id, ms, ms)
        with self._database.writing() as connection:
            experiments.check_active(connection, experiment)
            try:
                n = connection.execute(
                    "INSERT INTO model (id, experiment, name, model_type, source_run, status, "
                    "created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)",
                    row,
                ).lastrowid
            except DUPLICATES:
                raise AlreadyExists(f"Logged model with ID '{model_id}' already exists.") from None
            uri = experiments.below(connection, experiment, f"models/{model_id}/artifacts")
            if uri is not None:
                connection.execute("UPDATE model SET artifact_location = ? WHERE n = ?", (uri, n))
            _put(connection, "model_param", int(n or 0), _texts(params))
            _put(connection, "model_tag", int(n or 0), _texts(tags))
            return one(connection, model_id)

    def get(self, id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """Return a model."""
        with self._database.reading() as connection:
            return one(connection, id, allow_deleted=allow_deleted)

    def finalize(
        self,
        id: str,
        status: ModelStatus,
        message: str | None = None,
        *,
        value: ValueId | None = None,
    ) -> LoggedModel:
        """Say that its files are complete, or failed."""
        if status not in _STATUSES:
            raise InvalidParameter(
                invalid_value("status", status), expected=f"one of {', '.join(_STATUSES)}"
            )
        words = self._database.words
        with self._database.writing() as connection:
            n = _number(connection, id)
            connection.execute(
                "UPDATE model SET status = ?, status_message = ?, updated_ms = ? WHERE n = ?",
                (status, message, now_ms(), n),
            )
            if status == "ready":
                _settle(connection, words, n, id, value)
            return one(connection, id, allow_deleted=True)

    def set_tags(self, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        kept = _texts(tags)
        with self._database.writing() as connection:
            n = _number(connection, id)
            connection.executemany(
                "INSERT INTO model_tag (model, key, value) VALUES (?, ?, ?) "
                "ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
                [(n, *pair) for pair in kept.items()],
            )

    def delete_tag(self, id: str, key: str) -> None:
        """Remove a tag."""
        with self._database.writing() as connection:
            n = _number(connection, id)
            gone = connection.execute("DELETE FROM model_tag WHERE model = ? AND key = ?", (n, key))
            if not gone.rowcount:
                raise NotFound(f"No tag with key {key!r} found for model with ID {id!r}.")

    def log_params(self, id: str, params: Mapping[str, str]) -> None:
        """Add params."""
        kept = _texts(params)
        with self._database.writing() as connection:
            n = _number(connection, id)
            known = dict(
                connection.execute("SELECT key, value FROM model_param WHERE model = ?", (n,))
            )
            for key, value in kept.items():
                if known.get(key, value) != value:
                    raise InvalidParameter(
                        f"Changing param values is not allowed. Param with key='{key}' was already "
                        f"logged with value='{known[key]}' for model ID='{id}'. Attempted logging "
                        f"new value '{value}'."
                    )
            new = {key: value for key, value in kept.items() if key not in known}
            _put(connection, "model_param", n, new)

    def delete(self, id: str) -> None:
        """Delete a model softly."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE model SET lifecycle = 1, updated_ms = ? WHERE n = ?",
                (now_ms(), _number(connection, id)),
            )


def one(connection: Connection, id: str, *, allow_deleted: bool = False) -> LoggedModel:
    """Return one model."""
    row = connection.execute(f"SELECT {COLUMNS} FROM model AS m WHERE m.id = ?", (id,)).fetchone()
    if row is None or (row[10] and not allow_deleted):
        raise _absent(id)
    return of_rows(connection, [row])[0]


def of_rows(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[LoggedModel]:
    """Return models, in the order of their rows (see `COLUMNS`)."""
    listed = json.dumps([row[0] for row in rows])
    params = _pairs(connection, "model_param", listed)
    tags = _pairs(connection, "model_tag", listed)
    metrics: dict[str, list[Metric]] = {}
    ids = json.dumps([row[1] for row in rows])
    for found in connection.execute(_METRICS, (ids,)):
        id, key, value, time_ms, step, name, digest, run_id = found
        number = math.nan if value == NAN else value
        metric = Metric(key, number, time_ms, step, id, name or None, digest or None, run_id)
        metrics.setdefault(id, []).append(metric)
    return [
        LoggedModel(
            id=row[1],
            experiment_id=str(row[2]),
            name=row[3],
            created_ms=row[4],
            updated_ms=row[5],
            model_type=row[6],
            source_run_id=row[7],
            status=row[8],
            status_message=row[9],
            lifecycle=LIFECYCLES[row[10]],
            artifact_location=row[11],
            params=params.get(row[0], {}),
            tags=tags.get(row[0], {}),
            metrics=tuple(metrics.get(row[1], ())),
            content=row[12] or None,
        )
        for row in rows
    ]


def _settle(connection: Connection, words: Words, n: int, id: str, source: ValueId | None) -> None:
    """Give a model the content id of its files, and its run the model as output."""
    files = artifacts.contents(connection, "model", id)
    if not files:
        return
    content = graph.model_content(files)
    connection.execute("UPDATE model SET content = ? WHERE n = ?", (content, n))
    row = connection.execute(
        "SELECT run.n, run.id, model.name FROM model JOIN run ON run.id = model.source_run "
        "WHERE model.n = ?",
        (n,),
    ).fetchone()
    if row is not None:
        if source is not None:
            graph.read(connection, words, (row[0], row[1]), "model", Value(source, "object"))
        value = Value(content, "model", f"{row[2]} ({len(files)} files)"[:200])
        graph.made(connection, words, (row[0], row[1]), f"model:{row[2]}", value)


def _number(connection: Connection, id: str) -> int:
    row = connection.execute("SELECT n FROM model WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise _absent(id)
    return int(row[0])


def _absent(id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{id}' not found.")


def _texts(pairs: Mapping[str, str] | None) -> dict[str, str]:
    return {
        check_text(key, "key"): check_text(value, "value") for key, value in (pairs or {}).items()
    }


def _put(connection: Connection, table: str, n: int, pairs: Mapping[str, str]) -> None:
    connection.executemany(
        f"INSERT INTO {table} (model, key, value) VALUES (?, ?, ?)",
        [(n, *pair) for pair in pairs.items()],
    )


def _pairs(connection: Connection, table: str, listed: str) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for n, key, value in connection.execute(_PAIRS.format(table), (listed,)):
        found.setdefault(n, {})[key] = value
    return found
