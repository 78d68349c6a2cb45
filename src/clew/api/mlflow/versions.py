"""Versions of registered models (``model_registry.proto``)."""

from __future__ import annotations

import json
from typing import Annotated, ClassVar

import msgspec

from clew.api.mlflow import sources, wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import Pair, pairs
from clew.api.mlflow.message import Message, Rules, at_most
from clew.api.mlflow.names import (
    check_model_name,
    check_name,
    check_registry_tag,
    version_number,
)
from clew.api.mlflow.wire import Json
from clew.entities import Stage

_VERSION: Rules = {"name": ("string", "required"), "version": ("string", "required")}
_MAX_PAGE = 200_000
_MODEL_VERSIONS = "mlflow.modelVersions"
_STAGES: dict[str, Stage] = {
    "none": "None",
    "staging": "Staging",
    "production": "Production",
    "archived": "Archived",
}


class Create(Message):
    """CreateModelVersion."""

    rules: ClassVar[Rules] = {
        "name": ("string", "required"),
        "source": ("string", "required"),
        "run_id": ("string",),
        "tags": ("array",),
        "run_link": ("string",),
        "description": ("string",),
        "model_id": ("string",),
    }
    name: str = ""
    source: str = ""
    run_id: str | None = None
    tags: list[Pair] = []
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class ById(Message):
    """GetModelVersion, DeleteModelVersion, GetModelVersionDownloadUri."""

    rules: ClassVar[Rules] = _VERSION
    name: str = ""
    version: str = ""


class Update(Message):
    """UpdateModelVersion."""

    rules: ClassVar[Rules] = {**_VERSION, "description": ("string",)}
    name: str = ""
    version: str = ""
    description: str | None = None


class Transition(Message):
    """TransitionModelVersionStage."""

    rules: ClassVar[Rules] = {
        **_VERSION,
        "stage": ("string", "required"),
        "archive_existing_versions": ("bool",),
    }
    name: str = ""
    version: str = ""
    stage: str = ""
    archive_existing_versions: bool = False


class Search(Message):
    """SearchModelVersions."""

    rules: ClassVar[Rules] = {
        "filter": ("string",),
        "max_results": ("int", at_most(_MAX_PAGE)),
        "order_by": ("array", "strings"),
        "page_token": ("string",),
    }
    filter: str = ""
    max_results: Annotated[int, msgspec.Meta(ge=-(2**63), le=_MAX_PAGE)] = _MAX_PAGE
    order_by: list[str] = []
    page_token: str = ""


class SetTag(Message):
    """SetModelVersionTag."""

    rules: ClassVar[Rules] = {**_VERSION, "key": ("string", "required"), "value": ("string",)}
    name: str = ""
    version: str = ""
    key: str = ""
    value: str = ""


class DeleteTag(Message):
    """DeleteModelVersionTag."""

    rules: ClassVar[Rules] = {**_VERSION, "key": ("string", "required")}
    name: str = ""
    version: str = ""
    key: str = ""


def create(call: Call, request: Create) -> Json:
    """Add the next version of a registered model."""
    source = sources.checked(call, request.source, request.run_id, request.model_id, request.tags)
    check_model_name(request.name)
    for tag in request.tags:
        check_registry_tag(tag.key, tag.value)
    made = call.stores.versions.create(
        request.name,
        source.uri,
        run_id=source.run_id,
        run_link=request.run_link or None,
        model_id=source.model_id,
        description=request.description or None,
        tags=pairs(request.tags),
        user=call.actor or None,
    )
    if source.model_id:
        _tell_model(call, source.model_id, made.name, made.version)
    return {"model_version": wire.model_version(made)}


def get(call: Call, request: ById) -> Json:
    """Return a version."""
    name, number = _checked(request.name, request.version)
    return {"model_version": wire.model_version(call.stores.versions.get(name, number))}


def update(call: Call, request: Update) -> Json:
    """Replace the description."""
    name, number = _checked(request.name, request.version)
    changed = call.stores.versions.update(
        name, number, description=request.description, actor=call.actor
    )
    return {"model_version": wire.model_version(changed)}


def delete(call: Call, request: ById) -> Json:
    """Remove a version."""
    name, number = _checked(request.name, request.version)
    call.stores.versions.delete(name, number, actor=call.actor)
    return {}


def transition(call: Call, request: Transition) -> Json:
    """Move a version to a stage."""
    stage = _STAGES.get(request.stage.lower())
    if stage is None:
        raise Failure(
            f"Invalid Model Version stage: {request.stage}. "
            "Value must be one of None, Staging, Production, Archived."
        )
    if request.archive_existing_versions and stage not in ("Staging", "Production"):
        raise Failure(
            "Model version transition cannot archive existing model versions "
            f"because '{request.stage}' is not an Active stage. "
            "Valid stages are ['Staging', 'Production']"
        )
    name, number = _checked(request.name, request.version)
    changed = call.stores.versions.transition(
        name,
        number,
        stage,
        archive_existing=request.archive_existing_versions,
        actor=call.actor,
    )
    return {"model_version": wire.model_version(changed)}


def search(call: Call, request: Search) -> Json:
    """Return a page of versions."""
    if request.max_results < 1:
        raise Failure(
            "Invalid value for max_results. It must be a positive integer,"
            f" but got {request.max_results}"
        )
    page = call.stores.versions.search(
        filter=request.filter,
        order_by=request.order_by,
        limit=request.max_results,
        page_token=request.page_token or None,
    )
    answer: Json = {}
    if page.items:
        answer["model_versions"] = [wire.model_version(v) for v in page.items]
    if page.next:
        answer["next_page_token"] = page.next
    return answer


def download_uri(call: Call, request: ById) -> Json:
    """Return where a version's files lie."""
    name, number = _checked(request.name, request.version)
    return {"artifact_uri": sources.storage(call, call.stores.versions.get(name, number).source)}


def set_tag(call: Call, request: SetTag) -> Json:
    """Set a tag."""
    name, number = _checked(request.name, request.version)
    check_registry_tag(request.key, request.value)
    call.stores.versions.set_tag(name, number, request.key, request.value)
    return {}


def delete_tag(call: Call, request: DeleteTag) -> Json:
    """Remove a tag."""
    name, number = _checked(request.name, request.version)
    check_name(request.key, "key")
    call.stores.versions.delete_tag(name, number, request.key)
    return {}


def _checked(name: str, version: str) -> tuple[str, int]:
    check_model_name(name)
    return name, version_number(version)


def _tell_model(call: Call, model_id: str, name: str, version: int) -> None:
    """Add a version to the tag by which MLflow's clients find the versions of a logged model."""
    new = {"name": name, "version": version}
    told = call.stores.models.get(model_id).tags.get(_MODEL_VERSIONS)
    try:
        known = json.loads(told) if told else []
    except ValueError:
        known = []
    if not isinstance(known, list):
        known = []
    if new not in known:
        tags = {_MODEL_VERSIONS: json.dumps([*known, new])}
        call.stores.models.set_tags(model_id, tags)
