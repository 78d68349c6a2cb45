"""GraphQL tells what REST tells, and bounds what one query may cost."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from clew.api.mlflow import needed
from tests.api.mlflow.asgi import Client

PATH = "/graphql"


def ask(client: Client, query: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.post(PATH, {"query": query, **more})
    return found


def test_a_run_comes_with_its_experiment_and_the_versions_made_of_it(
    client: Client, run: str, experiment: str
) -> None:
    client.post("/api/2.0/mlflow/registered-models/create", {"name": "adult"})
    version = {"name": "adult", "source": f"runs:/{run}/model", "run_id": run}
    client.post("/api/2.0/mlflow/model-versions/create", version)
    query = """
        query Page($id: String!) @component(name: "RunPage") {
          mlflowGetRun(input: {runId: $id}) {
            run {
              info { runId status startTime }
              experiment { experimentId name tags { key } }
              modelVersions { name version status source }
            }
          }
        }"""

    found = ask(client, query, variables={"id": run}, operationName="Page")

    info = client.get("/api/2.0/mlflow/runs/get", run_id=run)["run"]["info"]
    assert found["errors"] is None
    assert found["data"]["mlflowGetRun"]["run"] == {
        "info": {"runId": run, "status": "RUNNING", "startTime": str(info["start_time"])},
        "experiment": {"experimentId": experiment, "name": "e", "tags": []},
        "modelVersions": [
            {"name": "adult", "version": "1", "status": "READY", "source": f"runs:/{run}/model"}
        ],
    }


def test_metrics_that_json_cannot_write_are_null_or_the_largest_number(
    client: Client, run: str
) -> None:
    for key, value in (("a", 1.5), ("b", "NaN"), ("c", "Infinity"), ("d", "-Infinity")):
        point = {"run_id": run, "key": key, "value": value, "timestamp": 3, "step": 2}
        client.post("/api/2.0/mlflow/runs/log-metric", point)
    client.post("/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "t", "value": "NaN"})
    query = f"""{{ mlflowGetRun(input: {{runId: "{run}"}}) {{
        run {{ data {{ metrics {{ key value step }} tags {{ key value }} }} }} }} }}"""

    data = ask(client, query)["data"]["mlflowGetRun"]["run"]["data"]

    largest = sys.float_info.max
    expected = {"a": 1.5, "b": None, "c": largest, "d": -largest}
    assert {m["key"]: m["value"] for m in data["metrics"]} == expected
    assert {m["step"] for m in data["metrics"]} == {"2"}
    assert {"key": "t", "value": "NaN"} in data["tags"]


def test_searches_and_histories_are_those_of_rest(
    client: Client, run: str, experiment: str
) -> None:
    for step in range(4):
        point = {"run_id": run, "key": "loss", "value": step, "timestamp": step, "step": step}
        client.post("/api/2.0/mlflow/runs/log-metric", point)
    query = f"""
        mutation {{
          mlflowSearchRuns(input: {{experimentIds: ["{experiment}"], runViewType: ACTIVE_ONLY,
                                    filter: "metrics.loss = 3"}}) {{
            runs {{ info {{ runId }} }} nextPageToken
          }}
          mlflowSearchDatasets(input: {{experimentIds: ["{experiment}"]}}) {{
            datasetSummaries {{ name }} apiError {{ code }}
          }}
        }}"""
    found = ask(client, query)
    assert found == {
        "data": {
            "mlflowSearchRuns": {"runs": [{"info": {"runId": run}}], "nextPageToken": ""},
            "mlflowSearchDatasets": {"datasetSummaries": [], "apiError": None},
        },
        "errors": None,
    }
    query = f"""{{ mlflowGetMetricHistoryBulkInterval(
        input: {{runIds: ["{run}"], metricKey: "loss", startStep: 1, endStep: 2}})
        {{ metrics {{ step value runId }} }} }}"""
    points = ask(client, query)["data"]["mlflowGetMetricHistoryBulkInterval"]["metrics"]
    assert points == [{"step": str(s), "value": float(s), "runId": run} for s in (1, 2)]


def test_what_is_not_there_is_an_error_of_its_field_alone(client: Client, experiment: str) -> None:
    query = f"""{{ mlflowGetRun(input: {{runId: "gone"}}) {{ run {{ info {{ runId }} }} }}
        mlflowGetExperiment(input: {{experimentId: "{experiment}"}})
        {{ experiment {{ name }} }} }}"""
    found = ask(client, query)
    assert found["data"]["mlflowGetRun"] is None
    assert found["data"]["mlflowGetExperiment"] == {"experiment": {"name": "e"}}
    (error,) = found["errors"]
    rest = client("GET", "/api/2.0/mlflow/runs/get", query={"run_id": "gone"}).json
    assert error == rest["message"]


def test_a_defect_of_the_server_tells_nothing_of_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    store = type(client.app._stores.experiments)
    monkeypatch.setattr(store, "get", broken)
    query = '{ mlflowGetExperiment(input: {experimentId: "0"}) { experiment { name } } }'
    assert ask(client, query)["errors"] == ["The server failed to answer."]
    assert "secret" in caplog.text


def roots(count: int) -> str:
    return "{" + " ".join(f'k{i}: test(inputString: "x") {{ output }}' for i in range(count)) + "}"


def within(inner: str) -> str:
    return f'{{ mlflowGetExperiment(input: {{experimentId: "0"}}) {{ experiment {{ {inner} }} }} }}'


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (roots(11), "GraphQL queries should have at most 10 root fields, got 11 root fields."),
        (
            within(" ".join(f"n{i}: name" for i in range(11))),
            "GraphQL queries should have at most 10 aliases, got 11 aliases.",
        ),
        (within("name {" * 9 + "x" + "}" * 9), "Query exceeds maximum depth of 10"),
        (
            within(" ".join(f"f{i}" for i in range(1000))),
            "Query exceeds maximum total selections of 1000",
        ),
        # Aliases and selections within fragments count where these are spread.
        (
            within("...A ...B")
            + "".join(
                f"fragment {f} on MlflowExperiment {{"
                + " ".join(f"{f}{i}: name" for i in range(6))
                + "}"
                for f in "AB"
            ),
            "GraphQL queries should have at most 10 aliases, got 12 aliases.",
        ),
        (
            within("...A0")
            + "".join(
                f"fragment A{i} on MlflowExperiment {{ tags {{ key }} x {{ ...A{i + 1} }} "
                f"y {{ ...A{i + 1} }} }}"
                for i in range(12)
            ),
            "Query exceeds maximum depth of 10",
        ),
        (within("nothing"), "Cannot query field 'nothing' on type 'MlflowExperiment'."),
        (
            within("...A") + "fragment A on MlflowExperiment { ...A }",
            "Cannot spread fragment 'A' within itself.",
        ),
    ],
)
def test_a_query_that_asks_too_much_or_what_is_not_there_is_not_carried_out(
    client: Client, query: str, problem: str
) -> None:
    found = ask(client, query)
    assert found["data"] is None
    assert found["errors"][0] == problem


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Missing value for required parameter 'query'."),
        ({"query": "{"}, "Invalid GraphQL query: Syntax Error"),
        ({"query": "{" * 5000}, "Invalid GraphQL query"),
        ({"query": "a " * 30000}, "Invalid GraphQL query"),
        ({"query": "{__typename}", "variables": 3}, "Invalid value for parameter 'variables'"),
        ({"query": 3}, "Invalid value 3 for parameter 'query'"),
    ],
)
def test_what_is_no_query_is_a_bad_request(client: Client, body: Any, text: str) -> None:
    refused = client("POST", PATH, body)
    assert refused.status == 400
    assert text in refused.json["message"]


def test_reading_is_enough(client: Client) -> None:
    assert needed("POST", PATH) == "read"
    assert ask(client, '{test(inputString: "abc") {output}}')["data"] == {"test": {"output": "abc"}}
    assert client("GET", PATH).status == 404


def test_without_the_extra_the_answer_says_what_to_install(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "graphql", None)
    refused = client("POST", PATH, {"query": "{test {output}}"})
    assert refused.status == 501
    assert "clew[graphql]" in refused.json["message"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # The peer's own.
def test_the_types_are_those_of_mlflow() -> None:
    pytest.importorskip("mlflow")
    from graphql import GraphQLEnumType, build_schema, is_leaf_type
    from mlflow.server.graphql.graphql_schema_extensions import schema as peers

    from clew.api.mlflow.graphql.schema import SCHEMA

    ours = {n: t for n, t in build_schema(SCHEMA).type_map.items() if not n.startswith("__")}
    theirs = dict(peers.graphql_schema.type_map)
    for name, kind in ours.items():
        peer = theirs.get(f"{name}Extension") or theirs[name]
        if isinstance(kind, GraphQLEnumType):
            assert set(kind.values) == set(peer.values), name
        elif not is_leaf_type(kind):
            missing = set(peer.fields) - set(kind.fields)
            assert missing <= {"deploymentJobState"}, name
            assert set(kind.fields) <= set(peer.fields), name
            for field in kind.fields:
                told, asked = (str(k.fields[field].type) for k in (kind, peer))
                assert told == asked.replace("Extension", "").replace("ModelMetric", "Metric")
