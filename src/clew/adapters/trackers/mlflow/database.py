"""MLflow's SQLite file, of any version since runs had tags (1.0) to 3.18.

The file is opened for reading only. Tables and columns that an older MLflow did not have count as
empty.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from clew.adapters.trackers.mlflow.words import MODEL_STATUS, RUN_STATUS, number
from clew.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    LoggedModel,
    Metric,
    ModelLink,
    ModelVersion,
    RegisteredModel,
    Run,
)
from clew.errors import StoreError

Row = dict[str, Any]


class MlflowDatabase:
    """Everything in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(
                path.absolute().as_uri() + "?mode=ro", uri=True, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            self._tables = {row["name"] for row in names}
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        if not {"experiments", "runs", "metrics"} <= self._tables:
            raise StoreError(f"{path} is no MLflow store", expected="tables experiments, runs, …")

    def experiments(self) -> Sequence[Experiment]:
        """Return the experiments by id."""
        tags = self._grouped("experiment_tags", "experiment_id")
        return [
            Experiment(
                id=str(row["experiment_id"]),
                name=row["name"],
                created_ms=row.get("creation_time") or 0,
                updated_ms=row.get("last_update_time") or 0,
                lifecycle=row["lifecycle_stage"] or "active",
                artifact_location=row["artifact_location"],
                tags=_pairs(tags[row["experiment_id"]]),
            )
            for row in self._rows("experiments", order="experiment_id")
        ]

    def runs(self) -> Iterator[Run]:
        """Yield the runs, oldest first."""
        datasets = {row["dataset_uuid"]: _dataset(row) for row in self._rows("datasets")}
        for row in self._rows("runs", order="start_time, run_uuid"):
            id = row["run_uuid"]
            tags = _pairs(self._of("tags", "run_uuid", id))
            yield Run(
                id=id,
                experiment_id=str(row["experiment_id"]),
                name=tags.get("mlflow.runName") or row["name"] or id,
                status=RUN_STATUS.get(row["status"], "finished"),
                started_ms=row["start_time"] or 0,
                ended_ms=row["end_time"],
                user=row["user_id"] or "",
                lifecycle=row["lifecycle_stage"] or "active",
                artifact_uri=row["artifact_uri"],
                params=_pairs(self._of("params", "run_uuid", id)),
                tags=tags,
                datasets=tuple(self._inputs(id, datasets)),
                model_inputs=tuple(self._links(id, "RUN_INPUT")),
                model_outputs=tuple(self._links(id, "RUN_OUTPUT")),
            )

    def metrics(self, run: Run) -> Sequence[Metric]:
        """Return every point that a run logged."""
        measured: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in self._of("logged_model_metrics", "run_id", run.id):
            point = (row["metric_name"], row["metric_timestamp_ms"], row["metric_step"])
            measured[point].append(row)
        found = []
        for row in self._of("metrics", "run_uuid", run.id):
            point = (row["key"], row["timestamp"], row.get("step") or 0)
            value = number(row["value"], is_nan=bool(row.get("is_nan")))
            for of in measured.get(point) or [{}]:
                model, name = of.get("model_id"), of.get("dataset_name")
                found.append(
                    Metric(point[0], value, *point[1:], model, name, of.get("dataset_digest"))
                )
        return found

    def models(self) -> Iterator[LoggedModel]:
        """Yield the logged models, oldest first."""
        for row in self._rows("logged_models", order="creation_timestamp_ms, model_id"):
            id = row["model_id"]
            params = self._of("logged_model_params", "model_id", id)
            tags = self._of("logged_model_tags", "model_id", id)
            yield LoggedModel(
                id=id,
                experiment_id=str(row["experiment_id"]),
                name=row["name"],
                created_ms=row["creation_timestamp_ms"],
                updated_ms=row["last_updated_timestamp_ms"],
                model_type=row["model_type"],
                source_run_id=row["source_run_id"],
                status=MODEL_STATUS.get(row["status"], "pending"),
                status_message=row["status_message"],
                lifecycle=row["lifecycle_stage"] or "active",
                artifact_location=row["artifact_location"],
                params={p["param_key"]: p["param_value"] for p in params},
                tags={t["tag_key"]: t["tag_value"] for t in tags},
            )

    def registered(self) -> Sequence[RegisteredModel]:
        """Return the registered models by name."""
        tags = self._grouped("registered_model_tags", "name")
        aliases = self._grouped("registered_model_aliases", "name")
        return [
            RegisteredModel(
                name=row["name"],
                created_ms=row["creation_time"] or 0,
                updated_ms=row["last_updated_time"] or 0,
                description=row.get("description"),
                tags=_pairs(tags[row["name"]]),
                aliases={alias["alias"]: int(alias["version"]) for alias in aliases[row["name"]]},
            )
            for row in self._rows("registered_models", order="name")
        ]

    def versions(self) -> Sequence[ModelVersion]:
        """Return the versions of all registered models by name and number."""
        tags = self._grouped("model_version_tags", "name", "version")
        return [
            ModelVersion(
                name=row["name"],
                version=row["version"],
                created_ms=row["creation_time"] or 0,
                updated_ms=row["last_updated_time"] or 0,
                description=row.get("description"),
                user=row["user_id"],
                stage=row["current_stage"] or "None",
                source=row["source"] or "",
                run_id=row["run_id"] or None,
                run_link=row.get("run_link"),
                status=row["status"] or "READY",
                status_message=row["status_message"],
                tags=_pairs(tags[(row["name"], row["version"])]),
            )
            for row in self._rows("model_versions", order="name, version")
            if row["current_stage"] != "Deleted_Internal"
        ]

    def _inputs(self, run: str, datasets: dict[str, Dataset]) -> Iterator[DatasetInput]:
        for row in self._of("inputs", "destination_id", run):
            if row["source_type"] == "DATASET" and row["source_id"] in datasets:
                tags = self._of("input_tags", "input_uuid", row["input_uuid"])
                yield DatasetInput(
                    datasets[row["source_id"]], {tag["name"]: tag["value"] for tag in tags}
                )

    def _links(self, run: str, kind: str) -> Iterator[ModelLink]:
        for row in self._of("inputs", "source_id", run):
            if row["source_type"] == kind:
                yield ModelLink(row["destination_id"], row.get("step") or 0)

    def _of(self, table: str, column: str, value: object) -> list[Row]:
        return self._ask(table, f"SELECT * FROM {table} WHERE {column} = ?", value)

    def _rows(self, table: str, *, order: str = "1") -> list[Row]:
        return self._ask(table, f"SELECT * FROM {table} ORDER BY {order}")

    def _ask(self, table: str, sql: str, *values: object) -> list[Row]:
        if table not in self._tables:
            return []
        try:
            return [dict(row) for row in self._connection.execute(sql, values)]
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _grouped(self, table: str, *columns: str) -> dict[Any, list[Row]]:
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in self._rows(table):
            key = tuple(row[column] for column in columns)
            groups[key if len(key) > 1 else key[0]].append(row)
        return groups

    def _unreadable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"{self._path} cannot be read as an MLflow store",
            got=str(error),
            expected="MLflow's SQLite file",
        )


def _pairs(rows: Sequence[Row]) -> dict[str, str]:
    return {row["key"]: "" if row["value"] is None else row["value"] for row in rows}


def _dataset(row: Row) -> Dataset:
    return Dataset(
        name=row["name"],
        digest=row["digest"],
        source_type=row["dataset_source_type"],
        source=row["dataset_source"],
        schema=row["dataset_schema"],
        profile=row["dataset_profile"],
    )
