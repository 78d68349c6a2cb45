# ruff: noqa: E501 — the texts of MLflow are long
"""Requests are read alike by the quick way and by the long one."""

from __future__ import annotations

import json
import math
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.api.mlflow import routes
from clew.api.mlflow.experiments import Create as CreateExperiment
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.fields import MetricIn
from clew.api.mlflow.logging import LogBatch, LogMetric
from clew.api.mlflow.message import Message, Reader
from clew.api.mlflow.protojson import camel
from clew.api.mlflow.runs import Search, Update
from clew.api.mlflow.traces import Start

KINDS = sorted({row[3] for _, rows in routes._paces() for row in rows}, key=lambda k: str(k))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return JSON that the stock client could send for a field."""
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of(*(values(part) for part in get_args(hint)))
    if hint is type(None):
        return st.none()
    if get_origin(hint) is Annotated:
        core, *metas = get_args(hint)
        if get_origin(core) is Literal:
            return st.sampled_from(get_args(core))
        if core is int:
            return st.integers(metas[0].ge, metas[0].le)
        if core is str:
            return texts.filter(bool)
        return values(core)
    if get_origin(hint) is list:
        return st.lists(values(get_args(hint)[0]), max_size=3)
    if hint is Any:
        return st.dictionaries(texts, texts, max_size=2)
    if isinstance(hint, type) and issubclass(hint, Message):
        return messages(hint)
    return {str: texts, bool: st.booleans(), int: st.integers(-(2**63), 2**63 - 1)}.get(
        hint, st.floats(allow_nan=False, allow_infinity=False)
    )


def messages(kind: type[Message]) -> st.SearchStrategy[dict[str, Any]]:
    hints = get_type_hints(kind, include_extras=True)
    required = {f: values(hints[f]) for f in kind.__struct_fields__ if f not in _optional(kind)}
    optional = {f: values(hints[f]) for f in _optional(kind)}
    return st.fixed_dictionaries(required, optional=optional)


def _optional(kind: type[Message]) -> tuple[str, ...]:
    defaults = len(kind.__struct_defaults__)
    return kind.__struct_fields__[len(kind.__struct_fields__) - defaults :] if defaults else ()


def outcome(read: Any) -> Any:
    try:
        return read()
    except Failure as error:
        return error.message


@given(st.sampled_from(KINDS).flatmap(lambda k: st.tuples(st.just(k), messages(k))))
def test_both_ways_of_reading_agree(case: tuple[type[Message], dict[str, Any]]) -> None:
    kind, raw = case
    reader = Reader(kind)
    quick = outcome(lambda: reader.body(json.dumps(raw).encode(), {}))
    assert quick == outcome(lambda: reader.plain(json.loads(json.dumps(raw)), {}))


@given(st.sampled_from(KINDS).flatmap(lambda k: st.tuples(st.just(k), messages(k))))
def test_camel_case_is_understood(case: tuple[type[Message], dict[str, Any]]) -> None:
    kind, raw = case
    reader = Reader(kind)
    spelt = {camel(key): value for key, value in raw.items()}
    assert outcome(lambda: reader.plain(spelt, {})) == outcome(lambda: reader.plain(raw, {}))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    )
)
def test_any_json_is_read_or_refused(raw: Any) -> None:
    for kind in KINDS[:40]:
        outcome(lambda kind=kind: Reader(kind).plain(raw, {}))


@pytest.mark.parametrize(
    ("sent", "value"),
    [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf), ("1.5", 1.5), (2, 2.0)],
)
def test_floats_may_be_words(sent: Any, value: float) -> None:
    raw = {"run_id": "r", "key": "k", "value": sent, "timestamp": "7"}
    message = Reader(LogMetric).body(json.dumps(raw).encode(), {})
    assert isinstance(message, LogMetric)
    assert message.timestamp == 7
    assert message.value == value or (math.isnan(value) and math.isnan(message.value))


def test_nan_as_python_writes_it() -> None:
    message = Reader(LogMetric).body(b'{"run_id":"r","key":"k","value":NaN,"timestamp":1}', {})
    assert math.isnan(message.value)


def test_enums_by_name_and_number_and_unknown_ones() -> None:
    read = Reader(Update).body
    assert read(b'{"run_id":"r","status":"FINISHED"}', {}).status == "FINISHED"
    assert read(b'{"run_id":"r","status":3}', {}).status == "FINISHED"
    assert read(b'{"run_id":"r","status":"3"}', {}).status == "FINISHED"
    assert read(b'{"run_id":"r","status":"DREAMING"}', {}).status is None


def test_unknown_fields_are_ignored() -> None:
    message = Reader(Search).body(b'{"experiment_ids":["1"],"of_tomorrow":[1]}', {})
    assert message == Search(experiment_ids=["1"])


def test_old_clients_send_text_within_text() -> None:
    body = json.dumps(json.dumps({"name": "n"})).encode()
    assert Reader(CreateExperiment).body(body, {}) == CreateExperiment(name="n")


def test_two_spellings_at_once_are_refused() -> None:
    with pytest.raises(Failure, match="Request specifies both 'run_id' and 'runId'; provide only"):
        Reader(Update).body(b'{"runId":"a","run_id":"b"}', {})


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            {"run_id": 31, "key": "k", "value": 1, "timestamp": 1},
            "Invalid value 31 for parameter 'run_id' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters.",
        ),
        (
            {"run_id": "r", "key": "k", "value": 1, "timestamp": "foo"},
            "Invalid value \"foo\" for parameter 'timestamp' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters.",
        ),
        (
            {"run_id": None, "key": "k", "value": 1, "timestamp": 1},
            "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
        ),
        (
            {"run_id": "r", "value": 1, "timestamp": 1},
            "Missing value for required parameter 'key'. See the API docs for more information about request parameters.",
        ),
    ],
)
def test_texts_are_those_of_mlflow(raw: dict[str, Any], text: str) -> None:
    with pytest.raises(Failure) as caught:
        Reader(LogMetric).body(json.dumps(raw).encode(), {})
    assert caught.value.message == text


def test_elements_of_a_batch_are_named() -> None:
    metrics = [{"key": "a", "value": 1, "timestamp": 1}, {"key": "b", "timestamp": 1}]
    with pytest.raises(Failure, match=r"required parameter 'metrics\[1\]\.value'"):
        Reader(LogBatch).body(json.dumps({"run_id": "r", "metrics": metrics}).encode(), {})
    good = Reader(LogBatch).body(json.dumps({"run_id": "r", "metrics": metrics[:1]}).encode(), {})
    assert good.metrics == [MetricIn(key="a", value=1.0, timestamp=1)]


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(Failure):
        Reader(CreateExperiment).body(b'{"name": "\\ud800"}', {})


def test_text_that_is_no_unicode_is_refused_where_anything_may_stand() -> None:
    with pytest.raises(Failure, match="not valid Unicode"):
        Reader(Start).body(b'{"trace": {"a": ["\\ud800"]}}', {})
    assert json.loads(Failure("it was \ud800").body())["message"] == "it was ?"


def test_deep_nesting_is_refused() -> None:
    body = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(Failure):
        Reader(CreateExperiment).body(body, {})
