"""Entities as MLflow's JSON.

Field by field what ``to_proto`` of MLflow's entities sets; fields that are absent there are left
out. Integers of 64 bits are numbers (MLflow converts them), floats that JSON has no word for are
``"NaN"`` and ``"Infinity"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from clew.api.mlflow.fields import STATUS_TO_WIRE
from clew.entities import (
    Artifact,
    DatasetInput,
    Experiment,
    LoggedModel,
    Metric,
    ModelVersion,
    RegisteredModel,
    Run,
)

Json = dict[str, Any]
encode = msgspec.json.Encoder().encode

ROOT = "mlflow-artifacts:"
"""Where artifacts lie that this server keeps: clients send them through it."""

_INFINITY = float("inf")
_MODEL_STATUS = {
    "pending": "LOGGED_MODEL_PENDING",
    "ready": "LOGGED_MODEL_READY",
    "failed": "LOGGED_MODEL_UPLOAD_FAILED",
}


def number(value: float) -> float | str:
    """Return a float as proto3 JSON writes it."""
    if value != value:
        return "NaN"
    if value == _INFINITY:
        return "Infinity"
    if value == -_INFINITY:
        return "-Infinity"
    return value


def key_values(items: Mapping[str, str]) -> list[Json]:
    """Return a dict as a list of entries."""
    return [{"key": key, "value": value} for key, value in items.items()]


def experiment(e: Experiment) -> Json:
    """Return an experiment."""
    fields: Json = {
        "experiment_id": e.id,
        "name": e.name,
        "artifact_location": experiment_root(e),
        "lifecycle_stage": e.lifecycle,
        "creation_time": e.created_ms,
        "last_update_time": e.updated_ms,
    }
    if e.tags:
        fields["tags"] = key_values(e.tags)
    return fields


def experiment_root(e: Experiment) -> str:
    """Return the URI under which an experiment's artifacts lie."""
    return e.artifact_location or f"{ROOT}/{e.id}"


def run_root(r: Run) -> str:
    """Return the URI under which a run's artifacts lie."""
    return r.artifact_uri or f"{ROOT}/{r.experiment_id}/{r.id}/artifacts"


def model_root(m: LoggedModel) -> str:
    """Return the URI under which a logged model's files lie."""
    return m.artifact_location or f"{ROOT}/{m.experiment_id}/models/{m.id}/artifacts"


def run_info(r: Run) -> Json:
    """Return what is known of a run but what it logged."""
    fields: Json = {
        "run_id": r.id,
        "run_uuid": r.id,
        "run_name": r.name,
        "experiment_id": r.experiment_id,
        "user_id": r.user,
        "status": STATUS_TO_WIRE[r.status],
        "start_time": r.started_ms,
        "artifact_uri": run_root(r),
        "lifecycle_stage": r.lifecycle,
    }
    if r.ended_ms:
        fields["end_time"] = r.ended_ms
    return fields


def run(r: Run) -> Json:
    """Return a run with all that it logged."""
    data: Json = {}
    if r.metrics:
        data["metrics"] = [metric(m) for m in r.metrics.values()]
    if r.params:
        data["params"] = key_values(r.params)
    if r.tags:
        data["tags"] = key_values(r.tags)
    inputs: Json = {}
    if r.datasets:
        inputs["dataset_inputs"] = [dataset_input(d) for d in r.datasets]
    if r.model_inputs:
        inputs["model_inputs"] = [{"model_id": m.model_id} for m in r.model_inputs]
    outputs: Json = {}
    if r.model_outputs:
        outputs["model_outputs"] = [
            {"model_id": m.model_id, "step": m.step} for m in r.model_outputs
        ]
    return {"info": run_info(r), "data": data, "inputs": inputs, "outputs": outputs}


def metric(m: Metric) -> Json:
    """Return one point of a metric."""
    value = m.value
    fields: Json = {
        "key": m.key,
        "value": value if -_INFINITY < value < _INFINITY else number(value),
        "timestamp": m.time_ms,
        "step": m.step,
    }
    if m.model_id:
        fields["model_id"] = m.model_id
    if m.dataset_name:
        fields["dataset_name"] = m.dataset_name
    if m.dataset_digest:
        fields["dataset_digest"] = m.dataset_digest
    if m.run_id:
        fields["run_id"] = m.run_id
    return fields


def metrics_of(run_id: str, points: Iterable[Metric]) -> list[Json]:
    """Return points with the run that logged them, without their links."""
    return [
        {
            "key": m.key,
            "value": number(m.value),
            "timestamp": m.time_ms,
            "step": m.step,
            "run_id": run_id,
        }
        for m in points
    ]


def dataset_input(d: DatasetInput) -> Json:
    """Return a dataset as a run read it."""
    dataset: Json = {
        "name": d.dataset.name,
        "digest": d.dataset.digest,
        "source_type": d.dataset.source_type,
        "source": d.dataset.source,
    }
    if d.dataset.schema:
        dataset["schema"] = d.dataset.schema
    if d.dataset.profile:
        dataset["profile"] = d.dataset.profile
    return {"tags": key_values(d.tags), "dataset": dataset} if d.tags else {"dataset": dataset}


def logged_model(m: LoggedModel) -> Json:
    """Return a logged model."""
    info: Json = {
        "model_id": m.id,
        "experiment_id": m.experiment_id,
        "name": m.name,
        "creation_timestamp_ms": m.created_ms,
        "last_updated_timestamp_ms": m.updated_ms,
        "artifact_uri": model_root(m),
        "status": _MODEL_STATUS[m.status],
        "model_type": m.model_type or "",
        "source_run_id": m.source_run_id or "",
    }
    if m.status_message:
        info["status_message"] = m.status_message
    if m.tags:
        info["tags"] = key_values(m.tags)
    data: Json = {}
    if m.params:
        data["params"] = key_values(m.params)
    if m.metrics:
        data["metrics"] = [metric(point) for point in m.metrics]
    return {"info": info, "data": data}


def registered_model(m: RegisteredModel) -> Json:
    """Return a registered model."""
    fields: Json = {
        "name": m.name,
        "creation_timestamp": m.created_ms,
        "last_updated_timestamp": m.updated_ms,
    }
    if m.description:
        fields["description"] = m.description
    if m.latest:
        fields["latest_versions"] = [model_version(v) for v in m.latest]
    if m.tags:
        fields["tags"] = key_values(m.tags)
    if m.aliases:
        fields["aliases"] = [{"alias": a, "version": str(v)} for a, v in m.aliases.items()]
    return fields


def model_version(v: ModelVersion) -> Json:
    """Return a version of a registered model."""
    fields: Json = {
        "name": v.name,
        "version": str(v.version),
        "creation_timestamp": v.created_ms,
        "last_updated_timestamp": v.updated_ms,
        "description": v.description or "",
        "current_stage": v.stage,
        "source": v.source,
        "run_id": v.run_id or "",
        "run_link": v.run_link or "",
        "status": v.status,
    }
    if v.user is not None:
        fields["user_id"] = v.user
    if v.status_message:
        fields["status_message"] = v.status_message
    if v.tags:
        fields["tags"] = key_values(v.tags)
    if v.aliases:
        fields["aliases"] = list(v.aliases)
    if v.model_id:
        fields["model_id"] = v.model_id
    return fields


def file_info(a: Artifact, path: str) -> Json:
    """Return a file or folder under the path by which the client knows it."""
    fields: Json = {"path": path, "is_dir": a.is_folder}
    if a.size_bytes:
        fields["file_size"] = a.size_bytes
    return fields
