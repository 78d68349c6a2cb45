"""Print all that the MLflow client reads from a server or store: `dump.py URI`. Run by its tests.

Left out is what names a place (addresses of artifacts).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType


def main(uri: str) -> None:
    client = MlflowClient(uri)
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [experiment.experiment_id for experiment in experiments]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=1000)
    found = {
        "experiments": {
            e.experiment_id: [
                *(e.name, e.lifecycle_stage, e.tags),
                e.creation_time if e.experiment_id != "0" else None,
            ]
            for e in experiments
        },
        "runs": {run.info.run_id: describe(client, run) for run in runs},
        "models": {
            m.model_id: [
                *(m.name, m.status.value, m.model_type, m.source_run_id, m.params, m.tags),
                m.creation_timestamp,
                [(x.key, x.value, x.step, x.dataset_digest) for x in m.metrics or []],
            ]
            for m in client.search_logged_models(ids)
        },
        "registered": {
            m.name: [
                *(m.description, m.tags, {a: int(v) for a, v in m.aliases.items()}),
                m.creation_timestamp,
            ]
            for m in client.search_registered_models()
        },
        "versions": sorted(
            [
                *(v.name, int(v.version), v.description, v.current_stage, v.run_id, v.tags),
                v.source if v.source.startswith("models:") else None,
                v.creation_timestamp,
            ]
            for v in client.search_model_versions()
        ),
    }
    print(json.dumps(found, sort_keys=True))


def describe(client: MlflowClient, run: Run) -> list[Any]:
    info, data = run.info, run.data
    metrics = {
        key: [
            # MLflow's SQL store gives the largest number for an infinite one.
            (repr(float(f"{m.value:.16g}")), m.timestamp, m.step)
            for m in client.get_metric_history(info.run_id, key)
        ]
        for key in data.metrics
    }
    inputs = [
        [i.dataset.name, i.dataset.digest, i.dataset.schema, {t.key: t.value for t in i.tags}]
        for i in run.inputs.dataset_inputs
    ]
    outputs = [o.model_id for o in run.outputs.model_outputs] if run.outputs else []
    described = [info.run_name, info.status, info.start_time, info.end_time, info.lifecycle_stage]
    described += [info.experiment_id, info.user_id, data.params, data.tags, metrics]
    files = sorted(artifacts(client, info.run_id)) if info.lifecycle_stage == "active" else []
    return [*described, inputs, outputs, files]


def artifacts(client: MlflowClient, run: str, folder: str | None = None) -> Any:
    for file in client.list_artifacts(run, folder):
        if file.is_dir:
            yield from artifacts(client, run, file.path)
        else:
            yield [file.path, file.file_size]


if __name__ == "__main__":
    main(sys.argv[1])
