"""Assessments of traces: feedback and expectations, kept within the trace."""

from __future__ import annotations

import re
import secrets
from typing import Any, ClassVar

import msgspec

from clew.api.mlflow import traceinfo
from clew.api.mlflow.call import Call
from clew.api.mlflow.clock import now_ms, stamp
from clew.api.mlflow.failure import Failure, missing
from clew.api.mlflow.message import Message, Rules
from clew.api.mlflow.wire import Json, encode

_MASK = re.compile(r"(?<=[a-z])([A-Z])")
_UPDATABLE = ("assessment_name", "expectation", "feedback", "rationale", "metadata", "valid")
_GIVEN = (*_UPDATABLE, "source", "span_id", "overrides")


class Create(Message):
    """CreateAssessment."""

    rules: ClassVar[Rules] = {"assessment": ("required",)}
    trace_id: str = ""
    assessment: Any = None


class ById(Message):
    """GetAssessment, DeleteAssessment."""

    trace_id: str = ""
    assessment_id: str = ""


class Update(Message):
    """UpdateAssessment."""

    rules: ClassVar[Rules] = {"assessment": ("required",), "update_mask": ("required", "string")}
    trace_id: str = ""
    assessment_id: str = ""
    assessment: Any = None
    update_mask: str = ""


def create(call: Call, request: Create) -> Json:
    """Add an assessment; one that overrides another makes that invalid."""
    trace = call.stores.traces.get(request.trace_id)
    new = _fields(request.assessment)
    if not new.get("assessment_name"):
        raise Failure("Missing value for required parameter 'assessment.assessment_name'.")
    if "feedback" not in new and "expectation" not in new:
        raise Failure("Invalid request: an assessment holds feedback or an expectation.")
    now = stamp(now_ms())
    new = {
        "assessment_id": f"a-{secrets.token_hex(16)}",
        "trace_id": trace.id,
        **new,
        "create_time": now,
        "last_update_time": now,
        "valid": True,
    }
    info = traceinfo.unpacked(trace)
    kept = info.setdefault("assessments", [])
    if new.get("overrides"):
        _find(kept, trace.id, new["overrides"])["valid"] = False
    kept.append(new)
    call.stores.traces.put(msgspec.structs.replace(trace, info=traceinfo.packed(info)))
    return {"assessment": new}


def get(call: Call, request: ById) -> Json:
    """Return an assessment."""
    trace = call.stores.traces.get(request.trace_id)
    kept = traceinfo.unpacked(trace).get("assessments", [])
    return {"assessment": _find(kept, trace.id, request.assessment_id)}


def update(call: Call, request: Update) -> Json:
    """Change the fields that the mask names."""
    trace = call.stores.traces.get(request.trace_id)
    info = traceinfo.unpacked(trace)
    one = _find(info.get("assessments", []), trace.id, request.assessment_id)
    new = _fields(request.assessment)
    for path in request.update_mask.split(","):
        name = _MASK.sub(lambda m: "_" + m[1].lower(), path.strip())
        if name in _UPDATABLE and name in new:
            one[name] = new[name]
    one["last_update_time"] = stamp(now_ms())
    call.stores.traces.put(msgspec.structs.replace(trace, info=traceinfo.packed(info)))
    return {"assessment": one}


def delete(call: Call, request: ById) -> Json:
    """Remove an assessment; what it overrode is valid again."""
    trace = call.stores.traces.get(request.trace_id)
    info = traceinfo.unpacked(trace)
    kept = info.get("assessments", [])
    one = _find(kept, trace.id, request.assessment_id)
    kept.remove(one)
    for other in kept:
        if other.get("assessment_id") == one.get("overrides"):
            other["valid"] = True
    call.stores.traces.put(msgspec.structs.replace(trace, info=traceinfo.packed(info)))
    return {}


def _find(kept: list[Json], trace_id: str, id: str) -> Json:
    for one in kept:
        if one.get("assessment_id") == id:
            return one
    raise missing(f"Assessment with ID '{id}' not found for trace '{trace_id}'")


def _fields(given: object) -> Json:
    if not isinstance(given, dict):
        raise Failure("Invalid request: Failed to parse assessment field: expected an object.")
    fields = {}
    for name in _GIVEN:
        value = traceinfo.field(given, name)
        if value is not None:
            fields[name] = value
    expectation = fields.get("expectation")
    if isinstance(expectation, dict) and isinstance(expectation.get("value"), dict | list):
        text = encode(expectation["value"]).decode()
        fields["expectation"] = {
            "serialized_value": {"serialization_format": "JSON_FORMAT", "value": text}
        }
    try:
        traceinfo.packed(fields).encode()
    except UnicodeEncodeError:
        raise Failure("Invalid request: the assessment is not valid Unicode.") from None
    return fields
