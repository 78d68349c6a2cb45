"""Logged models (``service.proto``: CreateLoggedModel … LogLoggedModelParamsRequest)."""

from __future__ import annotations

from typing import Any, ClassVar

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.experiments import checked_id
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import ModelStatusName, Pair, pairs
from clew.api.mlflow.message import Message, Rules
from clew.api.mlflow.names import check_logged_model_name
from clew.api.mlflow.protojson import Int32
from clew.api.mlflow.wire import Json
from clew.errors import InvalidState

_MODEL: Rules = {"model_id": ("string", "required")}
_MAX_PAGE = 1000
_STATUS: dict[str, Any] = {
    "LOGGED_MODEL_STATUS_UNSPECIFIED": "pending",
    "LOGGED_MODEL_PENDING": "pending",
    "LOGGED_MODEL_READY": "ready",
    "LOGGED_MODEL_UPLOAD_FAILED": "failed",
}


class Create(Message):
    """CreateLoggedModel."""

    rules: ClassVar[Rules] = {
        "experiment_id": ("string", "required"),
        "name": ("string",),
        "model_type": ("string",),
        "source_run_id": ("string",),
        "params": ("array",),
        "tags": ("array",),
    }
    experiment_id: str = ""
    name: str = ""
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Pair] = []
    tags: list[Pair] = []


class ById(Message):
    """DeleteLoggedModel."""

    rules: ClassVar[Rules] = _MODEL
    model_id: str = ""


class Get(Message):
    """GetLoggedModel."""

    rules: ClassVar[Rules] = _MODEL
    model_id: str = ""
    allow_deleted: bool = False


class Finalize(Message):
    """FinalizeLoggedModel."""

    rules: ClassVar[Rules] = {**_MODEL, "status": ("required",)}
    model_id: str = ""
    status: ModelStatusName | None = None


class SetTags(Message):
    """SetLoggedModelTags."""

    rules: ClassVar[Rules] = {"tags": ("array",)}
    model_id: str = ""
    tags: list[Pair] = []


class DeleteTag(Message):
    """DeleteLoggedModelTag."""

    rules: ClassVar[Rules] = {**_MODEL, "tag_key": ("string", "required")}
    model_id: str = ""
    tag_key: str = ""


class LogParams(Message):
    """LogLoggedModelParamsRequest."""

    rules: ClassVar[Rules] = {**_MODEL, "params": ("array",)}
    model_id: str = ""
    params: list[Pair] = []


class DatasetFilter(Message):
    """SearchLoggedModels.Dataset."""

    dataset_name: str = ""
    dataset_digest: str | None = None


class OrderBy(Message):
    """SearchLoggedModels.OrderBy."""

    field_name: str = ""
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class Search(Message):
    """SearchLoggedModels."""

    rules: ClassVar[Rules] = {
        "experiment_ids": ("required", "array", "strings"),
        "filter": ("string",),
        "datasets": ("array",),
        "max_results": ("int",),
        "order_by": ("array",),
        "page_token": ("string",),
    }
    experiment_ids: list[str] | None = None
    filter: str = ""
    datasets: list[DatasetFilter] = []
    max_results: Int32 = 50
    order_by: list[OrderBy] = []
    page_token: str = ""


def create(call: Call, request: Create) -> Json:
    """Add a pending model."""
    check_logged_model_name(request.name or None)
    try:
        made = call.stores.models.create(
            checked_id(request.experiment_id),
            name=request.name or None,
            model_type=request.model_type or None,
            source_run_id=request.source_run_id or None,
            params=pairs(request.params),
            tags=pairs(request.tags),
        )
    except InvalidState as error:
        raise Failure(error.message) from None
    return {"model": wire.logged_model(made)}


def get(call: Call, request: Get) -> Json:
    """Return a model."""
    found = call.stores.models.get(request.model_id, allow_deleted=request.allow_deleted)
    return {"model": wire.logged_model(found)}


def finalize(call: Call, request: Finalize) -> Json:
    """Say that a model is complete, or failed."""
    status = _STATUS[request.status or "LOGGED_MODEL_STATUS_UNSPECIFIED"]
    changed = call.stores.models.finalize(request.model_id, status)
    return {"model": wire.logged_model(changed)}


def delete(call: Call, request: ById) -> Json:
    """Delete a model softly."""
    call.stores.models.delete(request.model_id)
    return {}


def set_tags(call: Call, request: SetTags) -> Json:
    """Set tags."""
    call.stores.models.set_tags(request.model_id, pairs(request.tags))
    return {}


def delete_tag(call: Call, request: DeleteTag) -> Json:
    """Remove a tag."""
    call.stores.models.delete_tag(request.model_id, request.tag_key)
    return {}


def log_params(call: Call, request: LogParams) -> Json:
    """Add params."""
    call.stores.models.log_params(request.model_id, pairs(request.params))
    return {}


def search(call: Call, request: Search) -> Json:
    """Return a page of models."""
    if any(not d.dataset_name for d in request.datasets):
        raise Failure("`dataset_name` in the `datasets` clause must be specified.")
    limit = request.max_results or 100
    if not 0 < limit <= _MAX_PAGE:
        raise Failure(
            f"Invalid value {limit} for parameter 'max_results' supplied. "
            f"It must be between 1 and {_MAX_PAGE}"
        )
    page = call.stores.search.models(
        [checked_id(id) for id in request.experiment_ids or ()],
        filter=request.filter,
        datasets=[_given(name=d.dataset_name, digest=d.dataset_digest) for d in request.datasets],
        order_by=[
            {
                "field_name": o.field_name,
                "ascending": o.ascending,
                **_given(name=o.dataset_name, digest=o.dataset_digest),
            }
            for o in request.order_by
        ],
        limit=limit,
        page_token=request.page_token or None,
    )
    answer: Json = {}
    if page.items:
        answer["models"] = [wire.logged_model(m) for m in page.items]
    if page.next:
        answer["next_page_token"] = page.next
    return answer


def _given(*, name: str | None, digest: str | None) -> dict[str, str]:
    fields = {"dataset_name": name, "dataset_digest": digest}
    return {key: value for key, value in fields.items() if value}
