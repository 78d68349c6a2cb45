# ruff: noqa: E501 — calls and the texts of MLflow are long
"""Experiments, runs and what they log, call by call."""

from __future__ import annotations

import pytest

from clew.api.mlflow import PREFIXES
from clew.api.mlflow.routes import Table
from tests.api.mlflow.asgi import Client

API = "/api/2.0/mlflow"


def refused(answer, code: str, text: str, status: int = 400) -> None:
    assert (answer.status, answer.json["error_code"]) == (status, code), answer.body
    assert text in answer.json["message"]


def test_an_experiment_from_its_start_to_its_end(client: Client) -> None:
    made = client.post(
        f"{API}/experiments/create", {"name": "a", "tags": [{"key": "k", "value": "v"}]}
    )
    id = made["experiment_id"]
    got = client.get(f"{API}/experiments/get", experiment_id=id)["experiment"]
    assert got["name"] == "a"
    assert got["tags"] == [{"key": "k", "value": "v"}]
    assert got["artifact_location"] == f"mlflow-artifacts:/{id}"
    assert isinstance(got["creation_time"], int)
    assert client.get(f"{API}/experiments/get-by-name", experiment_name="a")["experiment"] == got
    client.post(f"{API}/experiments/update", {"experiment_id": id, "new_name": "b"})
    client.post(
        f"{API}/experiments/set-experiment-tag", {"experiment_id": id, "key": "n", "value": ""}
    )
    client.post(f"{API}/experiments/delete-experiment-tag", {"experiment_id": id, "key": "k"})
    client.post(f"{API}/experiments/delete", {"experiment_id": id})
    refused(
        client("POST", f"{API}/runs/create", {"experiment_id": id}),
        "INVALID_PARAMETER_VALUE",
        f"The experiment {id} must be in the 'active' state. Current state is deleted.",
    )
    refused(
        client("POST", f"{API}/experiments/update", {"experiment_id": id, "new_name": "c"}),
        "INVALID_STATE",
        "Cannot rename a non-active experiment.",
    )
    names = [
        e["name"]
        for e in client.post(f"{API}/experiments/search", {"max_results": 10})["experiments"]
    ]
    assert names == ["Default"]
    deleted = {"max_results": "10", "view_type": "DELETED_ONLY"}
    assert client.get(f"{API}/experiments/search", **deleted)["experiments"][0]["name"] == "b"
    client.post(f"{API}/experiments/restore", {"experiment_id": id})
    got = client.get(f"{API}/experiments/get", experiment_id=id)["experiment"]
    assert got["tags"] == [{"key": "n", "value": ""}]


def test_texts_about_experiments(client: Client, experiment: str) -> None:
    post = f"{API}/experiments/create"
    refused(
        client("POST", post, {"name": "e"}),
        "RESOURCE_ALREADY_EXISTS",
        "Experiment(name=e) already exists.",
    )
    refused(
        client("POST", post, {"name": 123}),
        "INVALID_PARAMETER_VALUE",
        "Invalid value 123 for parameter 'name'",
    )
    refused(
        client("POST", post, {"name": "x", "tags": "5"}),
        "INVALID_PARAMETER_VALUE",
        "Invalid value \"5\" for parameter 'tags'",
    )
    refused(
        client("GET", f"{API}/experiments/get", query={"experiment_id": "77"}),
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=77 exists",
        404,
    )
    refused(
        client("GET", f"{API}/experiments/get", query={"experiment_id": "-1337"}),
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=-1337 exists",
        404,
    )
    refused(
        client("GET", f"{API}/experiments/get", query={"experiment_id": "abc"}),
        "INVALID_PARAMETER_VALUE",
        "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    )
    refused(
        client("GET", f"{API}/experiments/get-by-name", query={"experiment_name": "zz"}),
        "RESOURCE_DOES_NOT_EXIST",
        "Could not find experiment with name 'zz'",
        404,
    )
    refused(
        client("POST", f"{API}/experiments/search", {}),
        "INVALID_PARAMETER_VALUE",
        "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
    )
    refused(
        client("POST", f"{API}/experiments/search", {"max_results": 50_001}),
        "INVALID_PARAMETER_VALUE",
        "It must be at most 50000",
    )


def test_a_run_from_its_start_to_its_end(client: Client, experiment: str) -> None:
    tags = [{"key": "mlflow.user", "value": "ann"}, {"key": "mlflow.runName", "value": "first"}]
    made = client.post(
        f"{API}/runs/create",
        {
            "experiment_id": experiment,
            "user_id": "ann",
            "start_time": "1700000000000",
            "tags": tags,
        },
    )["run"]
    id = made["info"]["run_id"]
    assert made["info"] == {
        "run_id": id,
        "run_uuid": id,
        "run_name": "first",
        "experiment_id": experiment,
        "user_id": "ann",
        "status": "RUNNING",
        "start_time": 1700000000000,
        "artifact_uri": f"mlflow-artifacts:/{experiment}/{id}/artifacts",
        "lifecycle_stage": "active",
    }
    client.post(
        f"{API}/runs/log-metric", {"run_id": id, "key": "m", "value": 1, "timestamp": 5, "step": 2}
    )
    client.post(
        f"{API}/runs/log-metric", {"run_id": id, "key": "nan", "value": "NaN", "timestamp": 5}
    )
    client.post(
        f"{API}/runs/log-metric", {"run_id": id, "key": "inf", "value": "-Infinity", "timestamp": 5}
    )
    client.post(f"{API}/runs/log-parameter", {"run_uuid": id, "key": "p", "value": ""})
    client.post(f"{API}/runs/set-tag", {"run_id": id, "key": "t", "value": "v"})
    ended = client.post(
        f"{API}/runs/update", {"run_id": id, "status": "FINISHED", "end_time": 1700000000009}
    )
    assert ended["run_info"]["status"] == "FINISHED"
    assert ended["run_info"]["end_time"] == 1700000000009
    data = client.get(f"{API}/runs/get", run_id=id)["run"]["data"]
    metrics = {m["key"]: m for m in data["metrics"]}
    assert metrics["m"] == {"key": "m", "value": 1.0, "timestamp": 5, "step": 2}
    assert (metrics["nan"]["value"], metrics["inf"]["value"]) == ("NaN", "-Infinity")
    assert data["params"] == [{"key": "p", "value": ""}]
    assert {"key": "t", "value": "v"} in data["tags"]
    client.post(f"{API}/runs/delete-tag", {"run_id": id, "key": "t"})
    client.post(f"{API}/runs/delete", {"run_id": id})
    refused(
        client("POST", f"{API}/runs/set-tag", {"run_id": id, "key": "t", "value": "v"}),
        "INVALID_PARAMETER_VALUE",
        f"The run {id} must be in the 'active' state. Current state is deleted.",
    )
    client.post(f"{API}/runs/restore", {"run_id": id})
    refused(
        client("POST", f"{API}/runs/delete-tag", {"run_id": id, "key": "t"}),
        "RESOURCE_DOES_NOT_EXIST",
        f"No tag with name: t in run with id {id}",
        404,
    )


def test_a_batch_is_kept_whole_or_not_at_all(client: Client, run: str) -> None:
    metrics = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(1000)]
    client.post(f"{API}/runs/log-batch", {"run_id": run, "metrics": metrics})
    client.post(f"{API}/runs/log-parameter", {"run_id": run, "key": "p", "value": "1"})
    clash = {
        "run_id": run,
        "metrics": [{"key": "other", "value": 1, "timestamp": 1}],
        "params": [{"key": "p", "value": "2"}],
        "tags": [{"key": "t", "value": "v"}],
    }
    refused(
        client("POST", f"{API}/runs/log-batch", clash),
        "INVALID_PARAMETER_VALUE",
        "Changing param values is not allowed.",
    )
    data = client.get(f"{API}/runs/get", run_id=run)["run"]["data"]
    assert [m["key"] for m in data["metrics"]] == ["m"]
    assert all(t["key"] != "t" for t in data["tags"])
    too_many = {"run_id": run, "metrics": [*metrics, metrics[0]]}
    refused(
        client("POST", f"{API}/runs/log-batch", too_many),
        "INVALID_PARAMETER_VALUE",
        "at most 1000 metrics. Got 1001 metrics.",
    )
    bad = {"run_id": run, "metrics": [{"key": "/x", "value": 1, "timestamp": 1}]}
    refused(
        client("POST", f"{API}/runs/log-batch", bad),
        "INVALID_PARAMETER_VALUE",
        "parameter 'metrics[0].name' supplied",
    )


def test_a_request_that_is_partly_unreadable_changes_nothing(client: Client, run: str) -> None:
    body = {
        "run_id": run,
        "tags": [{"key": "t"}],
        "metrics": [{"key": "m", "value": "x", "timestamp": 1}],
    }
    refused(
        client("POST", f"{API}/runs/log-batch", body),
        "INVALID_PARAMETER_VALUE",
        "Failed to parse metrics[0].value field",
    )
    assert "metrics" not in client.get(f"{API}/runs/get", run_id=run)["run"]["data"]


def test_histories_in_pages(client: Client, run: str) -> None:
    metrics = [{"key": "m", "value": i, "timestamp": 7, "step": i} for i in range(25)]
    client.post(f"{API}/runs/log-batch", {"run_id": run, "metrics": metrics})
    steps: list[int] = []
    token: dict[str, str] = {}
    while True:
        page = client.get(
            f"{API}/metrics/get-history", run_id=run, metric_key="m", max_results=10, **token
        )
        steps += [m["step"] for m in page["metrics"]]
        if "next_page_token" not in page:
            break
        token = {"page_token": page["next_page_token"]}
    assert steps == list(range(25))
    assert (
        len(client.get(f"{API}/metrics/get-history", run_id=run, metric_key="m")["metrics"]) == 25
    )
    assert client.get(f"{API}/metrics/get-history", run_id=run, metric_key="other") == {}
    refused(
        client(
            "GET",
            f"{API}/metrics/get-history",
            query={"run_id": run, "metric_key": "m", "max_results": 0},
        ),
        "INVALID_PARAMETER_VALUE",
        "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer.",
    )
    bulk = client.get(
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk", run_id=[run], metric_key="m", max_results=5
    )
    assert bulk["metrics"][4] == {
        "key": "m",
        "value": 4.0,
        "timestamp": 7,
        "step": 4,
        "run_id": run,
    }
    path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
    few = client.get(path, run_ids=[run], metric_key="m", max_results=3)["metrics"]
    assert (few[0]["step"], few[-1]["step"], len(few)) == (0, 24, 3)
    some = client.get(path, run_ids=[run], metric_key="m", start_step=5, end_step=8)["metrics"]
    assert [m["step"] for m in some] == [5, 6, 7, 8]
    refused(
        client("GET", path, query={"run_ids": [run], "metric_key": "m", "start_step": 5}),
        "INVALID_PARAMETER_VALUE",
        "both must be specified",
    )
    refused(
        client("GET", path, query={"run_ids": ["r"] * 101, "metric_key": "m"}),
        "INVALID_PARAMETER_VALUE",
        "at most 100 run_ids. Received 101 run_ids.",
    )


def test_search_in_pages(client: Client, experiment: str) -> None:
    for i in range(5):
        id = client.post(f"{API}/runs/create", {"experiment_id": experiment, "run_name": f"r{i}"})[
            "run"
        ]["info"]["run_id"]
        client.post(
            f"{API}/runs/log-metric", {"run_id": id, "key": "auc", "value": i / 10, "timestamp": 1}
        )
    ask = {
        "experiment_ids": [experiment],
        "filter": "metrics.auc > 0.05",
        "order_by": ["metrics.auc DESC"],
        "max_results": 2,
    }
    first = client.post(f"{API}/runs/search", ask)
    second = client.post(f"{API}/runs/search", {**ask, "page_token": first["next_page_token"]})
    names = [r["info"]["run_name"] for r in [*first["runs"], *second["runs"]]]
    assert names == ["r4", "r3", "r2", "r1"]
    assert "next_page_token" not in second
    assert (
        client.post(
            f"{API}/runs/search", {"experiment_ids": [experiment], "filter": "params.x = '1'"}
        )
        == {}
    )
    refused(
        client("POST", f"{API}/runs/search", {"max_results": 123456789}),
        "INVALID_PARAMETER_VALUE",
        "Invalid value 123456789 for parameter 'max_results' supplied",
    )
    refused(
        client(
            "POST", f"{API}/runs/search", {"experiment_ids": [experiment], "filter": "nonsense"}
        ),
        "INVALID_PARAMETER_VALUE",
        "Invalid",
    )


def test_datasets_of_a_run(client: Client, experiment: str, run: str) -> None:
    dataset = {"name": "d", "digest": "abc", "source_type": "local", "source": "s", "schema": "{}"}
    inputs = {
        "run_id": run,
        "datasets": [
            {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}
        ],
    }
    client.post(f"{API}/runs/log-inputs", inputs)
    got = client.get(f"{API}/runs/get", run_id=run)["run"]["inputs"]["dataset_inputs"]
    assert got == [{"tags": [{"key": "mlflow.data.context", "value": "train"}], "dataset": dataset}]
    found = client.post(f"{API}/experiments/search-datasets", {"experiment_ids": [experiment]})
    assert found == {
        "dataset_summaries": [
            {"experiment_id": experiment, "name": "d", "digest": "abc", "context": "train"}
        ]
    }
    refused(
        client("POST", f"{API}/experiments/search-datasets", {}),
        "INVALID_PARAMETER_VALUE",
        "must specify at least one experiment_id.",
    )
    refused(
        client(
            "POST",
            f"{API}/runs/log-inputs",
            {"run_id": run, "datasets": [{"dataset": {"name": "d"}}]},
        ),
        "INVALID_PARAMETER_VALUE",
        "Dataset digest cannot be None",
    )


def test_old_clients_log_models_as_tags(client: Client, run: str) -> None:
    model = '{"run_id": "r", "artifact_path": "m", "utc_time_created": "t", "flavors": {"f": {"config": 1, "a": 2}}}'
    client.post(f"{API}/runs/log-model", {"run_id": run, "model_json": model})
    tags = {
        t["key"]: t["value"]
        for t in client.get(f"{API}/runs/get", run_id=run)["run"]["data"]["tags"]
    }
    assert '"flavors": {"f": {"a": 2}}' in tags["mlflow.log-model.history"]
    refused(
        client("POST", f"{API}/runs/log-model", {"run_id": run, "model_json": "{"}),
        "INVALID_PARAMETER_VALUE",
        "Malformed model info.",
    )
    refused(
        client("POST", f"{API}/runs/log-model", {"run_id": run, "model_json": "{}"}),
        "INVALID_PARAMETER_VALUE",
        "Model json is missing mandatory fields",
    )


@pytest.mark.parametrize(
    "path", ["/api/2.0/mlflow/webhooks", "/api/3.0/mlflow/scorers/list", "/api/9.9/x"]
)
def test_what_there_is_not(client: Client, path: str) -> None:
    refused(client("GET", path), "ENDPOINT_NOT_FOUND", "No API found for 'GET", 404)


def test_every_path_of_the_protocol_is_routed_to_it() -> None:
    for _, path in Table().paths():
        assert path.startswith(PREFIXES)
    assert not "/api/v1/runs".startswith(PREFIXES)


def test_a_known_path_with_another_method(client: Client) -> None:
    refused(
        client("DELETE", f"{API}/runs/create"),
        "ENDPOINT_NOT_FOUND",
        "No API found for 'DELETE",
        405,
    )


def test_bodies_must_say_what_they_are(client: Client) -> None:
    post = f"{API}/experiments/create"
    refused(
        client("POST", post, body=b"{}"),
        "INVALID_PARAMETER_VALUE",
        "Content-Type header is missing.",
    )
    refused(
        client("POST", post, body=b"{}", headers={"content-type": "text/plain"}),
        "INVALID_PARAMETER_VALUE",
        "Content-Type must be one of ['application/json'].",
    )
    ok = client(
        "POST",
        post,
        body=b'{"name": "n"}',
        headers={"content-type": "application/json; charset=utf-8"},
    )
    assert ok.status == 200


def test_bodies_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clew.api.mlflow.server.MAX_BODY_BYTES", 1000)
    pieces = [b"x" * 600, b"x" * 600]
    answer = client(
        "POST",
        f"{API}/experiments/create",
        body=pieces,
        headers={"content-type": "application/json"},
    )
    refused(answer, "INVALID_PARAMETER_VALUE", "must be at most 1000 bytes", 413)


def test_texts_that_are_no_calls(client: Client) -> None:
    assert client("GET", "/version").body == b"3.18.0"
    assert client("GET", "/health").body == b"OK"
    info = client.get("/api/3.0/mlflow/server-info")
    assert info["multipart_uploads_enabled"] is False
    assert info["store_type"] == "SqlStore"
    assert client("POST", "/v1/traces", body=b"").status == 501
