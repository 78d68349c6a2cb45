"""A trace in MLflow's two versions of it, and in the store's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from clew.api.mlflow.clock import duration, now_ms, parsed_duration, parsed_stamp, stamp
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.protojson import camel
from clew.api.mlflow.wire import Json, key_values
from clew.entities import Trace

_ID = re.compile(r"[^\x00-\x1f/]{1,250}")
_STATES = {0: "STATE_UNSPECIFIED", 1: "OK", 2: "ERROR", 3: "IN_PROGRESS"}
_TEXTS = ("client_request_id", "request_preview", "response_preview")


def read(given: object) -> Trace:
    """Return the trace that a client sent.

    Raises
    ------
    Failure
        When a field has no value that MLflow accepts.
    """
    given = _object(given, "trace")
    info = _object(field(given, "trace_info") or {}, "trace.trace_info")
    id = field(info, "trace_id")
    id = check_id(id)
    extra: Json = {}
    for name in _TEXTS:
        text = field(info, name)
        if text is not None:
            extra[name] = _text(text, name)
    extra["trace_metadata"] = _map(field(info, "trace_metadata") or {}, "trace_metadata")
    assessments = field(info, "assessments")
    if isinstance(assessments, list) and all(isinstance(a, dict) for a in assessments):
        extra["assessments"] = assessments
    began = field(info, "request_time")
    took = field(info, "execution_duration")
    state = field(info, "state")
    return Trace(
        id=id,
        experiment_id=experiment_of(field(info, "trace_location")) or "0",
        started_ms=now_ms() if began is None else parsed_stamp(began, "request_time"),
        state=_state(state),
        duration_ms=None if took is None else parsed_duration(took, "execution_duration"),
        info=packed(extra),
        tags=_map(field(info, "tags") or {}, "tags"),
    )


def check_id(id: object) -> str:
    """Return a trace's id, or refuse what cannot be one."""
    if not isinstance(id, str) or _ID.fullmatch(id) is None or not _is_text(id):
        raise Failure("Missing value for required parameter 'trace.trace_info.trace_id'.")
    return id


def v3(trace: Trace) -> Json:
    """Return a trace as today's clients know it."""
    info = unpacked(trace)
    answer: Json = {
        "trace_id": trace.id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": trace.experiment_id},
        },
        "request_time": stamp(trace.started_ms),
        "state": trace.state,
    }
    for name in _TEXTS:
        if name in info:
            answer[name] = info[name]
    if trace.duration_ms is not None:
        answer["execution_duration"] = duration(trace.duration_ms)
    if info.get("trace_metadata"):
        answer["trace_metadata"] = info["trace_metadata"]
    if trace.tags:
        answer["tags"] = trace.tags
    if info.get("assessments"):
        answer["assessments"] = info["assessments"]
    return answer


def v2(trace: Trace) -> Json:
    """Return a trace as old clients know it."""
    answer: Json = {
        "request_id": trace.id,
        "experiment_id": trace.experiment_id,
        "timestamp_ms": trace.started_ms,
        "execution_time_ms": trace.duration_ms or 0,
        "status": trace.state if trace.state != "STATE_UNSPECIFIED" else "TRACE_STATUS_UNSPECIFIED",
    }
    metadata = unpacked(trace).get("trace_metadata")
    if metadata:
        answer["request_metadata"] = key_values(metadata)
    if trace.tags:
        answer["tags"] = key_values(trace.tags)
    return answer


def with_metadata(trace: Trace, more: Mapping[str, str]) -> Trace:
    """Return a trace with more metadata."""
    info = unpacked(trace)
    info["trace_metadata"] = {**info.get("trace_metadata", {}), **more}
    return msgspec.structs.replace(trace, info=packed(info))


def packed(info: Json) -> str:
    """Return what the store keeps as it is."""
    return json.dumps(info, ensure_ascii=False, separators=(",", ":"))


def unpacked(trace: Trace) -> Json:
    """Return what the store kept as it was."""
    info = json.loads(trace.info)
    return info if isinstance(info, dict) else {}


def experiment_of(place: object) -> str | None:
    """Return the experiment that a location names; None for one of another kind."""
    if not isinstance(place, dict):
        return None
    inner = field(place, "mlflow_experiment")
    id = field(inner, "experiment_id") if isinstance(inner, dict) else None
    return id if isinstance(id, str) else None


def field(given: Mapping[str, Any], name: str) -> Any:
    """Return a field, by either of its spellings."""
    value = given.get(name)
    return given.get(camel(name)) if value is None else value


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Failure(f"Invalid request: Failed to parse {name} field: expected an object.")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not _is_text(value):
        raise Failure(f"Invalid request: Failed to parse {name} field: expected a string.")
    return value


def _map(value: object, name: str) -> dict[str, str]:
    return {_text(k, name): _text(v, name) for k, v in _object(value, name).items()}


def _state(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value in _STATES:
        return _STATES[value]
    return value if isinstance(value, str) and value in _STATES.values() else _STATES[0]
