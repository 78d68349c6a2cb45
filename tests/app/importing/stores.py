"""MLflow stores made by hand, in MLflow's own formats: a SQLite file, and an ``mlruns`` folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

RUN, CHILD, GONE = "a" * 32, "b" * 32, "c" * 32
MODEL = "m-" + "d" * 32
HUGE = 1.7976931348623157e308

SCHEMA = """
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name, artifact_location,
    lifecycle_stage, creation_time, last_update_time);
CREATE TABLE experiment_tags (key, value, experiment_id);
CREATE TABLE runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage,
    artifact_uri, experiment_id);
CREATE TABLE params (key, value, run_uuid);
CREATE TABLE tags (key, value, run_uuid);
CREATE TABLE metrics (key, value, timestamp, run_uuid, step, is_nan);
CREATE TABLE datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type,
    dataset_source, dataset_schema, dataset_profile);
CREATE TABLE inputs (input_uuid, source_type, source_id, destination_type, destination_id, step);
CREATE TABLE input_tags (input_uuid, name, value);
CREATE TABLE logged_models (model_id, experiment_id, name, artifact_location,
    creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage, model_type,
    source_run_id, status_message);
CREATE TABLE logged_model_params (model_id, experiment_id, param_key, param_value);
CREATE TABLE logged_model_tags (model_id, experiment_id, tag_key, tag_value);
CREATE TABLE logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step,
    metric_value, experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest);
CREATE TABLE registered_models (name, creation_time, last_updated_time, description);
CREATE TABLE registered_model_tags (key, value, name);
CREATE TABLE registered_model_aliases (alias, version, name);
CREATE TABLE model_versions (name, version, creation_time, last_updated_time, description, user_id,
    current_stage, source, run_id, status, status_message, run_link);
CREATE TABLE model_version_tags (key, value, name, version)
"""


def database(folder: Path) -> Path:
    """Write a SQLite store with its artifacts beside it."""
    path = folder / "mlflow.db"
    files = folder / "mlartifacts"
    put(files / "7" / RUN / "artifacts" / "a" / "note.txt", "hello")
    put(files / "7" / "models" / MODEL / "artifacts" / "weights.bin", "w" * 1000)
    rows = {
        "experiments": [
            (0, "Default", "x", "active", 1, 1),
            (7, "Größe", "mlflow-artifacts:/7", "active", 5, 6),
            (8, "old", "mlflow-artifacts:/8", "deleted", 5, 6),
        ],
        "experiment_tags": [("team", "x", 7)],
        "runs": [
            (RUN, "one", "ann", "FINISHED", 1000, 2000, "active", address(RUN), 7),
            (CHILD, "two", "ann", "FAILED", 1100, 1200, "active", address(CHILD), 7),
            (GONE, "three", "bob", "KILLED", 1200, 1300, "deleted", address(GONE), 8),
        ],
        "params": [("lr", "0.1", RUN), ("deep/key", "x" * 5000, RUN), ("p", "1", GONE)],
        "tags": [("mlflow.runName", "one", RUN), ("mlflow.parentRunId", RUN, CHILD)],
        "metrics": [
            *[("loss", i / 7, 1000 + i, RUN, i, 0) for i in range(2500)],
            ("odd", 0.0, 1, RUN, 0, 1),
            ("odd", HUGE, 1, RUN, 1, 0),
            ("odd", -HUGE, 1, RUN, 2, 0),
            ("acc", 0.9, 1500, RUN, 3, 0),
        ],
        "datasets": [("ds", 7, "adult", "abc", "local", "{}", '{"a": 1}', None)],
        "inputs": [
            ("i1", "DATASET", "ds", "RUN", RUN, 0),
            ("i2", "RUN_OUTPUT", RUN, "MODEL_OUTPUT", MODEL, 4),
            ("i3", "RUN_INPUT", CHILD, "MODEL_INPUT", MODEL, 0),
        ],
        "input_tags": [("i1", "mlflow.data.context", "training")],
        "logged_models": [
            (
                *(MODEL, 7, "lm", f"mlflow-artifacts:/7/models/{MODEL}/artifacts", 1400, 1500),
                *(2, "active", "sklearn", RUN, None),
            )
        ],
        "logged_model_params": [(MODEL, 7, "depth", "3")],
        "logged_model_tags": [(MODEL, 7, "colour", "red")],
        "logged_model_metrics": [(MODEL, "acc", 1500, 3, 0.9, 7, RUN, "ds", "adult", "abc")],
        "registered_models": [("reg", 1, 2, "a model")],
        "registered_model_tags": [("k", "v", "reg")],
        "registered_model_aliases": [("champion", 3, "reg")],
        "model_versions": [
            (
                "reg",
                1,
                1,
                2,
                "first",
                "ann",
                "Production",
                f"models:/{MODEL}",
                RUN,
                "READY",
                "",
                "",
            ),
            ("reg", 3, 1, 2, None, None, "None", address(RUN) + "/a", RUN, "READY", "", ""),
        ],
        "model_version_tags": [("i", "1", "reg", 1)],
    }
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    for table, values in rows.items():
        marks = ", ".join("?" * len(values[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    connection.commit()
    connection.close()
    return path


def address(run: str) -> str:
    return f"mlflow-artifacts:/7/{run}/artifacts"


def folder(root: Path) -> Path:
    """Write an ``mlruns`` folder with the same content, but for what is deleted."""
    mlruns = root / "mlruns"
    meta(mlruns / "0", experiment_id="'0'", name="Default", lifecycle_stage="active")
    place = mlruns / "7"
    meta(place, experiment_id="'7'", name="Größe", lifecycle_stage="active", creation_time=5)
    put(place / "tags" / "team", "x")
    meta(mlruns / ".trash" / "8", experiment_id="'8'", name="old", lifecycle_stage="deleted")
    run(place / RUN, "one", 3, 1000, 2000)
    put(place / RUN / "params" / "lr", "0.1")
    put(place / RUN / "params" / "deep" / "key", "x" * 5000)
    put(place / RUN / "tags" / "mlflow.runName", "one")
    put(place / RUN / "metrics" / "loss", "".join(f"{1000 + i} {i / 7} {i}\n" for i in range(2500)))
    put(place / RUN / "metrics" / "odd", "1 nan 0\n1 inf 1\n1 -inf 2\n")
    put(place / RUN / "metrics" / "acc", "1500 0.9 3 my adult abc\n")
    put(place / RUN / "artifacts" / "a" / "note.txt", "hello")
    dataset = {"name": "my adult", "digest": "abc", "source_type": "local", "source": "'{}'"}
    meta(place / "datasets" / "ds", **dataset, schema="'{\"a\": 1}'", profile="null")
    given = {"source_type": "DATASET", "source_id": "ds", "destination_type": "RUN"}
    meta(place / RUN / "inputs" / "i1", **given, tags="{mlflow.data.context: training}")
    made = {"source_type": "RUN_OUTPUT", "source_id": MODEL, "destination_type": "MODEL_OUTPUT"}
    meta(place / RUN / "outputs" / MODEL, **made, tags="{}", step=4)
    run(place / CHILD, "two", 4, 1100, 1200)
    put(place / CHILD / "tags" / "mlflow.parentRunId", RUN)
    model = place / "models" / MODEL
    meta(
        model,
        name="lm",
        model_id=MODEL,
        creation_timestamp=1400,
        last_updated_timestamp=1500,
        status=2,
        model_type="sklearn",
        source_run_id=RUN,
        lifecycle_stage="active",
        artifact_location=f"/somewhere/mlruns/7/models/{MODEL}/artifacts",
    )
    put(model / "params" / "depth", "3")
    put(model / "tags" / "colour", "red")
    put(model / "metrics" / "acc", f"1500 0.9 3 {RUN} my adult abc\n")
    put(model / "artifacts" / "weights.bin", "w" * 1000)
    registered = mlruns / "models" / "reg"
    meta(registered, name="reg", description="a model", creation_timestamp=1)
    put(registered / "tags" / "k", "v")
    put(registered / "aliases" / "champion", "3")
    first = {"name": "reg", "version": 1, "current_stage": "Production", "run_id": RUN}
    meta(registered / "version-1", **first, source=f"models:/{MODEL}", description="first")
    put(registered / "version-1" / "tags" / "i", "1")
    third = {"name": "reg", "version": "'3'", "current_stage": "None", "run_id": RUN}
    meta(registered / "version-3", **third, source=f"/somewhere/mlruns/7/{RUN}/artifacts/a")
    return mlruns


def run(place: Path, name: str, status: int, start: int, end: int) -> None:
    meta(
        place,
        run_id=place.name,
        run_name=name,
        experiment_id="'7'",
        status=status,
        start_time=start,
        end_time=end,
        user_id="ann",
        lifecycle_stage="active",
        artifact_uri="file:///somewhere",
    )


def meta(place: Path, **fields: object) -> None:
    put(place / "meta.yaml", "".join(f"{key}: {value}\n" for key, value in fields.items()))


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
