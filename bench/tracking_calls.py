"""What MLflow's client (3.18) sends, recorded: one call of each kind, on things that are there."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
NOW_MS = 1_700_000_000_000


@dataclass
class Call:
    """One request."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass
class World:
    """Ids of things that the server holds."""

    experiment: str
    run: str
    model: str
    registered: str

    @property
    def files(self) -> str:
        return f"{FILES}/{self.experiment}/{self.run}/artifacts"


def make_world(connection: http.client.HTTPConnection) -> World:
    """Make one of everything."""
    name = f"w{uuid.uuid4().hex[:12]}"
    experiment = ask(connection, post("experiments/create", name=name))["experiment_id"]
    made = ask(connection, post("runs/create", experiment_id=experiment, start_time=NOW_MS))
    run = made["run"]["info"]["run_id"]
    given = post("logged-models", experiment_id=experiment, name="m", source_run_id=run)
    model = ask(connection, given)["model"]["info"]["model_id"]
    ask(connection, post("registered-models/create", name=name))
    ask(connection, post("model-versions/create", name=name, source=f"runs:/{run}/m", run_id=run))
    world = World(experiment, run, model, name)
    ask(connection, Call("PUT", f"{world.files}/a/b.txt", b"hello"))
    ask(connection, metric(world))
    return world


def ask(connection: http.client.HTTPConnection, call: Call) -> Any:
    connection.request(call.method, call.path, call.body, call.headers)
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise RuntimeError(f"{call.method} {call.path}: {response.status} {content[:300]!r}")
    return json.loads(content or b"{}")


def post(path: str, **body: Any) -> Call:
    return Call("POST", API + path, json.dumps(body).encode())


def patch(path: str, **body: Any) -> Call:
    return Call("PATCH", API + path, json.dumps(body).encode())


def delete(path: str, **body: Any) -> Call:
    return Call("DELETE", API + path, json.dumps(body).encode() if body else b"")


def get(path: str, query: str = "") -> Call:
    return Call("GET", API + path + (f"?{query}" if query else ""))


def metric(w: World) -> Call:
    point = {"key": "loss", "value": 0.5, "timestamp": NOW_MS, "step": 3}
    return post("runs/log-metric", run_id=w.run, run_uuid=w.run, **point)


def batch(w: World) -> Call:
    points = [{"key": "loss", "value": i / 3, "timestamp": NOW_MS, "step": i} for i in range(5)]
    pairs = [{"key": "k", "value": "v"}]
    return post("runs/log-batch", run_id=w.run, metrics=points, params=pairs, tags=pairs)


def inputs(w: World) -> Call:
    dataset = {"name": "d", "digest": "x", "source_type": "local", "source": "{}", "schema": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    models = [{"model_id": w.model}]
    read = [{"dataset": dataset, "tags": tags}]
    return post("runs/log-inputs", run_id=w.run, datasets=read, models=models)


def search(w: World) -> Call:
    text = "metrics.loss > 0.1 and params.k = 'v' and tags.k LIKE '%v'"
    order = ["metrics.loss DESC", "attributes.start_time"]
    given = {"filter": text, "order_by": order, "max_results": 5, "run_view_type": "ALL"}
    return post("runs/search", experiment_ids=[w.experiment], **given)


def model_search(w: World) -> Call:
    order = [{"field_name": "metrics.loss", "ascending": False}]
    given = {"filter": "name = 'm'", "order_by": order, "max_results": 5}
    return post("logged-models/search", experiment_ids=[w.experiment], **given)


def version(w: World) -> Call:
    tags = [{"key": "k", "value": "v"}]
    given = {"name": w.registered, "source": f"models:/{w.model}", "tags": tags}
    return post("model-versions/create", run_id=w.run, model_id=w.model, **given)


def stage(w: World) -> Call:
    given = {"name": w.registered, "version": "1", "stage": "Production"}
    return post("model-versions/transition-stage", archive_existing_versions=True, **given)


def trace(w: World) -> Call:
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": w.experiment}}
    info = {"trace_id": "tr-1", "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
    body = {"trace": {"trace_info": {**info, "state": "OK", "tags": {"a": "b"}}}}
    return Call("POST", "/api/3.0/mlflow/traces", json.dumps(body).encode())


CALLS: list[Callable[[World], Call]] = [
    lambda w: post("experiments/create", name="e", tags=[{"key": "a", "value": "b"}]),
    lambda w: get("experiments/get", f"experiment_id={w.experiment}"),
    lambda w: get("experiments/get-by-name", f"experiment_name={w.registered}"),
    lambda w: post("experiments/search", max_results=5, view_type="ALL", filter="name LIKE 'w%'"),
    lambda w: post("experiments/update", experiment_id=w.experiment, new_name="n"),
    lambda w: post("experiments/delete", experiment_id=w.experiment),
    lambda w: post("experiments/restore", experiment_id=w.experiment),
    lambda w: post(
        "experiments/set-experiment-tag", experiment_id=w.experiment, key="a", value="b"
    ),
    lambda w: post("runs/create", experiment_id=w.experiment, start_time=NOW_MS, user_id="u"),
    lambda w: get("runs/get", f"run_id={w.run}&run_uuid={w.run}"),
    lambda w: post("runs/update", run_id=w.run, status="FINISHED", end_time=NOW_MS, run_name="r"),
    lambda w: post("runs/delete", run_id=w.run),
    lambda w: post("runs/restore", run_id=w.run),
    lambda w: post("runs/set-tag", run_id=w.run, key="k", value="v"),
    lambda w: post("runs/delete-tag", run_id=w.run, key="k"),
    lambda w: post("runs/log-parameter", run_id=w.run, key="p", value="1"),
    metric,
    batch,
    inputs,
    lambda w: post("runs/outputs", run_id=w.run, models=[{"model_id": w.model, "step": 1}]),
    search,
    lambda w: get("metrics/get-history", f"run_id={w.run}&metric_key=loss&max_results=10"),
    lambda w: get(
        "metrics/get-history-bulk-interval", f"run_ids={w.run}&metric_key=loss&max_results=10"
    ),
    lambda w: get("artifacts/list", f"run_id={w.run}&path=a"),
    lambda w: post("logged-models", experiment_id=w.experiment, name="m", source_run_id=w.run),
    lambda w: get(f"logged-models/{w.model}"),
    lambda w: patch(f"logged-models/{w.model}", model_id=w.model, status="LOGGED_MODEL_READY"),
    lambda w: patch(f"logged-models/{w.model}/tags", tags=[{"key": "a", "value": "b"}]),
    lambda w: post(f"logged-models/{w.model}/params", params=[{"key": "a", "value": "b"}]),
    lambda w: delete(f"logged-models/{w.model}/tags/a"),
    lambda w: delete(f"logged-models/{w.model}"),
    model_search,
    lambda w: post("registered-models/create", name="r", description="d"),
    lambda w: get("registered-models/get", f"name={w.registered}"),
    lambda w: get("registered-models/search", "filter=name LIKE 'w%25'&max_results=5"),
    lambda w: patch("registered-models/update", name=w.registered, description="d"),
    lambda w: post("registered-models/rename", name=w.registered, new_name="q"),
    lambda w: delete("registered-models/delete", name=w.registered),
    lambda w: post("registered-models/set-tag", name=w.registered, key="k", value="v"),
    lambda w: delete("registered-models/delete-tag", name=w.registered, key="k"),
    lambda w: post("registered-models/alias", name=w.registered, alias="a", version="1"),
    lambda w: get("registered-models/alias", f"name={w.registered}&alias=a"),
    lambda w: delete("registered-models/alias", name=w.registered, alias="a"),
    lambda w: post("registered-models/get-latest-versions", name=w.registered),
    version,
    stage,
    lambda w: get("model-versions/get", f"name={w.registered}&version=1"),
    lambda w: get("model-versions/search", f"filter=name%3D'{w.registered}'&max_results=5"),
    lambda w: get("model-versions/get-download-uri", f"name={w.registered}&version=1"),
    lambda w: patch("model-versions/update", name=w.registered, version="1", description="d"),
    lambda w: delete("model-versions/delete", name=w.registered, version="1"),
    lambda w: post("model-versions/set-tag", name=w.registered, version="1", key="k", value="v"),
    lambda w: delete("model-versions/delete-tag", name=w.registered, version="1", key="k"),
    lambda w: Call("PUT", f"{w.files}/a/c.txt", b"content"),
    lambda w: Call("GET", f"{w.files}/a/b.txt"),
    lambda w: Call("DELETE", f"{w.files}/a/b.txt"),
    lambda w: Call("GET", f"{FILES}?path={w.experiment}/{w.run}/artifacts/a"),
    lambda w: Call("GET", f"/get-artifact?path=a/b.txt&run_uuid={w.run}"),
    lambda w: Call("GET", "/api/3.0/mlflow/server-info"),
    trace,
    lambda w: Call("POST", "/api/3.0/mlflow/traces/search", b'{"locations": [], "max_results": 5}'),
    lambda w: Call("GET", "/api/3.0/mlflow/traces/batchGet?trace_ids=tr-1"),
]
