"""Lists of artifacts, by run, by model and by path of the proxy."""

from __future__ import annotations

from typing import ClassVar

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.locations import plain, safe_path
from clew.api.mlflow.message import Message, Rules
from clew.api.mlflow.places import place, within
from clew.api.mlflow.wire import Json


class List(Message):
    """ListArtifacts."""

    rules: ClassVar[Rules] = {
        "run_id": ("required", "string"),
        "path": ("string",),
        "page_token": ("string",),
    }
    run_id: str = ""
    run_uuid: str = ""
    path: str | None = None
    page_token: str = ""


class ListOfModel(Message):
    """ListLoggedModelArtifacts."""

    rules: ClassVar[Rules] = {
        "model_id": ("required", "string"),
        "artifact_directory_path": ("string",),
    }
    model_id: str = ""
    artifact_directory_path: str | None = None
    page_token: str = ""


class ListPath(Message):
    """ListArtifacts of the artifact proxy."""

    path: str | None = None


class Unsupported(Message):
    """Any request about transfers in parts or by signed URLs."""


def list_of_run(call: Call, request: List) -> Json:
    """Return what lies in a folder of a run."""
    path = safe_path(request.path or "")
    run = call.stores.runs.get(request.run_id or request.run_uuid)
    return _list(call, wire.run_root(run), path)


def list_of_model(call: Call, request: ListOfModel) -> Json:
    """Return what lies in a folder of a logged model."""
    path = safe_path(request.artifact_directory_path or "")
    model = call.stores.models.get(request.model_id)
    return _list(call, wire.model_root(model), path)


def list_path(call: Call, request: ListPath) -> Json:
    """Return what lies in a folder, each by its name alone."""
    owner, path = place(safe_path(request.path or ""))
    found = call.stores.artifacts.list(owner, path)
    files = [wire.file_info(a, a.path.rpartition("/")[2]) for a in found]
    return {"files": files} if files else {}


def no_presigned(_call: Call, _request: Unsupported) -> Json:
    """Say that signed URLs of cloud storage are off."""
    raise Failure(
        "Presigned transfers are not supported for proxied artifact storage "
        "(artifact URI scheme: mlflow-artifacts). "
        "This endpoint requires a direct cloud storage artifact URI."
    )


def _list(call: Call, root: str, path: str) -> Json:
    owner, folder = within(root, path)
    found = call.stores.artifacts.list(owner, folder)
    shown = plain(path)
    files = []
    for artifact in found:
        name = artifact.path.rpartition("/")[2]
        files.append(wire.file_info(artifact, f"{shown}/{name}" if shown else name))
    answer: Json = {"root_uri": root}
    if files:
        answer["files"] = files
    return answer
