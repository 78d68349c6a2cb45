"""What runs log (``service.proto``: LogMetric … LogOutputs)."""

from __future__ import annotations

import json
from typing import Annotated, ClassVar

import msgspec

from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import Key, MetricIn, Pair
from clew.api.mlflow.message import Message, Rules, each_has
from clew.api.mlflow.names import (
    MAX_TAG,
    check_batch,
    check_length,
    check_metric,
    check_run_id,
    check_unique_params,
    checked_param,
    checked_tag,
)
from clew.api.mlflow.protojson import Int64
from clew.api.mlflow.wire import Json
from clew.entities import Dataset, DatasetInput, Metric, ModelLink

_MODEL_KEPT = ("artifact_path", "run_id", "utc_time_created", "model_uuid")
_RUN: Rules = {"run_id": ("required", "string")}
_LOGGED_MODELS = "mlflow.log-model.history"
_DATASET_LIMITS = (
    ("name", 500),
    ("digest", 36),
    ("source", 65_535),
    ("schema", 1_048_575),
    ("profile", 16_777_215),
)
_MODEL_FIELDS = ("artifact_path", "flavors", "utc_time_created", "run_id")


class LogMetric(Message):
    """LogMetric."""

    rules: ClassVar[Rules] = {
        **_RUN,
        "key": ("required", "string"),
        "value": ("required", "float"),
        "timestamp": ("required", "int"),
        "step": ("int",),
        "model_id": ("string",),
        "dataset_name": ("string",),
        "dataset_digest": ("string",),
    }
    key: str
    value: float
    timestamp: Int64
    run_id: str = ""
    run_uuid: str = ""
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParam(Message):
    """LogParam, SetTag."""

    rules: ClassVar[Rules] = {**_RUN, "key": ("required", "string"), "value": ("string",)}
    key: str = ""
    value: str = ""
    run_id: str = ""
    run_uuid: str = ""


class DeleteTag(Message):
    """DeleteTag."""

    rules: ClassVar[Rules] = {**_RUN, "key": ("required", "string")}
    run_id: str = ""
    key: str = ""


class LogBatch(Message):
    """LogBatch."""

    rules: ClassVar[Rules] = {
        **_RUN,
        "metrics": ("array", each_has("key", "value", "timestamp")),
        "params": ("array", each_has("key")),
        "tags": ("array", each_has("key")),
    }
    run_id: str = ""
    metrics: list[MetricIn] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class LogModel(Message):
    """LogModel."""

    rules: ClassVar[Rules] = {**_RUN, "model_json": ("string", "required")}
    run_id: str = ""
    model_json: str = ""


class DatasetIn(Message):
    """Dataset."""

    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInputIn(Message):
    """DatasetInput."""

    tags: list[Pair] = []
    dataset: DatasetIn = msgspec.field(default_factory=DatasetIn)


class ModelIn(Message):
    """ModelInput, ModelOutput."""

    model_id: Key
    step: Int64 = 0


class LogInputs(Message):
    """LogInputs."""

    rules: ClassVar[Rules] = {**_RUN, "datasets": ("array",), "models": ("array",)}
    run_id: str = ""
    datasets: list[DatasetInputIn] = []
    models: list[ModelIn] = []


class LogOutputs(Message):
    """LogOutputs."""

    rules: ClassVar[Rules] = {**_RUN, "models": ("required", "array")}
    run_id: str = ""
    models: Annotated[list[ModelIn], msgspec.Meta(min_length=1)] = []


def log_metric(call: Call, request: LogMetric) -> Json:
    """Add a point to a metric."""
    check_metric(request.key, request.timestamp, request.value)
    point = Metric(
        request.key,
        request.value,
        request.timestamp,
        request.step,
        request.model_id or None,
        request.dataset_name or None,
        request.dataset_digest or None,
    )
    call.stores.logging.log(request.run_id or request.run_uuid, metrics=(point,))
    return {}


def log_param(call: Call, request: LogParam) -> Json:
    """Set a param, once and for all."""
    value = checked_param(request.key, request.value)
    call.stores.logging.log(request.run_id or request.run_uuid, params=((request.key, value),))
    return {}


def set_tag(call: Call, request: LogParam) -> Json:
    """Set a tag."""
    value = checked_tag(request.key, request.value)
    call.stores.logging.log(request.run_id or request.run_uuid, tags=((request.key, value),))
    return {}


def delete_tag(call: Call, request: DeleteTag) -> Json:
    """Remove a tag."""
    call.stores.logging.delete_tag(request.run_id, request.key)
    return {}


def log_batch(call: Call, request: LogBatch) -> Json:
    """Log many things at once: all of them, or none."""
    check_run_id(request.run_id)
    points = []
    for index, m in enumerate(request.metrics):
        if m.timestamp < 0 or not _plain(m.key):
            check_metric(m.key, m.timestamp, m.value, f"metrics[{index}]")
        points.append(
            Metric(
                m.key,
                m.value,
                m.timestamp,
                m.step,
                m.model_id or None,
                m.dataset_name or None,
                m.dataset_digest or None,
            )
        )
    params = [
        (p.key, checked_param(p.key, p.value, f"params[{index}]"))
        for index, p in enumerate(request.params)
    ]
    tags = [
        (t.key, checked_tag(t.key, t.value, f"tags[{index}]"))
        for index, t in enumerate(request.tags)
    ]
    check_batch(len(points), len(params), len(tags))
    check_unique_params([key for key, _ in params])
    call.stores.logging.log(request.run_id, metrics=points, params=params, tags=tags)
    return {}


def _plain(key: str) -> bool:
    """Tell quickly that a key needs no closer look (most are words)."""
    return len(key) <= 250 and key.isidentifier()


def log_model(call: Call, request: LogModel) -> Json:
    """Remember a model that an old client logged as files of its run."""
    try:
        model = json.loads(request.model_json)
    except (ValueError, RecursionError):
        raise Failure(
            f"Malformed model info. \n {request.model_json} \n is not a valid JSON."
        ) from None
    if not isinstance(model, dict):
        raise Failure("Malformed model info: it is not a JSON object.")
    absent = {field for field in _MODEL_FIELDS if field not in model}
    if absent:
        raise Failure(f"Model json is missing mandatory fields: {absent}")
    run = call.stores.runs.get(request.run_id)
    try:
        history = json.loads(run.tags.get(_LOGGED_MODELS, "[]"))
    except ValueError:
        history = []
    value = json.dumps([*history, _model_tag(model)])
    check_length("value", MAX_TAG, value)
    call.stores.logging.log(request.run_id, tags=((_LOGGED_MODELS, value),))
    return {}


def _model_tag(model: Json) -> Json:
    """Return what MLflow keeps of a model in the tag."""
    kept = {k: model[k] for k in _MODEL_KEPT if k in model}
    flavors = model.get("flavors")
    kept["flavors"] = {
        name: {k: v for k, v in config.items() if k != "config"}
        if isinstance(config, dict)
        else config
        for name, config in (flavors.items() if isinstance(flavors, dict) else ())
    }
    return kept


def log_inputs(call: Call, request: LogInputs) -> Json:
    """Say what a run read."""
    check_run_id(request.run_id)
    datasets = [_dataset_input(d) for d in request.datasets]
    models = [ModelLink(m.model_id, m.step) for m in request.models]
    call.stores.logging.log_inputs(request.run_id, datasets=datasets, models=models)
    return {}


def log_outputs(call: Call, request: LogOutputs) -> Json:
    """Say which models a run made."""
    models = [ModelLink(m.model_id, m.step) for m in request.models]
    call.stores.logging.log_outputs(request.run_id, models)
    return {}


def _dataset_input(given: DatasetInputIn) -> DatasetInput:
    d = given.dataset
    for field in ("name", "digest", "source_type", "source"):
        if getattr(d, field) is None:
            raise Failure(f"Dataset {field} cannot be None")
    for field, limit in _DATASET_LIMITS:
        check_length(field, limit, getattr(d, field) or "")
    tags = {}
    for tag in given.tags:
        check_length("key", 255, tag.key)
        check_length("value", 500, tag.value)
        tags[tag.key] = tag.value
    return DatasetInput(
        Dataset(
            name=d.name or "",
            digest=d.digest or "",
            source_type=d.source_type or "",
            source=d.source or "",
            schema=d.schema,
            profile=d.profile,
        ),
        tags,
    )
