"""The lineage routes tell what the graph holds."""

from __future__ import annotations

import pytest

import clew
from clew.entities import ModelLink, Owner


@clew.step
def rows(path: str) -> list[int]:
    return [39, 50, 38, 53, 28] * 50


@clew.step
def features(ages: list[int], bins: int) -> list[int]:
    return [a // bins for a in ages]


@clew.step
def total(x: list[int]) -> int:
    return sum(x)


@clew.flow
def adult(bins: int = 4) -> int:
    return total(features(rows("adult.csv"), bins))


@pytest.fixture
def runs():
    return [adult.run(bins=bins) for bins in (4, 4, 5)]


def test_a_run_is_laid_out(client, runs) -> None:
    graph = client.get(f"/api/v1/lineage?focus={runs[0].id}&down=0&run={runs[1].id}")
    labels = {node["label"]: node for node in graph["nodes"]}
    assert {"rows", "features", "total"} <= labels.keys()
    assert labels["features"]["decision"] == "pruned"
    assert labels["total"]["decision"] == "reused"
    assert labels["features"]["layer"] == labels["rows"]["layer"] + 1
    assert labels["features"]["x"] < labels["total"]["x"]
    named = {
        (graph["nodes"][e["source"]]["label"], graph["nodes"][e["target"]]["label"]): e["names"]
        for e in graph["edges"]
    }
    assert named["features", "total"] == ["x"]
    assert not graph["truncated"]


def test_values_that_no_step_made_are_shown_on_demand(client, runs) -> None:
    def values(wanted: str) -> set[str]:
        graph = client.get(f"/api/v1/lineage?focus={runs[0].id}&down=0&values={wanted}")
        return {node["label"] for node in graph["nodes"] if node["kind"] == "value"}

    assert values("none") == values("data") == set()
    assert values("all") == {"'adult.csv'", "4"}


def test_equal_parts_have_equal_names_and_layouts(client, runs) -> None:
    one, two = (client.get(f"/api/v1/lineage?focus={runs[0].id}") for _ in range(2))
    other = client.get(f"/api/v1/lineage?focus={runs[2].id}")
    assert one == two
    assert one["id"] != other["id"]


def test_a_neighbourhood_says_what_it_leaves_out(client, runs) -> None:
    steps = {s["step"]: s["node"] for s in client.get(f"/api/v1/runs/{runs[0].id}/steps")["steps"]}
    graph = client.get(f"/api/v1/lineage?focus={steps['features']}&up=0&down=0")
    (node,) = graph["nodes"]
    assert (node["hidden_up"], node["hidden_down"], node["distance"]) == (1, 1, 0)
    graph = client.get(f"/api/v1/lineage?focus={steps['rows']}&up=0&down=9&limit=2")
    assert graph["truncated"] and len(graph["nodes"]) == 2
    # Two runs share the rows; each has features of its own.
    whole = client.get(f"/api/v1/lineage?focus={steps['rows']}&up=0&down=9")
    assert len(whole["nodes"]) == 5 and not whole["truncated"]


def test_a_value_can_be_the_focus(client, runs) -> None:
    steps = {s["step"]: s["node"] for s in client.get(f"/api/v1/runs/{runs[0].id}/steps")["steps"]}
    node = client.get(f"/api/v1/lineage/nodes/{steps['rows']}")
    value = node["inputs"][0]["value"]
    graph = client.get(f"/api/v1/lineage?focus={value}&down=0")
    assert [graph["nodes"][i]["kind"] for i in graph["focus"]] == ["value"]
    assert "rows" in {n["label"] for n in graph["nodes"]}
    detail = client.get(f"/api/v1/lineage/values/{value}")
    assert detail["preview"] == "'adult.csv'" and detail["made_by"] == []
    assert [line["id"] for line in detail["read_by"]] == [steps["rows"]]


def test_an_operation_a_model_and_a_version_can_be_the_focus(client, served, runs) -> None:
    operation = client.get("/api/v1/lineage/search?q=features")["items"][0]["id"]
    graph = client.get(f"/api/v1/lineage?focus={operation}")
    assert graph["nodes"][graph["focus"][0]]["label"] == "features"

    tracking = served.tracking
    run = tracking.runs.create("0")
    model = tracking.models.create("0", source_run_id=run.id)
    writer = tracking.artifacts.writer(Owner("model", model.id), "weights")
    writer.write(b"1 2 3")
    writer.commit()
    tracking.models.finalize(model.id, "ready")
    tracking.logging.log_outputs(run.id, [ModelLink(model.id)])
    tracking.runs.update(run.id, status="finished")
    tracking.registered.create("income")
    tracking.versions.create("income", f"models:/{model.id}", run_id=run.id, model_id=model.id)
    tracking.aliases.set("income", "champion", 1)
    for focus in (model.id, "income@1", "income@champion"):
        kinds = [node["kind"] for node in client.get(f"/api/v1/lineage?focus={focus}")["nodes"]]
        assert kinds == ["run"]
    client.get("/api/v1/lineage?focus=income@7", 404)


def test_nodes_tell_code_inputs_uses_and_how_to_rebuild(client, runs) -> None:
    steps = {s["step"]: s["node"] for s in client.get(f"/api/v1/runs/{runs[0].id}/steps")["steps"]}
    node = client.get(f"/api/v1/lineage/nodes/{steps['features']}")
    assert any("a // bins" in (unit["source"] or "") for unit in node["code"])
    assert {edge["name"] for edge in node["inputs"]} == {"ages", "bins"}
    assert {use["run_id"]: use["decision"] for use in node["uses"]} == {
        runs[0].id: "computed",
        runs[1].id: "pruned",
    }
    assert node["rebuild"] == f"clew rebuild {steps['features']}"
    assert node["environment"]["implementation"]


def test_why_and_diff(client, runs) -> None:
    why = {s["step"]: s for s in client.get(f"/api/v1/runs/{runs[2].id}/why")["steps"]}
    assert why["rows"]["decision"] == "reused"
    assert why["features"]["changes"][0]["field"] == "input bins"
    assert client.get(f"/api/v1/runs/{runs[2].id}/why?step=total")["steps"][0]["step"] == "total"
    client.get(f"/api/v1/runs/{runs[2].id}/why?step=nothing", status=404)
    diff = client.get(f"/api/v1/lineage/diff?a={runs[0].id}&b={runs[2].id}")
    assert [p["why"][0]["text"] for p in diff["partings"]] == ["input bins: 4 → 5"]
    assert (diff["a_nodes"], diff["b_nodes"], diff["shared"]) == (3, 3, 1)
    assert client.get(f"/api/v1/lineage/diff?a={runs[0].id}&b={runs[1].id}")["same"]


def test_outline_paths_impact_and_search(client, runs) -> None:
    lines = client.get(f"/api/v1/lineage/outline?focus={runs[0].id}")["lines"]
    assert [(x["level"], x["operation"].rpartition(":")[2]) for x in lines] == [
        (0, "total"),
        (1, "features"),
        (2, "rows"),
    ]
    first, last = lines[2]["id"], lines[0]["id"]
    for start, end in ((first, last), (last, first)):
        found = client.get(f"/api/v1/lineage/paths?start={start}&end={end}")
        assert found["paths"] == [[line["id"] for line in reversed(lines)]]
    impact = client.get(f"/api/v1/lineage/impact?what={first}")
    assert (impact["direct"], impact["downstream"], len(impact["nodes"])) == (1, 5, 5)
    assert {run["id"] for run in impact["runs"]} == {run.id for run in runs}
    items = client.get("/api/v1/lineage/search?q=FEATURE")["items"]
    assert [item["label"] for item in items] == ["features"]
    items = client.get(f"/api/v1/lineage/search?q={first[:8]}")["items"]
    assert ("node", first) in {(item["kind"], item["id"]) for item in items}
    assert client.get("/api/v1/lineage/search?q=%25")["items"] == []


@pytest.mark.parametrize(
    "path",
    ["lineage?focus=zzzz", "lineage/nodes/zzzz", "lineage/values/zzzz", "runs/zzzz/steps",
     "lineage/paths?start=zzzz&end=zzzz", "lineage/impact?what=zzzz", "studies/zzzz"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client, path) -> None:
    assert client.get(f"/api/v1/{path}", status=404)["kind"] == "NotFound"
