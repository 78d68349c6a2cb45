"""The other forms of requests: plain rows, MLflow's scoring protocol, feedback."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from clew.errors import InvalidParameter
from clew.serve.hosted import Answered, Answering
from clew.serve.journal import Prediction
from clew.serve.signature import Signature


class Rows(msgspec.Struct, forbid_unknown_fields=True):
    """Rows as people write them, and what a policy may want to know of the request."""

    rows: list[Any]
    context: dict[str, Any] = {}


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """Feedback to one prediction."""

    id: str
    truth: Any = None
    reward: float | None = None
    note: str = ""


class Feedback(msgspec.Struct, forbid_unknown_fields=True):
    """Feedback to several predictions."""

    feedback: list[Told]


class Repository(msgspec.Struct):
    """What a request to the repository extension says."""

    ready: bool = False
    parameters: dict[str, Any] = {}


_rows = msgspec.json.Decoder(Rows).decode
_feedback = msgspec.json.Decoder(Feedback).decode
_repository = msgspec.json.Decoder(Repository).decode


def plain_rows(body: bytes) -> Rows:
    """Return the rows of ``{"rows": […]}``."""
    found: Rows = _decoded(_rows, body, '{"rows": [{column: value, …}, …]}')
    return found


def plain_answer(hosted: Answering, answers: Sequence[Answered]) -> dict[str, Any]:
    """Return predictions as people read them."""
    return {
        "model": hosted.name,
        "version": hosted.version,
        "predictions": [
            {
                "id": a.id,
                "prediction": a.prediction,
                "probabilities": a.probabilities,
                **_told_of(a),
            }
            for a in answers
        ],
    }


def _told_of(answer: Answered) -> dict[str, Any]:
    """Return what a deployment says of one answer: who gave it, how sure, who was late."""
    decision = answer.decision
    if decision is None:
        return {}
    told: dict[str, Any] = {
        "version": answer.version,
        "confidence": answer.confidence,
        "policy": decision.policy,
        "arms": decision.arms,
    }
    if decision.late:
        told["late"] = decision.late
    if decision.note:
        told["note"] = decision.note
    return told


def decision_of(answers: Sequence[Answered]) -> dict[str, str]:
    """Return the same of all answers as the protocol's parameters, which are plain texts."""
    decisions = list({id(a.decision): a.decision for a in answers if a.decision}.values())

    def listed(names: Iterable[str]) -> str:
        return ",".join(dict.fromkeys(names))

    told = {
        "policy": listed(one.policy for one in decisions),
        "arms": listed(arm for one in decisions for arm in one.arms),
        "late": listed(arm for one in decisions for arm in one.late),
        "note": "; ".join(dict.fromkeys(one.note for one in decisions if one.note)),
    }
    return {name: text for name, text in told.items() if text}


def feedback_of(body: bytes) -> list[Told]:
    """Return the feedback in a request.

    Raises
    ------
    InvalidParameter
        When one names no prediction, or neither a truth nor a reward within 0 and 1.
    """
    found: Feedback = _decoded(_feedback, body, '{"feedback": [{"id", "truth" or "reward"}]}')
    for one in found.feedback:
        if one.truth is None and one.reward is None:
            raise InvalidParameter(
                f"feedback to {one.id[:40]!r} says nothing", expected="truth or reward"
            )
        if one.reward is not None and not 0 <= one.reward <= 1:
            raise InvalidParameter("a reward", got=str(one.reward), expected="0 to 1")
    return found.feedback


def repository_of(body: bytes) -> Repository:
    """Return what a request to the repository says; an empty body says nothing."""
    found: Repository = _decoded(_repository, body or b"{}", '{"ready"} or {"parameters"}')
    return found


def mlflow_rows(body: bytes, media: str, signature: Signature) -> list[Any]:
    """Return the rows of a request to ``/invocations``.

    ``dataframe_split``, ``dataframe_records``, ``instances`` and ``inputs`` in JSON, and CSV with a
    header, as MLflow's model server takes them (mlflow.pyfunc.scoring_server).
    """
    if media.split(";")[0].strip() == "text/csv":
        return _csv_rows(body, signature)
    content = _decoded(msgspec.json.decode, body, "JSON")
    if not isinstance(content, dict):
        raise InvalidParameter("the request is no object", expected=_MLFLOW)
    for form, read in _FORMS.items():
        if form in content:
            return read(content[form], signature)
    raise InvalidParameter("no rows", got=", ".join(map(str, content))[:200], expected=_MLFLOW)


_MLFLOW = "one of dataframe_split, dataframe_records, instances, inputs"


def _split(given: Any, signature: Signature) -> list[Any]:
    if not isinstance(given, dict) or not isinstance(given.get("data"), list):
        raise InvalidParameter("dataframe_split", expected='{"columns": […], "data": [[…]]}')
    if not signature.is_frame:
        return list(given["data"])
    names = given.get("columns") or [column.name for column in signature.columns]
    return [_named(names, row) for row in given["data"]]


def _records(given: Any, signature: Signature) -> list[Any]:
    if not isinstance(given, list):
        raise InvalidParameter("dataframe_records", expected="a list of rows")
    return given


def _inputs(given: Any, signature: Signature) -> list[Any]:
    """Return the rows of columns by name, or of a list."""
    if isinstance(given, dict):
        if not all(isinstance(values, list) for values in given.values()):
            return [given]
        if len({len(values) for values in given.values()}) > 1:
            raise InvalidParameter("inputs", expected="columns of one length")
        return [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
    if not isinstance(given, list):
        raise InvalidParameter("inputs", expected="rows, or columns by name")
    names = [column.name for column in signature.columns]
    return [_named(names, row) if names and isinstance(row, list) else row for row in given]


_FORMS = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _inputs,
    "inputs": _inputs,
}


def _named(names: Any, row: Any) -> dict[str, Any]:
    if not isinstance(names, list) or not isinstance(row, list) or len(names) != len(row):
        raise InvalidParameter(
            "a row and its columns do not fit", got=str(row)[:80], expected=str(names)[:200]
        )
    if not all(type(name) is str for name in names):
        raise InvalidParameter("names of columns", got=str(names)[:200], expected="texts")
    made = dict(zip(names, row, strict=True))
    if len(made) < len(names):
        raise InvalidParameter("a column is there twice", got=str(names)[:200])
    return made


def _csv_rows(body: bytes, signature: Signature) -> list[Any]:
    try:
        table = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidParameter("the body is no CSV", got=str(error)) from None
    kinds = {column.name: column.kind for column in signature.columns}
    head, *lines = table or [[]]
    rows = []
    for line in lines:
        named = _named(head, line)
        rows.append({name: _typed(text, kinds.get(name)) for name, text in named.items()})
    return rows if signature.is_frame else [list(row.values()) for row in rows]


def _typed(text: str, kind: str | None) -> Any:
    if text == "":
        return None
    if kind in (None, "text"):
        return text if kind else _number(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    return _number(text)


def _number(text: str) -> Any:
    try:
        return int(text) if text.lstrip("-").isdigit() and len(text) < 19 else float(text)
    except ValueError:
        return text


def prediction_of(found: Prediction) -> dict[str, Any]:
    """Return a kept prediction as plain data."""
    feedback = [
        {"id": f.id, "time_ms": f.time_ms, "truth": f.truth, "reward": f.reward, "note": f.note}
        for f in found.feedback
    ]
    decision = None if found.decision is None else msgspec.structs.asdict(found.decision)
    return {**dataclasses.asdict(found), "feedback": feedback, "decision": decision}


def _decoded(decode: Any, body: bytes, expected: str) -> Any:
    try:
        return decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidParameter(
            "the request is not understood", got=str(error)[:300], expected=expected
        ) from None
