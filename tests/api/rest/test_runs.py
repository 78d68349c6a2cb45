"""Runs, their columns, groups, histories, changes: over HTTP as in the store."""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clew.api.rest.handlers.thin import lttb, minmax
from clew.entities import Metric


@pytest.fixture
def runs(served):
    tracking = served.tracking
    experiment = tracking.experiments.create("adult")
    made = []
    for i in range(6):
        run = tracking.runs.create(experiment.id, name=f"run {i}", user="ada", started_ms=1000 + i)
        points = [Metric("auc", value, 10 * step, step) for step, value in enumerate(CURVES[i])]
        tracking.logging.log(
            run.id,
            metrics=points,
            params={"depth": str(i % 3), "rate": f"1e-{i}"},
            tags={"team": "red" if i % 2 else "blue"},
        )
        made.append(run.id)
    return experiment.id, made


NAN, INF = math.nan, math.inf
CURVES = [[0.1, 0.9, 0.5], [0.2, 0.3, 0.4], [0.6], [NAN, 0.7, NAN], [0.3, INF], []]


def names(table) -> list[str]:
    return [row["name"] for row in table["rows"]]


def test_newest_first_with_cells(client, runs) -> None:
    experiment, _ = runs
    columns = "columns=metrics.auc&columns=params.depth&columns=tags.team&columns=metrics.none"
    table = client.get(f"/api/v1/runs?experiment={experiment}&{columns}")
    assert table["total"] == 6
    assert names(table) == [f"run {i}" for i in (5, 4, 3, 2, 1, 0)]
    assert [row["cells"] for row in table["rows"]] == [
        [None, "2", "red", None],
        ["Infinity", "1", "blue", None],
        ["NaN", "0", "red", None],
        [0.6, "2", "blue", None],
        [0.4, "1", "red", None],
        [0.5, "0", "blue", None],
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("metrics.auc DESC", [4, 2, 0, 1, 3, 5]),
        ("metrics.auc", [1, 0, 2, 4, 3, 5]),
        ("metrics.auc@max DESC", [4, 0, 3, 2, 1, 5]),
        ("metrics.auc@min", [0, 1, 4, 2, 3, 5]),
        ("metrics.auc@first DESC", [2, 4, 1, 0, 3, 5]),
        ("metrics.auc@step:1 DESC", [4, 0, 3, 2, 1, 5]),
        ("params.rate DESC", [0, 1, 2, 3, 4, 5]),
        ("attributes.name", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_order_puts_what_is_no_number_last(client, runs, order, expected) -> None:
    found = names(client.get(f"/api/v1/runs?order={order.replace(' ', '%20')}"))
    assert found == [f"run {i}" for i in expected]
    parts = [
        name
        for offset in range(6)
        for name in names(
            client.get(f"/api/v1/runs?order={order.replace(' ', '%20')}&offset={offset}&limit=1")
        )
    ]
    assert parts == found


def test_values_of_a_history(client, runs) -> None:
    wanted = ["last", "max", "min", "first", "mean", "step:0", "step:1", "step:-1"]
    columns = "&".join(f"columns=metrics.auc@{word}" for word in wanted)
    rows = client.get(f"/api/v1/runs?order=attributes.name&{columns}")["rows"]
    assert rows[0]["cells"][:4] == [0.5, 0.9, 0.1, 0.1]
    assert rows[0]["cells"][4] == pytest.approx(0.5)
    assert rows[0]["cells"][5:] == [0.1, 0.9, None]
    assert rows[3]["cells"] == ["NaN", 0.7, 0.7, "NaN", 0.7, "NaN", 0.7, None]
    assert rows[5]["cells"] == [None] * 8


def test_filter_text_and_view(client, runs) -> None:
    _, ids = runs
    assert names(client.get("/api/v1/runs?filter=metrics.auc%20%3E%200.45%20and%20params.depth%3D'2'")) == ["run 2"]  # fmt: skip  # noqa: E501
    assert names(client.get("/api/v1/runs?text=RUN%203")) == ["run 3"]
    assert client.get("/api/v1/runs?text=%25")["total"] == 0
    client.post(f"/api/v1/runs/{ids[0]}", method="DELETE")
    assert client.get("/api/v1/runs")["total"] == 5
    assert names(client.get("/api/v1/runs?view=deleted")) == ["run 0"]
    client.post(f"/api/v1/runs/{ids[0]}/restore")
    assert client.get("/api/v1/runs")["total"] == 6
    for wrong in ("filter=metrics.auc%20~%201", "columns=auc", "order=auc", "columns=metrics.a@x"):
        assert client.get(f"/api/v1/runs?{wrong}", status=400)["kind"] == "InvalidParameter"


def test_columns_and_automatic_choice(client, runs) -> None:
    found = client.get("/api/v1/runs/columns")
    by_name = {one["column"]: one for one in found["columns"]}
    assert found["runs"] == 6
    auc = by_name["metrics.auc"]
    assert (auc["runs"], auc["distinct"], auc["min"], auc["max"]) == (5, 5, 0.4, 0.6)
    depth = by_name["params.depth"]
    assert (depth["runs"], depth["distinct"], depth["numeric"]) == (6, 3, True)
    assert by_name["tags.team"]["examples"] == ["blue", "red"]
    assert "tags.mlflow.runName" not in by_name
    client.post(f"/api/v1/runs/{runs[1][0]}", {"note": "# Why"}, method="PATCH")
    notes = client.get("/api/v1/runs?columns=tags.mlflow.note.content&order=attributes.name")
    assert [row["cells"] for row in notes["rows"]].count(["# Why"]) == 1
    by_name = {one["column"]: one for one in client.get("/api/v1/runs/columns")["columns"]}
    assert by_name["tags.mlflow.note.content"]["runs"] == 1
    chosen = client.get("/api/v1/runs?columns=auto")["columns"]
    assert chosen == ["metrics.auc", "params.depth", "params.rate"]


def test_groups_have_mean_spread_and_traces(client, runs) -> None:
    _, ids = runs
    found = client.get("/api/v1/runs/groups?by=params.depth&columns=metrics.auc&order=params.depth")
    assert [(group["key"], group["count"]) for group in found["groups"]] == [
        (["0"], 2),
        (["1"], 2),
        (["2"], 2),
    ]
    assert found["groups"][0]["run_ids"] == [ids[3], ids[0]]
    # NaN, infinity and what was not logged do not count.
    spreads = [group["spreads"][0] for group in found["groups"]]
    assert [spread["count"] for spread in spreads] == [1, 1, 1]
    assert spreads[0] == {"count": 1, "mean": 0.5, "std": None, "min": 0.5, "max": 0.5}
    two = client.get("/api/v1/runs/groups?by=tags.team&columns=metrics.auc@max&order=tags.team")
    blue = two["groups"][0]["spreads"][0]
    assert (blue["count"], blue["mean"]) == (2, pytest.approx(0.75))
    assert blue["std"] == pytest.approx(0.2121320344)
    assert client.get("/api/v1/runs/groups?by=metrics.auc", status=400)


def test_csv_holds_every_run_and_no_formula(client, runs, served) -> None:
    experiment, _ = runs
    run = served.tracking.runs.create(experiment, name="=HYPERLINK(1)", started_ms=5)
    answer = client("GET", "/api/v1/runs.csv?columns=metrics.auc&order=metrics.auc%20DESC&limit=1")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["metrics.auc"] for row in rows] == ["inf", "0.6", "0.5", "0.4", "NaN", "", ""] or [
        row["metrics.auc"] for row in rows
    ] == ["Infinity", "0.6", "0.5", "0.4", "NaN", "", ""]
    assert {row["name"] for row in rows if row["run"] == run.id} == {"'=HYPERLINK(1)"}


def test_what_csv_cannot_hold_is_a_problem(client, runs) -> None:
    for wrong in ("columns=auc", "order=auc", "filter=x"):
        assert client.get(f"/api/v1/runs.csv?{wrong}", status=400)["kind"] == "InvalidParameter"


def test_one_run(client, runs, served) -> None:
    _, ids = runs
    child = served.tracking.runs.create("0", name="inner", tags={"mlflow.parentRunId": ids[0]})
    detail = client.get(f"/api/v1/runs/{ids[0]}")
    assert detail["params"] == {"depth": "0", "rate": "1e-0"}
    (auc,) = detail["metrics"]
    assert (auc["value"], auc["step"], auc["count"], auc["min"], auc["max"]) == (
        0.5,
        2,
        3,
        0.1,
        0.9,
    )
    assert [one["id"] for one in detail["children"]] == [child.id]
    assert client.get(f"/api/v1/runs/{child.id}")["parent"]["id"] == ids[0]
    assert detail["rebuild"] is None
    assert client.get("/api/v1/runs/nothing", status=404)["kind"] == "NotFound"


def test_changes(client, runs) -> None:
    _, ids = runs
    path = f"/api/v1/runs/{ids[0]}"
    change = {"name": "best", "note": "# Why", "status": "killed"}
    changed = client.post(path, change, method="PATCH")
    assert (changed["name"], changed["note"], changed["status"]) == ("best", "# Why", "killed")
    assert changed["ended_ms"] is not None
    assert client.post(path, {"status": "failed"}, status=409, method="PATCH")
    client.post(f"{path}/tags", {"set": {"a": "1"}, "remove": ["team", "none"]}, method="PATCH")
    assert client.get(path)["tags"] == {"a": "1"}
    done = client.post("/api/v1/runs/bulk", {"ids": [ids[1], "zz"], "action": "delete"})
    assert done["changed"] == 1 and done["rejected"][0]["id"] == "zz"
    actions = [event["action"] for event in client.get("/api/v1/audit")["items"]]
    assert actions == ["run.delete", "run.end"]
    assert client.post(path, {"nam": "x"}, status=400, method="PATCH")
    assert client("PATCH", path, raw=b'{"name": 1}', headers={"content-type": "text/plain"}).status == 415  # fmt: skip  # noqa: E501


def test_a_flow_is_a_run_with_steps_and_a_rebuild(client) -> None:
    import clew

    @clew.step
    def double(x: int) -> int:
        clew.log_metric("doubled", 2 * x)
        return 2 * x

    @clew.flow
    def flow(x: int = 3) -> int:
        return double(x)

    run = flow.run(x=4)
    detail = client.get(f"/api/v1/runs/{run.id}")
    assert detail["steps"]["computed"] == 1
    assert detail["rebuild"] == f"clew rebuild {run.id}"
    assert detail["params"]["x"] == "4"
    assert [one["key"] for one in detail["metrics"]] == ["doubled"]
    assert detail["environment"]["python"]
    home = client.get("/api/v1/home")
    assert home["recent"][0]["id"] == run.id
    assert home["reuse"]["computed"] == 1
    flow.run(x=4)
    home = client.get("/api/v1/home")
    assert (home["reuse"]["computed"], home["reuse"]["reused"]) == (1, 1)
    assert home["totals"]["runs"] == 2


def test_runs_side_by_side(client, runs) -> None:
    _, ids = runs
    path = f"/api/v1/runs/compare?run={ids[0]}&run={ids[3]}"
    whole, different = client.get(path), client.get(f"{path}&differences=true")
    assert {row["key"]: row["values"] for row in whole["params"]} == {
        "depth": ["0", "0"],
        "rate": ["1e-0", "1e-3"],
    }
    assert [row["key"] for row in different["params"]] == ["rate"]
    assert whole["metrics"][0]["values"] == [0.5, "NaN"]
    assert client.get(f"/api/v1/runs/compare?run={ids[0]}&run=zz", status=404)


def test_histories(client, runs, served) -> None:
    _, ids = runs
    path = f"/api/v1/runs/metrics?run={ids[0]}&run={ids[3]}&key=auc&key=none"
    one, two = client.get(path)["series"]
    assert (one["steps"], one["values"], one["gaps"]) == ([0, 1, 2], [0.1, 0.9, 0.5], [])
    assert (two["steps"], two["values"], two["count"]) == ([1], [0.7], 3)
    assert [(gap["step"], gap["value"]) for gap in two["gaps"]] == [(0, "NaN"), (2, "NaN")]
    (cut,) = client.get(f"/api/v1/runs/metrics?run={ids[0]}&key=auc&from_step=1&to_step=1")[
        "series"
    ]
    assert cut["steps"] == [1]
    long = [Metric("long", math.sin(i / 50), i, i) for i in range(1000)]
    served.tracking.logging.log(ids[5], metrics=long)
    for method in ("lttb", "minmax"):
        path = f"/api/v1/runs/metrics?run={ids[5]}&key=long&points=50&method={method}"
        (thin,) = client.get(path)["series"]
        assert len(thin["steps"]) <= 50 and thin["count"] == 1000
        assert (thin["steps"][0], thin["steps"][-1]) == (0, 999)
        assert max(thin["values"]) > 0.99 and min(thin["values"]) < -0.99
    path = f"/api/v1/runs/metrics?run={ids[5]}&key=long&points=50&method=all"
    assert client.get(path, status=400)["got"] == "1000"


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=300), st.integers(3, 60))
@example([0.5, 0.0, 1.0, 0.0], 3)
def test_thinning_keeps_ends_order_and_size(values, most) -> None:
    if len(values) <= most:
        return
    for thin in (lttb, minmax):
        chosen = thin(range(len(values)), values, most)
        assert chosen == sorted(set(chosen))
        assert len(chosen) <= most
        assert (chosen[0], chosen[-1]) == (0, len(values) - 1)
    if most >= 6:
        kept = [values[i] for i in minmax(range(len(values)), values, most)]
        assert max(kept) == max(values) and min(kept) == min(values)
