"""Where a model version comes from: what MLflow accepts as its source, and what it stands for.

A client names a source as a URI. It must lie within the run or logged model that the client names
beside it, so that nobody registers (and then downloads) files that are none of theirs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import NamedTuple, NoReturn
from urllib.parse import SplitResult, urlsplit

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import Pair
from clew.api.mlflow.locations import (
    is_local,
    is_served,
    is_within,
    local_path,
    refuse_host,
    refuse_relative,
)
from clew.entities import LoggedModel, Run
from clew.errors import ClewError, NotFound

_PROMPT = "mlflow.prompt.is_prompt"
_PLACEHOLDERS = ("dummy-source", "prompt-template")


class Source(NamedTuple):
    """A source that was accepted, with what it says about run and model."""

    uri: str
    run_id: str | None
    model_id: str | None


class ModelUri(NamedTuple):
    """The parts of a ``models:/`` URI."""

    model_id: str | None = None
    name: str = ""
    version: str | None = None
    stage: str | None = None
    alias: str | None = None


def is_prompt(tags: Sequence[Pair]) -> bool:
    """Tell whether tags mark a prompt, which MLflow keeps among the models."""
    return {t.key: t.value for t in tags}.get(_PROMPT, "false").lower() == "true"


def checked(
    call: Call, uri: str, run_id: str | None, model_id: str | None, tags: Sequence[Pair]
) -> Source:
    """Return a source, with the run and the model that it implies.

    Raises
    ------
    Failure
        With MLflow's text, when it is not accepted.
    """
    refuse_host(uri, "source")
    if is_prompt(tags):
        if uri not in _PLACEHOLDERS:
            raise Failure(
                f"Invalid prompt source: '{uri}'. Prompt sources must use an MLflow placeholder."
            )
        return Source(uri, run_id or None, model_id or None)
    source = _through_registry(call, Source(uri, run_id, model_id))
    if source.model_id:
        _check_model(call, source.uri, source.model_id)
    else:
        _check_run(call, source.uri, source.run_id)
    if source.model_id and not source.run_id:
        made_by = call.stores.models.get(source.model_id).source_run_id
        return Source(source.uri, made_by, source.model_id)
    return Source(source.uri, source.run_id or None, source.model_id or None)


def storage(call: Call, uri: str) -> str:
    """Return where the files of a version with this source lie."""
    for _ in range(100):  # A version of a version …
        if not uri.startswith("models:"):
            return uri
        parsed = _model_uri(uri)
        if parsed.model_id is not None:
            try:
                return wire.model_root(call.stores.models.get(parsed.model_id))
            except NotFound:
                return uri
        uri = call.stores.versions.get(parsed.name, _version(call, parsed)).source
    raise Failure(f"Invalid model version source: '{uri}'.")


def _through_registry(call: Call, source: Source) -> Source:
    """Follow a source that is another version."""
    parts = _split(source.uri)
    if parts.scheme != "models":
        return source
    if parts.netloc:
        raise Failure(
            f"Invalid model version source: '{source.uri}'. Registered model sources must use the "
            "active model registry."
        )
    parsed = _model_uri(source.uri)
    if parsed.model_id is not None:
        return source
    model = call.stores.registered.get(parsed.name)
    if model.tags.get(_PROMPT, "false").lower() == "true":
        raise Failure(
            f"Invalid model version source: '{source.uri}'. Prompt versions cannot be used as "
            "model version sources."
        )
    version = call.stores.versions.get(parsed.name, _version(call, parsed))
    for given, known in ((source.run_id, version.run_id), (source.model_id, version.model_id)):
        if given is not None and given != (known or ""):
            raise Failure(
                f"Invalid model version source: '{source.uri}'. The run_id and model_id request "
                "parameters must match the referenced model version."
            )
    return Source(
        f"models:/{parsed.name}/{version.version}",
        version.run_id if source.run_id is None else source.run_id,
        version.model_id if source.model_id is None else source.model_id,
    )


def _check_run(call: Call, uri: str, run_id: str | None) -> None:
    if is_local(uri):
        if run_id and _local_within(uri, wire.run_root(_run(call, run_id, uri))):
            return
        _refuse_local(uri, "run_id", "run specified by the run_id")
    refuse_relative(uri)
    parts = _split(uri)
    if parts.scheme == "runs":
        if not parts.netloc and run_id and parts.path.lstrip("/").split("/")[0] == run_id:
            return
        _refuse(uri, "run_id")
    if parts.scheme == "models" and (parts.netloc or _model_uri(uri).model_id is not None):
        _refuse(uri, "model_id")
    if is_served(uri):
        if run_id and is_within(uri, wire.run_root(_run(call, run_id, uri))):
            return
        _refuse(uri, "run_id")


def _check_model(call: Call, uri: str, model_id: str) -> None:
    if is_local(uri):
        if _local_within(uri, wire.model_root(_model(call, model_id, uri))):
            return
        _refuse_local(uri, "model_id", "run specified by the model_id")
    refuse_relative(uri)
    parts = _split(uri)
    if parts.scheme == "models":
        named = _model_uri(uri).model_id
        if parts.netloc or (named is not None and named != model_id):
            _refuse(uri, "model_id")
        return
    if parts.scheme == "runs":
        _refuse(uri, "model_id")
    if is_served(uri) and not is_within(uri, wire.model_root(_model(call, model_id, uri))):
        _refuse(uri, "model_id")


def _local_within(uri: str, root: str) -> bool:
    """Tell whether a local path lies under a local root, by their texts alone."""
    if not is_local(root):
        return False
    path = posixpath.normpath(local_path(uri))
    base = posixpath.normpath(local_path(root))
    return path == base or path.startswith(base.rstrip("/") + "/")


def _refuse(uri: str, field: str) -> NoReturn:
    raise Failure(
        f"Invalid model version source: '{uri}'. The {field} request parameter must "
        "identify the resource that contains the source."
    )


def _refuse_local(uri: str, field: str, owner: str) -> NoReturn:
    raise Failure(
        f"Invalid model version source: '{uri}'. To use a local path as a model version "
        f"source, the {field} request parameter has to be specified and the local path has to be "
        f"contained within the artifact directory of the {owner}."
    )


def _run(call: Call, run_id: str, uri: str) -> Run:
    try:
        return call.stores.runs.get(run_id)
    except NotFound:
        _refuse(uri, "run_id")


def _model(call: Call, model_id: str, uri: str) -> LoggedModel:
    try:
        return call.stores.models.get(model_id)
    except NotFound:
        _refuse(uri, "model_id")


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError:
        raise Failure(f"Invalid model version source: '{uri}'.") from None


def _model_uri(uri: str) -> ModelUri:
    parts = _split(uri).path.lstrip("/").split("/")
    if not parts[0].strip() or len(parts) > 2 or (len(parts) == 2 and not parts[1].strip()):
        _refuse(uri, "model_id")
    if len(parts) == 2:
        name, suffix = parts
        if suffix.isdecimal():
            return ModelUri(name=name, version=suffix)
        return ModelUri(name=name, stage=None if suffix.lower() == "latest" else suffix)
    name, at, alias = parts[0].rpartition("@")
    return ModelUri(name=name, alias=alias) if at else ModelUri(model_id=parts[0])


def _version(call: Call, parsed: ModelUri) -> int:
    """Return the number of the version that a URI names by number, alias or stage."""
    if parsed.version is not None:
        return int(parsed.version)
    if parsed.alias is not None:
        return call.stores.aliases.version(parsed.name, parsed.alias).version
    try:
        found = call.stores.aliases.latest(
            parsed.name, () if parsed.stage is None else (parsed.stage,)
        )
    except ClewError as error:
        raise Failure(error.message) from None
    if not found:
        of_stage = "" if parsed.stage is None else f" and stage '{parsed.stage}'"
        raise Failure(f"No versions of model with name '{parsed.name}'{of_stage} found")
    return max(version.version for version in found)
