"""Runs with all that they logged, many at once: one query for each kind of thing."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TypeAlias

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.logs import NAN
from clew.adapters.stores.sql.tracking.experiments import LIFECYCLES
from clew.adapters.stores.sql.words import Words
from clew.entities import Dataset, DatasetInput, Metric, ModelLink, Run, RunStatus
from clew.errors import InvalidParameter, NotFound

COLUMNS = (
    "r.n, r.id, r.experiment, r.name, r.status, r.started_ms, r.ended_ms, r.user, r.lifecycle, "
    "(SELECT text FROM word WHERE n = r.flow), r.artifact_uri, r.error"
)

Row: TypeAlias = tuple[
    int, str, int, str, RunStatus, int, "int | None", str, int, "str | None", "str | None",
    "str | None",
]  # fmt: skip

# The list of runs drives: without CROSS JOIN the planner may scan the whole table instead.
_PAIRS = "SELECT c.run, c.key, c.value FROM json_each(?) AS j CROSS JOIN {} AS c ON c.run = j.value"
_METRICS = (
    "SELECT c.run, c.key, c.value, c.time_ms, c.step FROM json_each(?) AS j "
    "CROSS JOIN latest AS c ON c.run = j.value"
)
_DATASETS = (
    "SELECT c.run, d.n, d.name, d.digest, d.source_type, d.source, d.schema, d.profile, "
    "lower(hex(d.content)) FROM json_each(?) AS j CROSS JOIN input AS c ON c.run = j.value "
    "JOIN dataset AS d ON d.n = c.dataset ORDER BY d.n"
)
_INPUT_TAGS = (
    "SELECT c.run, c.dataset, c.key, c.value FROM json_each(?) AS j "
    "CROSS JOIN input_tag AS c ON c.run = j.value"
)
_LINKS = (
    "SELECT c.run, c.output, c.model, c.step FROM json_each(?) AS j "
    "CROSS JOIN link AS c ON c.run = j.value"
)


def one(connection: Connection, words: Words, id: str) -> Run:
    """Return one run."""
    row = connection.execute(f"SELECT {COLUMNS} FROM run AS r WHERE r.id = ?", (id,)).fetchone()
    if row is None:
        raise absent(id)
    return of_rows(connection, words, [row])[0]


def absent(id: str) -> NotFound:
    """Return the error for a run that is not there."""
    return NotFound(f"Run with id={id} not found", hint="`clew runs` lists runs")


def active(connection: Connection, id: str) -> tuple[int, int]:
    """Return the number of an active run and of its experiment."""
    row = connection.execute(
        "SELECT n, experiment, lifecycle FROM run WHERE id = ?", (id,)
    ).fetchone()
    if row is None:
        raise absent(id)
    if row[2]:
        raise InvalidParameter(
            f"The run {id} must be in the 'active' state. Current state is deleted.",
            hint="restore the run first",
        )
    return row[0], row[1]


def of_rows(connection: Connection, words: Words, rows: Sequence[Row]) -> list[Run]:
    """Return runs, in the order of their rows (see `COLUMNS`)."""
    listed = json.dumps([row[0] for row in rows])
    params = _pairs(connection, words, "param", listed)
    tags = _pairs(connection, words, "tag", listed)
    metrics = _metrics(connection, words, listed)
    datasets = _datasets(connection, listed)
    inputs, outputs = _links(connection, listed)
    return [
        Run(
            id=id,
            experiment_id=str(experiment),
            name=name,
            status=status,
            started_ms=started,
            ended_ms=ended,
            user=user,
            lifecycle=LIFECYCLES[lifecycle],
            flow=flow,
            artifact_uri=artifact_uri,
            params=params.get(n) or {},
            metrics=metrics.get(n) or {},
            tags=tags.get(n) or {},
            datasets=tuple(datasets.get(n, ())),
            model_inputs=tuple(inputs.get(n, ())),
            model_outputs=tuple(outputs.get(n, ())),
            error=error,
        )
        for (
            n, id, experiment, name, status, started, ended, user, lifecycle, flow, artifact_uri,
            error,
        ) in rows
    ]  # fmt: skip


def _pairs(
    connection: Connection, words: Words, table: str, listed: str
) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    names: dict[int, str] = {}
    for run, key, value in connection.execute(_PAIRS.format(table), (listed,)).fetchall():
        name = names.get(key)
        if name is None:
            name = names[key] = words.text(connection, key)
        try:
            found[run][name] = value
        except KeyError:
            found[run] = {name: value}
    return found


def _metrics(connection: Connection, words: Words, listed: str) -> dict[int, dict[str, Metric]]:
    found: dict[int, dict[str, Metric]] = {}
    names: dict[int, str] = {}
    for run, key, value, time_ms, step in connection.execute(_METRICS, (listed,)).fetchall():
        name = names.get(key)
        if name is None:
            name = names[key] = words.text(connection, key)
        metric = Metric(name, math.nan if value == NAN else value, time_ms, step)
        try:
            found[run][name] = metric
        except KeyError:
            found[run] = {name: metric}
    return found


def _datasets(connection: Connection, listed: str) -> dict[int, list[DatasetInput]]:
    rows = connection.execute(_DATASETS, (listed,)).fetchall()
    if not rows:
        return {}
    tags: dict[tuple[int, int], dict[str, str]] = {}
    for run, dataset, key, value in connection.execute(_INPUT_TAGS, (listed,)).fetchall():
        tags.setdefault((run, dataset), {})[key] = value
    found: dict[int, list[DatasetInput]] = {}
    for run, n, *fields in rows:
        read = DatasetInput(dataset_of(fields), tags.get((run, n), {}))
        found.setdefault(run, []).append(read)
    return found


def dataset_of(fields: Sequence[str]) -> Dataset:
    """Return a dataset from ``name, digest, source_type, source, schema, profile, content``."""
    name, digest, source_type, source, schema, profile, content = fields
    return Dataset(
        name=name,
        digest=digest,
        source_type=source_type,
        source=source,
        schema=schema,
        profile=profile,
        content=content,
    )


def _links(
    connection: Connection, listed: str
) -> tuple[dict[int, list[ModelLink]], dict[int, list[ModelLink]]]:
    found: tuple[dict[int, list[ModelLink]], dict[int, list[ModelLink]]] = ({}, {})
    for run, output, model, step in connection.execute(_LINKS, (listed,)).fetchall():
        found[output].setdefault(run, []).append(ModelLink(model, step))
    return found
