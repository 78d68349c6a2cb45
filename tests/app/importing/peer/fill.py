"""Fill an MLflow store with one of everything: `fill.py URI FOLDER`. Run by its tests."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric


def main(uri: str, folder: str) -> None:
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    location = None if uri.startswith("file") else f"file://{folder}/mlruns/1"
    experiment = client.create_experiment("Größe α", artifact_location=location)
    client.set_experiment_tag(experiment, "team", "x")
    mlflow.set_experiment("Größe α")
    run, model = tracked(client, folder)
    with mlflow.start_run(run_name="gone") as gone:
        mlflow.log_param("a", 1)
    client.delete_run(gone.info.run_id)
    client.set_terminated(client.create_run(experiment, run_name="bad").info.run_id, "FAILED")
    client.create_run(experiment, run_name="still running")
    deleted = client.create_experiment("deleted")
    client.log_param(client.create_run(deleted).info.run_id, "q", 1)
    client.delete_experiment(deleted)
    registered(client, run, model)


def tracked(client: MlflowClient, folder: str) -> tuple[str, str]:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.1, 0.2, 0.3]})
    with mlflow.start_run(run_name="parent") as run:
        id = run.info.run_id
        mlflow.log_params({"lr": 0.1, "long": "x" * 5000, "nested/key": "1"})
        for start in (0, 1000):
            steps = range(start, start + 1000)
            points = [Metric("loss", i / 7, 1_700_000_000_000 + i, i) for i in steps]
            client.log_batch(id, metrics=points)
        for name, value in {"nan": math.nan, "inf": math.inf, "minus": -math.inf}.items():
            mlflow.log_metric(name, value)
        mlflow.log_text("hello", "a/b.txt")
        mlflow.log_dict({"x": 1}, "d.json")
        dataset = mlflow.data.from_pandas(frame, name="mine", targets="b")
        mlflow.log_input(dataset, context="training")
        model = mlflow.initialize_logged_model(name="lm", params={"p": "1"}, tags={"t": "u"})
        weights = Path(folder) / "weights.bin"
        weights.write_bytes(b"\0\1\2" * 100)
        client.log_model_artifact(model.model_id, str(weights))
        mlflow.finalize_logged_model(model.model_id, "READY")
        mlflow.log_metric("acc", 0.9, model_id=model.model_id, dataset=dataset)
        mlflow.set_tag("mlflow.note.content", "# note")
        with mlflow.start_run(run_name="child", nested=True):
            mlflow.log_metric("x", 1)
    return id, model.model_id


def registered(client: MlflowClient, run: str, model: str) -> None:
    client.create_registered_model("reg", tags={"k": "v"}, description="a model")
    for i in range(4):
        source, id = (f"models:/{model}", model) if i % 2 == 0 else (f"runs:/{run}/a", None)
        client.create_model_version(
            "reg", source, run_id=run, tags={"i": str(i)}, description=f"v{i}", model_id=id
        )
    client.delete_model_version("reg", "2")
    client.set_registered_model_alias("reg", "champion", "3")
    client.transition_model_version_stage("reg", "1", "Production")


if __name__ == "__main__":
    main(*sys.argv[1:])
