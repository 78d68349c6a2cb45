# ruff: noqa: E501 — calls are long
"""Damaged requests are refused in MLflow's shape; nothing breaks, and nothing leaves its folder."""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest

from clew.api.mlflow import app
from clew.api.mlflow.routes import Table
from clew.app.tracking import Tracking
from tests.api.mlflow.asgi import Client

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 1e308, "", " ", "x",
    "\0", "\ud800", "é" * 300, "x" * 10_000, "../..", "/", "..%2f..", "NaN", "Infinity", "-1", "1e5",
    [], {}, [[]], [None], [{}], {"key": None}, {"a": {"b": {"c": []}}}, ["x"] * 200, "' OR 1=1 --",
    "metrics.m > 'x'", "tags.`a", "params.p = 'x' and", "a" * 70_000, "%", "`", "'", "models:/",
    "models://h/x", "http://[", "runs:/", "file:///etc/passwd", "mlflow-artifacts:/../..",
]  # fmt: skip


@pytest.fixture
def calls(client: Client, experiment: str, run: str) -> list[tuple[str, str, Any, Any]]:
    """Return calls that succeed: method, path, body, query."""
    model = client.post(f"{API}/logged-models", {"experiment_id": experiment, "name": "m"})
    model_id = model["model"]["info"]["model_id"]
    client.post(f"{API}/registered-models/create", {"name": "reg"})
    trace = {
        "trace_id": "tr-1",
        "trace_location": {"mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2025-04-15T08:49:18.699Z",
        "execution_duration": "1.5s",
        "state": "OK",
        "trace_metadata": {"a": "b"},
        "tags": {"t": "v"},
    }
    pair = [{"key": "k", "value": "v"}]
    metric = {"key": "m", "value": 0.5, "timestamp": 1, "step": 2, "model_id": model_id}
    dataset = {"name": "d", "digest": "x", "source_type": "l", "source": "s"}
    version = {"name": "reg", "version": "1"}
    place = {"locations": [trace["trace_location"]], "filter": "status = 'OK'", "max_results": 5}
    posts: list[tuple[str, Any]] = [
        ("experiments/create", {"name": "n", "artifact_location": "s3://b", "tags": pair}),
        ("experiments/search", {"max_results": 5, "filter": "name = 'e'", "order_by": ["name"]}),
        ("experiments/set-experiment-tag", {"experiment_id": experiment, "key": "k", "value": "v"}),
        ("experiments/update", {"experiment_id": experiment, "new_name": "e2"}),
        ("experiments/search-datasets", {"experiment_ids": [experiment]}),
        ("runs/create", {"experiment_id": experiment, "start_time": 5, "tags": pair}),
        ("runs/update", {"run_id": run, "status": "FINISHED", "end_time": 9, "run_name": "x"}),
        ("runs/log-metric", {"run_id": run, **metric}),
        ("runs/log-parameter", {"run_id": run, "key": "p", "value": "1"}),
        ("runs/set-tag", {"run_id": run, "key": "t", "value": "1"}),
        ("runs/delete-tag", {"run_id": run, "key": "t"}),
        ("runs/log-batch", {"run_id": run, "metrics": [metric], "params": pair, "tags": pair}),
        ("runs/log-model", {"run_id": run, "model_json": '{"artifact_path":"a"}'}),
        ("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": dataset, "tags": pair}]}),
        ("runs/outputs", {"run_id": run, "models": [{"model_id": model_id, "step": 1}]}),
        ("runs/search", {
            "experiment_ids": [experiment],
            "filter": "metrics.m > 0.1 and params.p = '1' and tags.t LIKE '%a%'",
            "order_by": ["metrics.m DESC", "params.p"], "max_results": 3, "run_view_type": "ALL",
        }),
        ("logged-models", {"experiment_id": experiment, "name": "m", "params": pair, "tags": pair}),
        ("logged-models/search", {
            "experiment_ids": [experiment], "filter": "metrics.m > 0",
            "order_by": [{"field_name": "metrics.m", "ascending": True}],
            "datasets": [{"dataset_name": "d", "dataset_digest": "x"}], "max_results": 3,
        }),
        (f"logged-models/{model_id}/params", {"model_id": model_id, "params": pair}),
        ("registered-models/create", {"name": "r2", "description": "d", "tags": pair}),
        ("registered-models/rename", {"name": "r2", "new_name": "r3"}),
        ("registered-models/set-tag", {"name": "reg", "key": "k", "value": "v"}),
        ("registered-models/alias", {"name": "reg", "alias": "a", "version": "1"}),
        ("registered-models/get-latest-versions", {"name": "reg", "stages": ["None"]}),
        ("model-versions/create", {"name": "reg", "source": f"models:/{model_id}", "model_id": model_id}),
        ("model-versions/create", {"name": "reg", "source": "models:/reg/1", "run_id": run}),
        ("model-versions/transition-stage", {**version, "stage": "Staging", "archive_existing_versions": True}),
        ("model-versions/set-tag", {**version, "key": "k", "value": "v"}),
        ("traces", {"experiment_id": experiment, "timestamp_ms": 1, "tags": pair}),
        ("traces/delete-traces", {"experiment_id": experiment, "request_ids": ["tr-9"]}),
        ("traces/link-to-run", {"trace_ids": ["tr-1"], "run_id": run}),
    ]  # fmt: skip
    found: list[tuple[str, str, Any, Any]] = [("POST", f"{API}/{p}", b, None) for p, b in posts]
    found += [
        ("POST", "/api/3.0/mlflow/traces", {"trace": {"trace_info": trace}}, None),
        ("POST", "/api/3.0/mlflow/traces/search", place, None),
        ("POST", "/api/3.0/mlflow/traces/tr-1/assessments", {"assessment": {"assessment_name": "a", "feedback": {"value": 1}}}, None),
        ("PATCH", "/api/3.0/mlflow/traces/tr-1/tags", {"key": "a", "value": "b"}, None),
        ("PATCH", f"{API}/logged-models/{model_id}", {"model_id": model_id, "status": "LOGGED_MODEL_READY"}, None),
        ("PATCH", f"{API}/model-versions/update", {**version, "description": "d"}, None),
        ("DELETE", f"{API}/model-versions/delete-tag", {**version, "key": "k"}, None),
        ("GET", f"{API}/experiments/get", None, {"experiment_id": experiment}),
        ("GET", f"{API}/runs/get", None, {"run_id": run}),
        ("GET", f"{API}/artifacts/list", None, {"run_id": run, "path": "a"}),
        ("GET", f"{API}/metrics/get-history", None, {"run_id": run, "metric_key": "m", "max_results": 2, "page_token": "x"}),
        ("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", None, {"run_id": [run], "metric_key": "m", "max_results": "7"}),
        ("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", None, {"run_ids": [run], "metric_key": "m", "start_step": 0, "end_step": 5}),
        ("GET", f"{API}/registered-models/search", None, {"filter": "name='reg'", "max_results": 5, "order_by": ["name ASC"]}),
        ("GET", f"{API}/model-versions/search", None, {"filter": "name='reg'", "max_results": 5}),
        ("GET", f"{API}/model-versions/get-download-uri", None, version),
        ("GET", "/get-artifact", None, {"run_id": run, "path": "a.txt"}),
        ("GET", "/model-versions/get-artifact", None, {**version, "path": "a.txt"}),
        ("GET", PROXY, None, {"path": f"{experiment}/{run}/artifacts"}),
        ("PUT", f"{PROXY}/{experiment}/{run}/artifacts/a/b.txt", b"data", None),
        ("GET", f"{PROXY}/{experiment}/{run}/artifacts/a/b.txt", None, None),
        ("DELETE", f"{PROXY}/{experiment}/{run}/artifacts/a/zz.txt", None, None),
    ]  # fmt: skip
    return found


def damaged(value: Any, draw: random.Random, depth: int = 0) -> Any:
    """Return a JSON value with one thing in it changed."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        copy = dict(value)
        key = draw.choice(list(copy))
        roll = draw.random()
        if roll < 0.15:
            del copy[key]
        elif roll < 0.25:
            copy[draw.choice(["zz", "runId", "run_uuid", "experimentIds", key.title()])] = copy[key]
        else:
            copy[key] = damaged(copy[key], draw, depth + 1)
        return copy
    if isinstance(value, list) and value and draw.random() < 0.7:
        copy = list(value)
        at = draw.randrange(len(copy))
        copy[at] = damaged(copy[at], draw, depth + 1)
        return copy * draw.choice([1, 1, 1, 2, 60])
    if isinstance(value, str) and value and draw.random() < 0.4:
        at = draw.randrange(len(value))
        return (
            value[:at]
            + draw.choice(["'", "`", "\0", "/", "..", "%", "é", " ", "(", '"'])
            + value[at:]
        )
    return draw.choice(ODD)


async def send(
    server: Any, method: str, path: bytes, query: bytes, body: bytes, kind: bytes
) -> tuple[int, bytes]:
    status, got = 0, bytearray()
    left = [body]

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(), "more_body": False}

    async def take(event: dict[str, Any]) -> None:
        nonlocal status
        status = event.get("status", status)
        got.extend(event.get("body", b""))

    scope = {
        "type": "http",
        "method": method,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "headers": [(b"content-type", kind)] if kind else [],
    }
    await server(scope, receive, take)
    return status, bytes(got)


def encoded(value: Any, draw: random.Random) -> bytes:
    try:
        body = json.dumps(value).encode()
    except UnicodeEncodeError:
        return b"{}"
    roll = draw.random()
    if roll < 0.04:
        at = draw.randrange(len(body) + 1)
        return body[:at]
    if roll < 0.08:
        at = draw.randrange(len(body) + 1)
        return body[:at] + bytes([draw.randrange(256)]) + body[at:]
    if roll < 0.1:
        return b"[" * 20_000 + body
    return body


def words(query: dict[str, Any], draw: random.Random) -> bytes:
    flat = damaged(query, draw) if draw.random() < 0.9 else query
    if not isinstance(flat, dict):
        return str(flat).encode("utf-8", "replace")
    pairs = {
        k: [str(i) for i in v] if isinstance(v, list) else str(v)[:3000] for k, v in flat.items()
    }
    return urlencode(pairs, doseq=True, errors="replace").encode()


async def bombard(server: Any, calls: list[Any], count: int, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(count):
        method, path, body, query = draw.choice(calls)
        raw = quote(path).encode()
        if draw.random() < 0.15:
            parts = path.split("/")
            at = draw.randrange(1, len(parts))
            parts[at] = str(draw.choice(ODD))[:200]
            raw = quote("/".join(parts), safe="/%", errors="replace").encode()
        if draw.random() < 0.03:
            method = draw.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
        sent = body if isinstance(body, bytes) else b""
        if not isinstance(body, bytes) and body is not None:
            sent = encoded(damaged(body, draw), draw)
        kind = b"application/json" if draw.random() < 0.97 else draw.choice([b"", b"text/plain"])
        asked = words(query, draw) if query else b""
        status, answer = await send(server, method, raw, asked, sent, kind)
        shown = (method, raw[:300], asked[:300], sent[:400], status, answer[:300])
        assert status in (200, 206, 304, 400, 404, 405, 413, 416, 501), shown
        if status >= 400 and status != 416:
            assert json.loads(answer)["error_code"], shown


def files_of(folder: Path) -> set[str]:
    return {os.path.join(at, name) for at, _, names in os.walk(folder) for name in names}


def test_damaged_requests(client: Client, calls: list[Any], tmp_path: Path) -> None:
    asyncio.run(bombard(client.app, calls, 1500, 0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_many_damaged_requests(
    client: Client, calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    store = Path(os.environ["CLEW_STORE"])
    outside = files_of(store.parent) - files_of(store)
    monkeypatch.chdir(tmp_path)
    asyncio.run(bombard(client.app, calls, 25_000, seed + 1))
    assert files_of(tmp_path) == set()
    assert files_of(store.parent) - files_of(store) == outside


def test_calls_that_succeed_do(client: Client, calls: list[Any], tracking: Tracking) -> None:
    """What is damaged above was whole before (but for what needs something that is not there)."""
    bad = []
    for method, path, body, query in calls:
        json_body = body if not isinstance(body, bytes) else None
        raw = body if isinstance(body, bytes) else None
        answer = client(method, path, json_body, body=raw, query=query)
        if answer.status != 200:
            bad.append((path, answer.json["message"]))
    assert len(bad) < 14, bad
    assert len(list(Table().paths())) > 80
    assert app(tracking) is not client.app
