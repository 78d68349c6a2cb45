"""Datasets that runs read, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.tracking import graph
from clew.adapters.stores.sql.tracking.experiments import now_ms
from clew.adapters.stores.sql.tracking.read import dataset_of
from clew.adapters.stores.sql.words import Words
from clew.entities import Dataset, DatasetInput
from clew.errors import NotFound
from clew.lineage.canonical import ValueId
from clew.lineage.records import Value
from clew.track import validate

CONTEXT = "mlflow.data.context"
_COLUMNS = "name, digest, source_type, source, schema, profile, lower(hex(content))"
_INSERT = (
    "INSERT INTO dataset (experiment, name, digest, source_type, source, schema, profile, content, "
    "created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class SqlDatasets:
    """The port `clew.track.ports.Datasets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, experiment_id: str, name: str, digest: str) -> Dataset:
        """Return a dataset."""
        n = validate.experiment_id(experiment_id)
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM dataset WHERE experiment = ? AND name = ? AND digest = ?",
                (n, name, digest),
            ).fetchone()
        if row is None:
            raise NotFound(
                f"no run of experiment {n} read a dataset {name!r} with digest {digest!r}"
            )
        return dataset_of(row)

    def versions(self, name: str | None = None) -> tuple[Dataset, ...]:
        """Return every dataset (or those of a name), newest first, equal ones once."""
        where = "" if name is None else "WHERE name = ?"
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM dataset WHERE n IN (SELECT max(n) FROM dataset {where} "
                "GROUP BY name, digest) ORDER BY n DESC",
                () if name is None else (name,),
            ).fetchall()
        return tuple(map(dataset_of, rows))

    def readers(self, name: str, digest: str, *, limit: int = 100) -> tuple[str, ...]:
        """Return the ids of active runs that read a dataset, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT run.id FROM dataset JOIN input ON input.dataset = dataset.n "
                "JOIN run ON run.n = input.run WHERE dataset.name = ? AND dataset.digest = ? "
                "AND run.lifecycle = 0 ORDER BY run.started_ms DESC, run.id LIMIT ?",
                (name, digest, limit),
            ).fetchall()
        return tuple(row[0] for row in rows)


def add_inputs(
    connection: Connection,
    words: Words,
    run: tuple[int, str, int],
    inputs: Sequence[DatasetInput],
) -> None:
    """Say that a run ``(number, id, experiment)`` read datasets."""
    n, run_id, experiment = run
    for one in inputs:
        dataset = one.dataset
        number, content = _add(connection, experiment, dataset)
        connection.execute(
            "INSERT INTO input (run, dataset) VALUES (?, ?) ON CONFLICT DO NOTHING", (n, number)
        )
        connection.executemany(
            "INSERT INTO input_tag (run, dataset, key, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [(n, number, key, value) for key, value in one.tags.items()],
        )
        value = Value(content, "dataset", f"{dataset.name} ({dataset.digest})"[:200])
        graph.read(connection, words, (n, run_id), one.tags.get(CONTEXT, "dataset"), value)


def _add(connection: Connection, experiment: int, dataset: Dataset) -> tuple[int, ValueId]:
    key = (experiment, dataset.name, dataset.digest)
    row = connection.execute(
        "SELECT n, content FROM dataset WHERE experiment = ? AND name = ? AND digest = ?", key
    ).fetchone()
    if row is not None:
        return row[0], row[1]
    content = graph.content_of(dataset.name, dataset.digest, dataset.content)
    fields = (dataset.source_type, dataset.source, dataset.schema, dataset.profile)
    added = connection.execute(_INSERT, (*key, *fields, content, now_ms())).lastrowid
    return int(added or 0), content
