"""Traces, in the two versions of their protocol.

The server keeps what a trace is about; its spans are a file that the client writes beside it (the
tag ``mlflow.artifactLocation`` says where), as with MLflow's stores that keep no spans.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from clew.api.mlflow import traceinfo, tracesearch, wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.clock import now_ms
from clew.api.mlflow.experiments import checked_id
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import Pair, pairs
from clew.api.mlflow.message import Message, Rules, at_most
from clew.api.mlflow.names import check_length, check_name
from clew.api.mlflow.protojson import Int32, Int64
from clew.api.mlflow.wire import Json
from clew.entities import Trace
from clew.errors import NotFound

_LOCATION = "mlflow.artifactLocation"
_SYSTEM_TAGS = frozenset(
    (
        _LOCATION,
        "mlflow.trace.spansLocation",
        "mlflow.trace.archiveLocation",
        "mlflow.trace.archivalFailure",
    )
)
_SOURCE_RUN = "mlflow.sourceRun"
_MAX_PAGE = 500

TraceStatus = Annotated[
    Literal["TRACE_STATUS_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"],
    msgspec.Meta(
        extra={"numbers": {0: "TRACE_STATUS_UNSPECIFIED", 1: "OK", 2: "ERROR", 3: "IN_PROGRESS"}}
    ),
]


class Start(Message):
    """StartTraceV3."""

    rules: ClassVar[Rules] = {"trace": ("required",)}
    trace: Any = None


class ById(Message):
    """GetTraceInfoV3."""

    trace_id: str = ""


class GetFull(Message):
    """GetTrace."""

    rules: ClassVar[Rules] = {"trace_id": ("required", "string"), "allow_partial": ("bool",)}
    trace_id: str = ""
    allow_partial: bool = False


class Batch(Message):
    """BatchGetTraces, BatchGetTraceInfos."""

    rules: ClassVar[Rules] = {"trace_ids": ("required", "array", "strings")}
    trace_ids: list[str] | None = None
    experiment_ids: list[str] = []


class SetTag(Message):
    """SetTraceTagV3."""

    rules: ClassVar[Rules] = {"key": ("string", "required"), "value": ("string",)}
    trace_id: str = ""
    key: str = ""
    value: str = ""


class DeleteTag(Message):
    """DeleteTraceTagV3."""

    rules: ClassVar[Rules] = {"key": ("string", "required")}
    trace_id: str = ""
    key: str = ""


class Delete(Message):
    """DeleteTraces."""

    rules: ClassVar[Rules] = {
        "experiment_id": ("required", "string"),
        "max_timestamp_millis": ("int",),
        "max_traces": ("int",),
        "request_ids": ("array", "strings"),
    }
    experiment_id: str = ""
    max_timestamp_millis: Int64 | None = None
    max_traces: Int32 | None = None
    request_ids: list[str] = []


class Link(Message):
    """LinkTracesToRun."""

    rules: ClassVar[Rules] = {
        "trace_ids": ("required", "array", "strings"),
        "run_id": ("required", "string"),
    }
    trace_ids: list[str] | None = None
    run_id: str = ""


class Search(Message):
    """SearchTracesV3."""

    rules: ClassVar[Rules] = {
        "locations": ("required", "array"),
        "filter": ("string",),
        "max_results": ("int", at_most(_MAX_PAGE)),
        "order_by": ("array", "strings"),
        "page_token": ("string",),
    }
    locations: list[Any] | None = None
    filter: str = ""
    max_results: Annotated[int, msgspec.Meta(ge=-(2**31), le=_MAX_PAGE)] = 100
    order_by: list[str] = []
    page_token: str = ""


class StartV2(Message):
    """StartTrace."""

    rules: ClassVar[Rules] = {"experiment_id": ("string",), "timestamp_ms": ("int",)}
    experiment_id: str = ""
    timestamp_ms: Int64 = 0
    request_metadata: list[Pair] = []
    tags: list[Pair] = []


class EndV2(Message):
    """EndTrace."""

    rules: ClassVar[Rules] = {"timestamp_ms": ("int",)}
    request_id: str = ""
    timestamp_ms: Int64 = 0
    status: TraceStatus | None = None
    request_metadata: list[Pair] = []
    tags: list[Pair] = []


class ByRequest(Message):
    """GetTraceInfo."""

    request_id: str = ""


class SetTagV2(Message):
    """SetTraceTag."""

    rules: ClassVar[Rules] = SetTag.rules
    request_id: str = ""
    key: str = ""
    value: str = ""


class DeleteTagV2(Message):
    """DeleteTraceTag."""

    rules: ClassVar[Rules] = DeleteTag.rules
    request_id: str = ""
    key: str = ""


class SearchV2(Message):
    """SearchTraces."""

    rules: ClassVar[Rules] = {
        "experiment_ids": ("required", "array", "strings"),
        "filter": ("string",),
        "max_results": ("int", at_most(_MAX_PAGE)),
        "order_by": ("array", "strings"),
        "page_token": ("string",),
    }
    experiment_ids: list[str] | None = None
    filter: str = ""
    max_results: Annotated[int, msgspec.Meta(ge=-(2**31), le=_MAX_PAGE)] = 100
    order_by: list[str] = []
    page_token: str = ""


def start(call: Call, request: Start) -> Json:
    """Keep a trace."""
    trace = traceinfo.read(request.trace)
    kept = _with_location(call, trace)
    try:
        known = traceinfo.unpacked(call.stores.traces.get(trace.id))
    except NotFound:
        known = {}
    # A run that was linked before the trace came (clients send traces later).
    run_id = known.get("trace_metadata", {}).get(_SOURCE_RUN)
    if run_id and _SOURCE_RUN not in traceinfo.unpacked(kept)["trace_metadata"]:
        kept = traceinfo.with_metadata(kept, {_SOURCE_RUN: run_id})
    call.stores.traces.put(kept)
    return {"trace": {"trace_info": traceinfo.v3(kept)}}


def info(call: Call, request: ById) -> Json:
    """Return a trace without its spans."""
    return {"trace": {"trace_info": traceinfo.v3(_get(call, request.trace_id))}}


def get(call: Call, request: GetFull) -> Json:
    """Refuse a trace with its spans: they are a file of it, which clients load."""
    _get(call, request.trace_id)
    raise Failure(
        "This server keeps the spans of a trace as its artifact 'traces.json'.",
        "NOT_IMPLEMENTED",
    )


def batch(call: Call, request: Batch) -> Json:
    """Return no trace: none has its spans in the store (clients then load the files)."""
    return {}


def batch_infos(call: Call, request: Batch) -> Json:
    """Return several traces without their spans; those that are not there are left out."""
    within = {checked_id(id) for id in request.experiment_ids}
    found = []
    for id in request.trace_ids or ():
        try:
            trace = call.stores.traces.get(id)
        except NotFound:
            continue
        if not within or trace.experiment_id in within:
            found.append(traceinfo.v3(trace))
    return {"trace_infos": found} if found else {}


def set_tag(call: Call, request: SetTag) -> Json:
    """Set a tag."""
    return _set_tag(call, request.trace_id, request.key, request.value)


def set_tag_v2(call: Call, request: SetTagV2) -> Json:
    """Set a tag."""
    return _set_tag(call, request.request_id, request.key, request.value)


def delete_tag(call: Call, request: DeleteTag) -> Json:
    """Remove a tag."""
    return _delete_tag(call, request.trace_id, request.key)


def delete_tag_v2(call: Call, request: DeleteTagV2) -> Json:
    """Remove a tag."""
    return _delete_tag(call, request.request_id, request.key)


def delete(call: Call, request: Delete) -> Json:
    """Remove traces by id, or the oldest."""
    until, ids, most = request.max_timestamp_millis, request.request_ids, request.max_traces
    if until is None and not ids:
        raise Failure("Either `max_timestamp_millis` or `trace_ids` must be specified.")
    if until is not None and ids:
        raise Failure("Only one of `max_timestamp_millis` and `trace_ids` can be specified.")
    if ids and most is not None:
        raise Failure("`max_traces` can't be specified if `trace_ids` is specified.")
    if most is not None and most <= 0:
        raise Failure(f"`max_traces` must be a positive integer, received {most}.")
    deleted = call.stores.traces.delete(
        checked_id(request.experiment_id), ids=ids, until_ms=until, limit=most
    )
    return {"traces_deleted": deleted}


def link_to_run(call: Call, request: Link) -> Json:
    """Say that traces belong to a run."""
    ids = request.trace_ids or []
    if len(ids) > 100:
        raise Failure(
            f"Cannot link more than 100 traces to a run in a single request. Provided {len(ids)} "
            "traces."
        )
    run = call.stores.runs.get(request.run_id)
    for id in ids:
        try:
            trace = _get(call, id)
        except NotFound:
            traceinfo.check_id(id)
            trace = _with_location(
                call,
                Trace(
                    id=id,
                    experiment_id=run.experiment_id,
                    started_ms=now_ms(),
                    state="IN_PROGRESS",
                ),
            )
        call.stores.traces.put(traceinfo.with_metadata(trace, {_SOURCE_RUN: request.run_id}))
    return {}


def search(call: Call, request: Search) -> Json:
    """Return a page of traces."""
    ids = []
    for place in request.locations or ():
        id = traceinfo.experiment_of(place)
        if id is not None:
            ids.append(checked_id(id))
    page, token = tracesearch.page(
        call, ids, request.filter, request.order_by, request.max_results, request.page_token
    )
    answer: Json = {"traces": [traceinfo.v3(t) for t in page]} if page else {}
    return {**answer, "next_page_token": token} if token else answer


def search_v2(call: Call, request: SearchV2) -> Json:
    """Return a page of traces, as old clients know them."""
    ids = [checked_id(id) for id in request.experiment_ids or ()]
    page, token = tracesearch.page(
        call, ids, request.filter, request.order_by, request.max_results, request.page_token
    )
    answer: Json = {"traces": [traceinfo.v2(t) for t in page]} if page else {}
    return {**answer, "next_page_token": token} if token else answer


def start_v2(call: Call, request: StartV2) -> Json:
    """Start a trace of an old client."""
    trace = Trace(
        id=f"tr-{secrets.token_hex(16)}",
        experiment_id=checked_id(request.experiment_id),
        started_ms=request.timestamp_ms or now_ms(),
        state="IN_PROGRESS",
        info=traceinfo.packed({"trace_metadata": pairs(request.request_metadata)}),
        tags=pairs(request.tags),
    )
    kept = _with_location(call, trace)
    call.stores.traces.put(kept)
    return {"trace_info": traceinfo.v2(kept)}


def end_v2(call: Call, request: EndV2) -> Json:
    """End a trace of an old client."""
    trace = _get(call, request.request_id)
    trace = traceinfo.with_metadata(trace, pairs(request.request_metadata))
    given = {k: v for k, v in pairs(request.tags).items() if k not in _SYSTEM_TAGS}
    ended = msgspec.structs.replace(
        trace,
        state=request.status or "STATE_UNSPECIFIED",
        duration_ms=max(0, request.timestamp_ms - trace.started_ms),
        tags={**trace.tags, **given},
    )
    call.stores.traces.put(ended)
    return {"trace_info": traceinfo.v2(ended)}


def info_v2(call: Call, request: ByRequest) -> Json:
    """Return a trace as old clients know it."""
    return {"trace_info": traceinfo.v2(_get(call, request.request_id))}


def _get(call: Call, id: str) -> Trace:
    return call.stores.traces.get(id)


def _with_location(call: Call, trace: Trace) -> Trace:
    """Return a trace with the tag that says where its spans are to be written."""
    experiment = call.stores.experiments.get(checked_id(trace.experiment_id))
    if experiment.lifecycle != "active":
        raise Failure(
            f"The experiment {experiment.id} must be in the 'active' state. "
            f"Current state is {experiment.lifecycle}."
        )
    tags = {k: v for k, v in trace.tags.items() if k not in _SYSTEM_TAGS}
    root = wire.experiment_root(experiment).rstrip("/")
    tags[_LOCATION] = f"{root}/traces/{trace.id}/artifacts"
    return msgspec.structs.replace(trace, experiment_id=experiment.id, tags=tags)


def _set_tag(call: Call, id: str, key: str, value: str) -> Json:
    if key in _SYSTEM_TAGS:
        raise Failure(f"Tag '{key}' is immutable and cannot be set on a trace.")
    check_name(key, "key")
    check_length("key", 250, key)
    call.stores.traces.set_tag(id, key, value[:8000])
    return {}


def _delete_tag(call: Call, id: str, key: str) -> Json:
    if key in _SYSTEM_TAGS:
        raise Failure(f"Tag '{key}' is immutable and cannot be deleted on a trace.")
    call.stores.traces.delete_tag(id, key)
    return {}
