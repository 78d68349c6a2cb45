"""Logged models and the registry, call by call."""

from __future__ import annotations

import json

import pytest

from clew.app.tracking import Tracking
from tests.api.mlflow.asgi import Client

API = "/api/2.0/mlflow"


def refused(answer, code: str, text: str, status: int = 400) -> None:
    assert (answer.status, answer.json["error_code"]) == (status, code), answer.body
    assert text in answer.json["message"]


@pytest.fixture
def model(client: Client, experiment: str, run: str) -> str:
    made = client.post(
        f"{API}/logged-models",
        {
            "experiment_id": experiment,
            "name": "m",
            "source_run_id": run,
            "params": [{"key": "a", "value": "1"}],
        },
    )
    return made["model"]["info"]["model_id"]


@pytest.fixture
def name(client: Client) -> str:
    client.post(f"{API}/registered-models/create", {"name": "adult", "description": "income"})
    return "adult"


def test_a_logged_model(client: Client, experiment: str, run: str, model: str) -> None:
    path = f"{API}/logged-models/{model}"
    got = client.get(path)["model"]
    assert got["info"]["artifact_uri"] == f"mlflow-artifacts:/{experiment}/models/{model}/artifacts"
    assert got["info"]["status"] == "LOGGED_MODEL_PENDING"
    assert got["data"] == {"params": [{"key": "a", "value": "1"}]}
    assert client("PATCH", f"{path}/tags", {"tags": [{"key": "x/y", "value": "v"}]}).status == 200
    client.post(f"{path}/params", {"model_id": model, "params": [{"key": "b", "value": "2"}]})
    client.post(f"{API}/runs/outputs", {"run_id": run, "models": [{"model_id": model, "step": 3}]})
    client.post(
        f"{API}/runs/log-metric",
        {
            "run_id": run,
            "key": "auc",
            "value": 0.5,
            "timestamp": 1,
            "model_id": model,
            "dataset_name": "d",
            "dataset_digest": "g",
        },
    )
    done = client("PATCH", path, {"model_id": model, "status": "LOGGED_MODEL_READY"}).json["model"]
    assert done["info"]["status"] == "LOGGED_MODEL_READY"
    assert done["data"]["metrics"][0]["dataset_name"] == "d"
    assert done["data"]["metrics"][0]["run_id"] == run
    outputs = client.get(f"{API}/runs/get", run_id=run)["run"]["outputs"]
    assert outputs == {"model_outputs": [{"model_id": model, "step": 3}]}
    ask = {
        "experiment_ids": [experiment],
        "filter": "metrics.auc > 0.4",
        "order_by": [{"field_name": "metrics.auc", "ascending": False}],
    }
    assert [
        m["info"]["model_id"] for m in client.post(f"{API}/logged-models/search", ask)["models"]
    ] == [model]
    assert client("DELETE", f"{path}/tags/x%2Fy").status == 200
    refused(
        client("DELETE", f"{path}/tags/none"),
        "RESOURCE_DOES_NOT_EXIST",
        "No tag with key 'none' found for model with ID",
        404,
    )
    assert client("DELETE", path).status == 200
    refused(
        client("GET", path),
        "RESOURCE_DOES_NOT_EXIST",
        f"Logged model with ID '{model}' not found.",
        404,
    )
    assert client.get(path, allow_deleted="true")["model"]["info"]["model_id"] == model
    refused(
        client("POST", f"{API}/logged-models", {"experiment_id": experiment, "name": "a/b"}),
        "INVALID_PARAMETER_VALUE",
        "cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
    )


def test_a_registered_model(client: Client, name: str) -> None:
    get = f"{API}/registered-models/get"
    got = client.get(get, name=name)["registered_model"]
    assert (got["name"], got["description"]) == (name, "income")
    client.post(f"{API}/registered-models/set-tag", {"name": name, "key": "k", "value": "v"})
    assert (
        client("DELETE", f"{API}/registered-models/delete-tag", {"name": name, "key": "k"}).status
        == 200
    )
    assert (
        client("DELETE", f"{API}/registered-models/delete-tag", {"name": name, "key": "k"}).status
        == 200
    )
    assert (
        client(
            "PATCH", f"{API}/registered-models/update", {"name": name, "description": "new"}
        ).json["registered_model"]["description"]
        == "new"
    )
    refused(
        client("POST", f"{API}/registered-models/create", {"name": name}),
        "RESOURCE_ALREADY_EXISTS",
        f"Registered Model (name={name}) already exists.",
    )
    client.post(f"{API}/registered-models/rename", {"name": name, "new_name": "income"})
    refused(
        client("GET", get, query={"name": name}),
        "RESOURCE_DOES_NOT_EXIST",
        f"Registered Model with name={name} not found",
        404,
    )
    assert (
        client.get(f"{API}/registered-models/search", filter="name LIKE 'inc%'")[
            "registered_models"
        ][0]["name"]
        == "income"
    )
    refused(
        client("GET", f"{API}/registered-models/search", query={"max_results": 1001}),
        "INVALID_PARAMETER_VALUE",
        "Invalid value \"1001\" for parameter 'max_results' supplied",
    )
    assert client("DELETE", f"{API}/registered-models/delete", {"name": "income"}).status == 200
    assert client.get(f"{API}/registered-models/search") == {}


def test_a_policy_of_gates_holds_for_aliases_and_stages(
    client: Client, name: str, model: str
) -> None:
    source = {"name": name, "source": f"models:/{model}", "model_id": model}
    client.post(f"{API}/model-versions/create", source)
    policy = {"name": name, "key": "clew.gates", "value": "quality"}
    client.post(f"{API}/registered-models/set-tag", policy)
    version = {"name": name, "version": "1"}
    for path, body in (
        ("registered-models/alias", {**version, "alias": "champion"}),
        (
            "model-versions/transition-stage",
            {**version, "stage": "Production", "archive_existing_versions": False},
        ),
    ):
        answer = client("POST", f"{API}/{path}", body)
        assert answer.status == 400
        assert "quality: no verdict" in str(answer.body)
    client.post(f"{API}/registered-models/alias", {**version, "alias": "candidate"})


def test_versions_aliases_and_stages(
    client: Client, tracking: Tracking, name: str, model: str, run: str
) -> None:
    create = f"{API}/model-versions/create"
    first = client.post(create, {"name": name, "source": f"models:/{model}", "model_id": model})[
        "model_version"
    ]
    assert (first["version"], first["run_id"], first["status"]) == ("1", run, "READY")
    second = client.post(create, {"name": name, "source": f"runs:/{run}/model", "run_id": run})[
        "model_version"
    ]
    assert second["version"] == "2"
    told = {
        t["key"]: t["value"]
        for t in client.get(f"{API}/logged-models/{model}")["model"]["info"]["tags"]
    }
    assert json.loads(told["mlflow.modelVersions"]) == [{"name": name, "version": 1}]
    client.post(
        f"{API}/registered-models/alias",
        {"name": name, "alias": "champion", "version": "1"},
        actor="ann",
    )
    by = client.get(f"{API}/registered-models/alias", name=name, alias="champion")["model_version"]
    assert (by["version"], by["aliases"]) == ("1", ["champion"])
    assert (
        client.get(f"{API}/registered-models/alias", name=name, alias="latest")["model_version"][
            "version"
        ]
        == "2"
    )
    assert any(e.actor == "ann" for e in tracking.audit.events().items)
    assert (
        client(
            "DELETE", f"{API}/registered-models/alias", {"name": name, "alias": "champion"}
        ).status
        == 200
    )
    refused(
        client("GET", f"{API}/registered-models/alias", query={"name": name, "alias": "champion"}),
        "INVALID_PARAMETER_VALUE",
        "Registered model alias champion not found.",
    )
    move = f"{API}/model-versions/transition-stage"
    client.post(
        move,
        {"name": name, "version": "1", "stage": "production", "archive_existing_versions": False},
    )
    moved = client.post(
        move,
        {"name": name, "version": "2", "stage": "Production", "archive_existing_versions": True},
    )
    assert moved["model_version"]["current_stage"] == "Production"
    latest = client.post(f"{API}/registered-models/get-latest-versions", {"name": name})[
        "model_versions"
    ]
    assert {(v["version"], v["current_stage"]) for v in latest} == {
        ("1", "Archived"),
        ("2", "Production"),
    }
    refused(
        client(
            "POST",
            move,
            {"name": name, "version": "1", "stage": "x", "archive_existing_versions": False},
        ),
        "INVALID_PARAMETER_VALUE",
        "Invalid Model Version stage: x. Value must be one of None, Staging, Production, Archived.",
    )
    client.post(
        f"{API}/model-versions/set-tag", {"name": name, "version": "1", "key": "k", "value": "v"}
    )
    found = client.get(f"{API}/model-versions/search", filter=f"name='{name}' and tags.k = 'v'")[
        "model_versions"
    ]
    assert [v["version"] for v in found] == ["1"]
    assert (
        client("DELETE", f"{API}/model-versions/delete", {"name": name, "version": "1"}).status
        == 200
    )
    refused(
        client("GET", f"{API}/model-versions/get", query={"name": name, "version": "1"}),
        "RESOURCE_DOES_NOT_EXIST",
        f"Model Version (name={name}, version=1) not found",
        404,
    )


def test_where_a_version_lies(client: Client, name: str, model: str, experiment: str) -> None:
    create = f"{API}/model-versions/create"
    client.post(create, {"name": name, "source": f"models:/{model}", "model_id": model})
    copy = client.post(create, {"name": name, "source": f"models:/{name}/1"})["model_version"]
    assert copy["model_id"] == model
    where = client.get(f"{API}/model-versions/get-download-uri", name=name, version="2")
    assert where == {"artifact_uri": f"mlflow-artifacts:/{experiment}/models/{model}/artifacts"}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("/etc", "To use a local path as a model version source, the run_id request parameter"),
        ("file:///etc", "To use a local path as a model version source"),
        ("models:/m-0", "The model_id request parameter must identify the resource"),
        ("mlflow-artifacts:/0/other/artifacts/x", "The run_id request parameter must identify"),
        ("runs:/other/x", "The run_id request parameter must identify the resource"),
        ("s3://b/../../x", "If supplying a source as an http, https"),
        ("http://host/x", "cannot use the 'http' scheme"),
    ],
)
def test_sources_that_are_not_the_clients(
    client: Client, name: str, run: str, source: str, text: str
) -> None:
    body = {"name": name, "source": source, "run_id": run}
    refused(client("POST", f"{API}/model-versions/create", body), "INVALID_PARAMETER_VALUE", text)


def test_traces(client: Client, experiment: str, run: str) -> None:
    info = {
        "trace_id": "tr-1",
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": experiment},
        },
        "request_time": "2025-04-15T08:49:18.699Z",
        "execution_duration": "1.5s",
        "state": "OK",
        "trace_metadata": {"a": "b"},
        "tags": {"t": "v", "mlflow.traceName": "n"},
    }
    made = client.post("/api/3.0/mlflow/traces", {"trace": {"trace_info": info}})["trace"][
        "trace_info"
    ]
    assert made["request_time"] == info["request_time"]
    assert made["execution_duration"] == "1.500s"
    assert (
        made["tags"]["mlflow.artifactLocation"]
        == f"mlflow-artifacts:/{experiment}/traces/tr-1/artifacts"
    )
    assert (
        client("PATCH", "/api/3.0/mlflow/traces/tr-1/tags", {"key": "t", "value": "w"}).status
        == 200
    )
    client.post(f"{API}/traces/link-to-run", {"trace_ids": ["tr-1"], "run_id": run})
    place = {"locations": [info["trace_location"]], "max_results": 10}
    for filter in (
        "status = 'OK'",
        f"attribute.run_id = '{run}'",
        "tags.t = 'w' AND timestamp_ms > 5",
        "name LIKE 'n%'",
        "metadata.a = 'b'",
    ):
        found = client.post("/api/3.0/mlflow/traces/search", {**place, "filter": filter})
        assert [t["trace_id"] for t in found["traces"]] == ["tr-1"], filter
    assert (
        client.post("/api/3.0/mlflow/traces/search", {**place, "filter": "status = 'ERROR'"}) == {}
    )
    refused(
        client("POST", "/api/3.0/mlflow/traces/search", {**place, "filter": "x y z"}),
        "INVALID_PARAMETER_VALUE",
        "Invalid clause(s) in filter string",
    )
    assert client.get(f"{API}/traces/tr-1/info")["trace_info"]["execution_time_ms"] == 1500
    refused(
        client(
            "PATCH",
            "/api/3.0/mlflow/traces/tr-1/tags",
            {"key": "mlflow.artifactLocation", "value": "w"},
        ),
        "INVALID_PARAMETER_VALUE",
        "is immutable and cannot be set on a trace.",
    )
    assert client("DELETE", "/api/3.0/mlflow/traces/tr-1/tags", {"key": "t"}).status == 200
    given = {
        "assessment_name": "q",
        "feedback": {"value": {"rating": 4}},
        "source": {"source_type": "HUMAN", "source_id": "a"},
    }
    one = client.post("/api/3.0/mlflow/traces/tr-1/assessments", {"assessment": given})[
        "assessment"
    ]
    path = f"/api/3.0/mlflow/traces/tr-1/assessments/{one['assessment_id']}"
    update = {
        "assessment": {**given, "assessmentName": "r", "assessment_name": "r"},
        "update_mask": "assessmentName",
    }
    assert client("PATCH", path, update).json["assessment"]["assessment_name"] == "r"
    other = client.post(
        "/api/3.0/mlflow/traces/tr-1/assessments",
        {"assessment": {**given, "overrides": one["assessment_id"]}},
    )["assessment"]
    assert client.get(path)["assessment"]["valid"] is False
    assert (
        client("DELETE", path.replace(one["assessment_id"], other["assessment_id"])).status == 200
    )
    assert client.get(path)["assessment"]["valid"] is True
    gone = client.post(
        "/api/3.0/mlflow/traces/delete-traces",
        {"experiment_id": experiment, "request_ids": ["tr-1"]},
    )
    assert gone == {"traces_deleted": 1}


def test_traces_of_old_clients(client: Client, experiment: str) -> None:
    begin = {
        "experiment_id": experiment,
        "timestamp_ms": 1000,
        "request_metadata": [{"key": "a", "value": "b"}],
        "tags": [],
    }
    made = client.post(f"{API}/traces", begin)["trace_info"]
    assert (made["status"], made["execution_time_ms"]) == ("IN_PROGRESS", 0)
    end = {"timestamp_ms": 3000, "status": "OK", "request_metadata": [{"key": "c", "value": "d"}]}
    ended = client("PATCH", f"{API}/traces/{made['request_id']}", end).json["trace_info"]
    assert (ended["status"], ended["execution_time_ms"]) == ("OK", 2000)
    assert {m["key"] for m in ended["request_metadata"]} == {"a", "c"}
    found = client.get(f"{API}/traces", experiment_ids=[experiment], max_results=5)["traces"]
    assert [t["request_id"] for t in found] == [made["request_id"]]


def test_a_run_may_be_linked_before_the_trace_comes(
    client: Client, experiment: str, run: str
) -> None:
    client.post(f"{API}/traces/link-to-run", {"trace_ids": ["tr-2"], "run_id": run})
    info = {
        "trace_id": "tr-2",
        "trace_location": {"mlflow_experiment": {"experiment_id": experiment}},
        "state": "OK",
    }
    made = client.post("/api/3.0/mlflow/traces", {"trace": {"trace_info": info}})["trace"][
        "trace_info"
    ]
    assert (made["state"], made["trace_metadata"]) == ("OK", {"mlflow.sourceRun": run})
