"""Experiments (MLflow's ``service.proto``: CreateExperiment … SearchExperiments)."""

from __future__ import annotations

from typing import ClassVar

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure, missing
from clew.api.mlflow.fields import VIEW_OF, Pair, ViewType, pairs
from clew.api.mlflow.locations import checked_location
from clew.api.mlflow.message import Message, Rules
from clew.api.mlflow.names import (
    check_experiment_name,
    check_experiment_tag,
)
from clew.api.mlflow.protojson import Int64
from clew.api.mlflow.wire import Json
from clew.errors import AlreadyExists

_ID: Rules = {"experiment_id": ("required", "string")}
_MAX_PAGE = 50_000


class Create(Message):
    """CreateExperiment."""

    rules: ClassVar[Rules] = {
        "name": ("required", "string"),
        "artifact_location": ("string",),
        "tags": ("array",),
    }
    name: str = ""
    artifact_location: str | None = None
    tags: list[Pair] = []


class ById(Message):
    """GetExperiment, DeleteExperiment, RestoreExperiment."""

    rules: ClassVar[Rules] = _ID
    experiment_id: str = ""


class ByName(Message):
    """GetExperimentByName."""

    rules: ClassVar[Rules] = {"experiment_name": ("required", "string")}
    experiment_name: str = ""


class Update(Message):
    """UpdateExperiment."""

    rules: ClassVar[Rules] = {**_ID, "new_name": ("string", "required")}
    experiment_id: str = ""
    new_name: str = ""


class SetTag(Message):
    """SetExperimentTag."""

    rules: ClassVar[Rules] = {**_ID, "key": ("required", "string"), "value": ("string",)}
    experiment_id: str = ""
    key: str = ""
    value: str = ""


class DeleteTag(Message):
    """DeleteExperimentTag."""

    rules: ClassVar[Rules] = {**_ID, "key": ("required", "string")}
    experiment_id: str = ""
    key: str = ""


class Search(Message):
    """SearchExperiments."""

    rules: ClassVar[Rules] = {
        "max_results": ("int",),
        "order_by": ("array",),
        "filter": ("string",),
        "page_token": ("string",),
    }
    max_results: Int64 | None = None
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: ViewType | None = None


def create(call: Call, request: Create) -> Json:
    """Add an experiment."""
    location = request.artifact_location
    if location:
        location = checked_location(location)
    check_experiment_name(request.name)
    for tag in request.tags:
        check_experiment_tag(tag.key, tag.value)
    try:
        made = call.stores.experiments.create(
            request.name, artifact_location=location or None, tags=pairs(request.tags)
        )
    except AlreadyExists as error:
        raise Failure(
            f"Experiment(name={request.name}) already exists. Error: {error.message}",
            "RESOURCE_ALREADY_EXISTS",
        ) from None
    return {"experiment_id": made.id}


def get(call: Call, request: ById) -> Json:
    """Return an experiment."""
    found = call.stores.experiments.get(checked_id(request.experiment_id))
    return {"experiment": wire.experiment(found)}


def get_by_name(call: Call, request: ByName) -> Json:
    """Return the experiment of a name."""
    found = call.stores.experiments.by_name(request.experiment_name)
    if found is None:
        raise missing(f"Could not find experiment with name '{request.experiment_name}'")
    return {"experiment": wire.experiment(found)}


def delete(call: Call, request: ById) -> Json:
    """Delete an experiment softly."""
    call.stores.experiments.delete(checked_id(request.experiment_id))
    return {}


def restore(call: Call, request: ById) -> Json:
    """Bring an experiment back."""
    call.stores.experiments.restore(checked_id(request.experiment_id))
    return {}


def update(call: Call, request: Update) -> Json:
    """Rename an experiment."""
    check_experiment_name(request.new_name)
    call.stores.experiments.rename(checked_id(request.experiment_id), request.new_name)
    return {}


def set_tag(call: Call, request: SetTag) -> Json:
    """Set a tag of an experiment."""
    check_experiment_tag(request.key, request.value)
    call.stores.experiments.set_tag(checked_id(request.experiment_id), request.key, request.value)
    return {}


def delete_tag(call: Call, request: DeleteTag) -> Json:
    """Remove a tag of an experiment."""
    call.stores.experiments.delete_tag(checked_id(request.experiment_id), request.key)
    return {}


def search(call: Call, request: Search) -> Json:
    """Return a page of experiments."""
    limit = page_size(request.max_results, _MAX_PAGE)
    page = call.stores.search.experiments(
        filter=request.filter,
        view=VIEW_OF[request.view_type or "ACTIVE_ONLY"],
        order_by=request.order_by,
        limit=limit,
        page_token=request.page_token or None,
    )
    answer: Json = {}
    if page.items:
        answer["experiments"] = [wire.experiment(e) for e in page.items]
    if page.next:
        answer["next_page_token"] = page.next
    return answer


def page_size(max_results: int | None, limit: int) -> int:
    """Return how many a page of a search holds, or refuse the number."""
    number = max_results or 0
    start = f"Invalid value {number} for parameter 'max_results' supplied. It must be"
    if number < 1:
        raise Failure(f"{start} a positive integer")
    if number > limit:
        raise Failure(f"{start} at most {limit}")
    return number


def checked_id(experiment_id: str) -> str:
    """Return an experiment's id as the store knows it; MLflow's are decimal numbers."""
    try:
        return str(int(experiment_id or "0"))
    except ValueError:
        raise Failure(
            f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer."
        ) from None
