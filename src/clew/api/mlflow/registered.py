"""Registered models and their aliases (``model_registry.proto``)."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import Pair, pairs
from clew.api.mlflow.message import Message, Rules, at_most
from clew.api.mlflow.names import (
    check_alias,
    check_alias_is_free,
    check_model_name,
    check_name,
    check_registry_tag,
    version_number,
)
from clew.api.mlflow.wire import Json
from clew.errors import AlreadyExists

_NAME: Rules = {"name": ("string", "required")}
_MAX_PAGE = 1000


class Create(Message):
    """CreateRegisteredModel."""

    rules: ClassVar[Rules] = {**_NAME, "tags": ("array",), "description": ("string",)}
    name: str = ""
    tags: list[Pair] = []
    description: str | None = None
    deployment_job_id: str | None = None


class ByName(Message):
    """GetRegisteredModel, DeleteRegisteredModel."""

    rules: ClassVar[Rules] = _NAME
    name: str = ""


class Update(Message):
    """UpdateRegisteredModel."""

    rules: ClassVar[Rules] = {**_NAME, "description": ("string",)}
    name: str = ""
    description: str | None = None
    deployment_job_id: str | None = None


class Rename(Message):
    """RenameRegisteredModel."""

    rules: ClassVar[Rules] = {**_NAME, "new_name": ("string", "required")}
    name: str = ""
    new_name: str = ""


class Search(Message):
    """SearchRegisteredModels."""

    rules: ClassVar[Rules] = {
        "filter": ("string",),
        "max_results": ("int", at_most(_MAX_PAGE)),
        "order_by": ("array", "strings"),
        "page_token": ("string",),
    }
    filter: str = ""
    max_results: Annotated[int, msgspec.Meta(ge=-(2**63), le=_MAX_PAGE)] = 100
    order_by: list[str] = []
    page_token: str = ""


class Latest(Message):
    """GetLatestVersions."""

    rules: ClassVar[Rules] = {**_NAME, "stages": ("array", "strings")}
    name: str = ""
    stages: list[str] = []


class SetTag(Message):
    """SetRegisteredModelTag."""

    rules: ClassVar[Rules] = {**_NAME, "key": ("string", "required"), "value": ("string",)}
    name: str = ""
    key: str = ""
    value: str = ""


class DeleteTag(Message):
    """DeleteRegisteredModelTag."""

    rules: ClassVar[Rules] = {**_NAME, "key": ("string", "required")}
    name: str = ""
    key: str = ""


class SetAlias(Message):
    """SetRegisteredModelAlias."""

    rules: ClassVar[Rules] = {
        **_NAME,
        "alias": ("string", "required"),
        "version": ("string", "required"),
    }
    name: str = ""
    alias: str = ""
    version: str = ""


class ByAlias(Message):
    """DeleteRegisteredModelAlias, GetModelVersionByAlias."""

    rules: ClassVar[Rules] = {**_NAME, "alias": ("string", "required")}
    name: str = ""
    alias: str = ""


def create(call: Call, request: Create) -> Json:
    """Add a name."""
    check_model_name(request.name)
    for tag in request.tags:
        check_registry_tag(tag.key, tag.value)
    try:
        made = call.stores.registered.create(
            request.name, description=request.description or None, tags=pairs(request.tags)
        )
    except AlreadyExists:
        raise Failure(
            f"Registered Model (name={request.name}) already exists.", "RESOURCE_ALREADY_EXISTS"
        ) from None
    return {"registered_model": wire.registered_model(made)}


def get(call: Call, request: ByName) -> Json:
    """Return a registered model."""
    check_model_name(request.name)
    return _model(call, request.name)


def update(call: Call, request: Update) -> Json:
    """Replace the description."""
    check_model_name(request.name)
    changed = call.stores.registered.update(
        request.name, description=request.description or "", actor=call.actor
    )
    return {"registered_model": wire.registered_model(changed)}


def rename(call: Call, request: Rename) -> Json:
    """Give another name."""
    check_model_name(request.new_name, "new_name")
    check_model_name(request.name)
    try:
        changed = call.stores.registered.rename(request.name, request.new_name, actor=call.actor)
    except AlreadyExists as error:
        raise Failure(
            f"Registered Model (name={request.new_name}) already exists. Error: {error.message}",
            "RESOURCE_ALREADY_EXISTS",
        ) from None
    return {"registered_model": wire.registered_model(changed)}


def delete(call: Call, request: ByName) -> Json:
    """Remove a name with its versions."""
    check_model_name(request.name)
    call.stores.registered.delete(request.name, actor=call.actor)
    return {}


def search(call: Call, request: Search) -> Json:
    """Return a page of registered models."""
    if request.max_results < 1:
        raise Failure(
            "Invalid value for request parameter max_results. It must be a positive integer, "
            f"but got value {request.max_results}"
        )
    page = call.stores.registered.search(
        filter=request.filter,
        order_by=request.order_by,
        limit=request.max_results,
        page_token=request.page_token or None,
    )
    answer: Json = {}
    if page.items:
        answer["registered_models"] = [wire.registered_model(m) for m in page.items]
    if page.next:
        answer["next_page_token"] = page.next
    return answer


def latest(call: Call, request: Latest) -> Json:
    """Return the highest version of each stage."""
    check_model_name(request.name)
    found = call.stores.aliases.latest(request.name, request.stages)
    return {"model_versions": [wire.model_version(v) for v in found]} if found else {}


def set_tag(call: Call, request: SetTag) -> Json:
    """Set a tag."""
    check_model_name(request.name)
    check_registry_tag(request.key, request.value)
    call.stores.registered.set_tag(request.name, request.key, request.value)
    return {}


def delete_tag(call: Call, request: DeleteTag) -> Json:
    """Remove a tag."""
    check_model_name(request.name)
    check_name(request.key, "key")
    call.stores.registered.delete_tag(request.name, request.key)
    return {}


def set_alias(call: Call, request: SetAlias) -> Json:
    """Point an alias to a version."""
    check_model_name(request.name)
    check_alias(request.alias)
    check_alias_is_free(request.alias)
    number = version_number(request.version)
    call.stores.aliases.set(request.name, request.alias, number, actor=call.actor)
    return {}


def delete_alias(call: Call, request: ByAlias) -> Json:
    """Remove an alias."""
    check_model_name(request.name)
    check_alias(request.alias)
    call.stores.aliases.delete(request.name, request.alias, actor=call.actor)
    return {}


def by_alias(call: Call, request: ByAlias) -> Json:
    """Return the version that an alias points to."""
    check_model_name(request.name)
    check_alias(request.alias)
    found = call.stores.aliases.version(request.name, request.alias)
    return {"model_version": wire.model_version(found)}


def _model(call: Call, name: str) -> Json:
    found = call.stores.registered.get(name)
    return {"registered_model": wire.registered_model(found)}
