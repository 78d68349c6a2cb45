"""Runs: from their start to their end (``service.proto``: CreateRun … SearchRuns)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.experiments import checked_id, page_size
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import VIEW_OF, Pair, RunStatusName, ViewType
from clew.api.mlflow.message import Message, Rules, at_most
from clew.api.mlflow.names import MAX_KEY, MAX_TAG, check_length, check_name
from clew.api.mlflow.protojson import Int64
from clew.api.mlflow.wire import Json
from clew.errors import InvalidState

MAX_SEARCH = 50_000
_RUN_NAME = "mlflow.runName"
_USER = "mlflow.user"
_STATUS: dict[str, Any] = {
    "RUNNING": "running",
    "SCHEDULED": "scheduled",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}


class Create(Message):
    """CreateRun."""

    rules: ClassVar[Rules] = {
        "experiment_id": ("string",),
        "start_time": ("int",),
        "run_name": ("string",),
    }
    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: Int64 = 0
    tags: list[Pair] = []


class Update(Message):
    """UpdateRun."""

    rules: ClassVar[Rules] = {
        "run_id": ("required", "string"),
        "end_time": ("int",),
        "run_name": ("string",),
    }
    run_id: str = ""
    run_uuid: str = ""
    status: RunStatusName | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class ById(Message):
    """DeleteRun, RestoreRun, GetRun."""

    rules: ClassVar[Rules] = {"run_id": ("required", "string")}
    run_id: str = ""
    run_uuid: str = ""


class Search(Message):
    """SearchRuns."""

    rules: ClassVar[Rules] = {
        "experiment_ids": ("array",),
        "filter": ("string",),
        "max_results": ("int", at_most(MAX_SEARCH)),
        "order_by": ("array", "strings"),
    }
    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: ViewType | None = None
    max_results: Annotated[int, msgspec.Meta(ge=-(2**31), le=MAX_SEARCH)] = 1000
    order_by: list[str] = []
    page_token: str = ""


def create(call: Call, request: Create) -> Json:
    """Start a run."""
    tags = {}
    for tag in request.tags:
        check_length("key", MAX_KEY, tag.key)
        check_name(tag.key, "key")
        tags[tag.key] = tag.value[:MAX_TAG]
    tagged = tags.get(_RUN_NAME)
    name = request.run_name or None
    if name and tagged and name != tagged:
        raise Failure(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
            f"different values (run_name='{name}', mlflow.runName='{tagged}')."
        )
    try:
        made = call.stores.runs.create(
            checked_id(request.experiment_id),
            name=name or tagged or None,
            user=request.user_id,
            started_ms=request.start_time or None,
            tags=tags,
        )
    except InvalidState as error:
        raise Failure(error.message) from None
    return {"run": wire.run(made)}


def update(call: Call, request: Update) -> Json:
    """Change a run's status, end or name."""
    changed = call.stores.runs.update(
        request.run_id or request.run_uuid,
        status=None if request.status is None else _STATUS[request.status],
        ended_ms=request.end_time,
        name=request.run_name or None,
    )
    return {"run_info": wire.run_info(changed)}


def delete(call: Call, request: ById) -> Json:
    """Delete a run softly."""
    call.stores.runs.delete(request.run_id or request.run_uuid)
    return {}


def restore(call: Call, request: ById) -> Json:
    """Bring a run back."""
    call.stores.runs.restore(request.run_id or request.run_uuid)
    return {}


def get(call: Call, request: ById) -> Json:
    """Return a run with all that it logged."""
    return {"run": wire.run(call.stores.runs.get(request.run_id or request.run_uuid))}


def search(call: Call, request: Search) -> Json:
    """Return a page of runs."""
    page = call.stores.search.runs(
        [checked_id(id) for id in request.experiment_ids],
        filter=request.filter,
        view=VIEW_OF[request.run_view_type or "ACTIVE_ONLY"],
        order_by=request.order_by,
        limit=page_size(request.max_results, MAX_SEARCH),
        page_token=request.page_token or None,
    )
    answer: Json = {}
    if page.items:
        answer["runs"] = [wire.run(r) for r in page.items]
    if page.next:
        answer["next_page_token"] = page.next
    return answer
