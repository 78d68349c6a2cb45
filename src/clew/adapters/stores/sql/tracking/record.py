"""What runs log, in SQLite: every call is one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from clew.adapters.stores.sql import logs
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.logs import RUN_NAME, stored_number
from clew.adapters.stores.sql.tracking import datasets, read
from clew.adapters.stores.sql.tracking.runs import TAG, rename
from clew.adapters.stores.sql.words import Words
from clew.entities import DatasetInput, Metric, ModelLink
from clew.errors import InvalidParameter, NotFound
from clew.track import validate
from clew.track.validate import Pairs

_PARAM = "INSERT INTO param (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_LINK = (
    "INSERT INTO link (run, output, model, step) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (run, output, model) DO UPDATE SET step = excluded.step"
)
_MODEL_METRIC = (
    "INSERT INTO model_metric (model, key, dataset_name, dataset_digest, step, time_ms, value, "
    "run) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


class SqlLogging:
    """The port `clew.track.ports.Logging`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(
        self,
        run_id: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Pairs = (),
        tags: Pairs = (),
    ) -> None:
        """Add metrics, params and tags to an active run."""
        validate.run_id(run_id)
        validate.metrics(metrics)
        pairs = validate.params(params) if params else []
        marks = validate.tags(tags) if tags else {}
        validate.batch((len(metrics), len(pairs), len(tags)))
        words = self._database.words
        with self._database.writing() as connection:
            n, experiment = read.active(connection, run_id)
            if pairs:
                _add_params(connection, words, n, run_id, pairs)
            if metrics:
                _add_metrics(connection, words, n, experiment, metrics)
            if marks:
                _add_tags(connection, words, n, marks)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag."""
        with self._database.writing() as connection:
            n, _ = read.active(connection, run_id)
            gone = connection.execute(
                "DELETE FROM tag WHERE run = ? AND key = (SELECT n FROM word WHERE text = ?)",
                (n, key),
            )
            if not gone.rowcount:
                raise NotFound(f"No tag with name: {key} in run with id {run_id}")

    def log_inputs(
        self,
        run_id: str,
        *,
        datasets: Sequence[DatasetInput] = (),
        models: Sequence[ModelLink] = (),
    ) -> None:
        """Say what a run read."""
        validate.run_id(run_id)
        validate.datasets(datasets)
        self._link(run_id, datasets, models, output=0)

    def log_outputs(self, run_id: str, models: Sequence[ModelLink]) -> None:
        """Say which logged models a run made."""
        self._link(run_id, (), models, output=1)

    def _link(
        self,
        run_id: str,
        inputs: Sequence[DatasetInput],
        models: Sequence[ModelLink],
        *,
        output: int,
    ) -> None:
        for link in models:
            validate.run_id(link.model_id)
        words = self._database.words
        with self._database.writing() as connection:
            n, experiment = read.active(connection, run_id)
            datasets.add_inputs(connection, words, (n, run_id, experiment), inputs)
            connection.executemany(_LINK, [(n, output, m.model_id, m.step) for m in models])


def _add_params(
    connection: Connection,
    words: Words,
    n: int,
    run_id: str,
    pairs: Sequence[tuple[str, str]],
) -> None:
    changed = []
    for key, value in pairs:
        number = words.number(connection, key)
        if connection.execute(_PARAM, (n, number, value)).rowcount:
            continue
        (old,) = connection.execute(
            "SELECT value FROM param WHERE run = ? AND key = ?", (n, number)
        ).fetchone()
        if old != value:
            changed.append({"key": key, "old_value": old, "new_value": value})
    if len(changed) == 1 == len(pairs):
        only = changed[0]
        raise InvalidParameter(
            f"Changing param values is not allowed. Param with key='{only['key']}' was already "
            f"logged with value='{only['old_value']}' for run ID='{run_id}'. Attempted logging "
            f"new value '{only['new_value']}'.",
            hint="log it in another (nested) run, or as a metric or tag",
        )
    if changed:
        raise InvalidParameter(
            "Changing param values is not allowed. Params were already "
            f"logged='{changed}' for run ID='{run_id}'.",
            hint="log them in another (nested) run, or as metrics or tags",
        )


def _add_metrics(
    connection: Connection,
    words: Words,
    n: int,
    experiment: int,
    metrics: Sequence[Metric],
) -> None:
    keys: dict[str, int] = {}
    for metric in metrics:
        if metric.key not in keys:
            keys[metric.key] = words.number(connection, metric.key)
    rows: list[logs.MetricRow] = [
        (n, keys[m.key], m.time_ms, m.step, stored_number(m.value), None) for m in metrics
    ]
    logs.add_metrics(connection, n, experiment, rows)
    of_models = [
        (
            m.model_id,
            keys[m.key],
            m.dataset_name or "",
            m.dataset_digest or "",
            m.step,
            m.time_ms,
            stored_number(m.value),
            n,
        )
        for m in metrics
        if m.model_id is not None
    ]
    if of_models:
        connection.executemany(_MODEL_METRIC, of_models)


def _add_tags(connection: Connection, words: Words, n: int, tags: dict[str, str]) -> None:
    if RUN_NAME in tags:
        rename(connection, words, n, tags[RUN_NAME])
    connection.executemany(
        TAG, [(n, words.number(connection, key), value) for key, value in tags.items()]
    )
