"""A plan says why, and refuses to be one that cannot be carried out."""

from __future__ import annotations

import json
from random import Random

import pytest

from clew.errors import PlanError
from clew.lineage.plan import Plan, PlanGraph, State, Task, linear, mincut
from clew.lineage.plan.explain import format_bytes, format_seconds
from clew.testing import plan_graphs

GRAPH = PlanGraph(
    [
        Task("rows", (), 2.0, size_bytes=10),
        Task("clean", ("rows",), 0.5, 0.1, size_bytes=3_200_000),
        Task("bins", ("clean",), 0.0004, 0.0011, size_bytes=3_200_000),
        Task("fit", ("bins",), 4.0, required=True),
        Task("plot", ("fit",), 1.0, 0.0, must_run=True),
        Task("describe", ("clean",), 0.2, required=True),
        Task("other", ("rows",), 1.0),
        Task("memory", (), 1.0, 0.0, required=True),
    ]
)


@pytest.mark.parametrize(
    ("key", "code", "text"),
    [
        ("rows", "not-needed", "pruned: nothing that runs needs it (clean loaded instead)"),
        (
            "clean",
            "cheaper-to-load",
            "loaded: reading 3.2 MB beats computing it (100 ms < 2.5 s)",
        ),
        ("bins", "cheaper-to-compute", "computed: cheaper than loading 3.2 MB (400 µs < 1.1 ms)"),
        ("fit", "not-stored", "computed: no value of it is stored"),
        ("plot", "must-run", "computed: it has to run, whatever is stored"),
        ("other", "not-needed", "pruned: nothing that runs needs it"),
        ("memory", "in-memory", "loaded: its value is in memory already"),
    ],
)
def test_each_decision_has_its_reason(key: str, code: str, text: str) -> None:
    reason = mincut.solve(GRAPH).reason(key)
    assert (reason.code, reason.text) == (code, text)


def test_a_plan_is_plain_data() -> None:
    plan = json.loads(json.dumps(mincut.solve(GRAPH).to_json()))
    assert plan["solver"] == "mincut"
    assert plan["cost_s"] == pytest.approx(5.3004)
    assert plan["full_cost_s"] == pytest.approx(8.7004)
    by_key = {task["key"]: task for task in plan["tasks"]}
    assert by_key["bins"]["fields"]["needed_by"] == ["fit"]
    assert by_key["clean"]["fields"]["recompute_s"] == 2.5
    ids = PlanGraph([Task(b"\x01\xff", required=True)])
    assert mincut.solve(ids).to_json()["tasks"][0]["key"] == "01ff"


@pytest.mark.parametrize("solver", [mincut, linear])
def test_the_numbers_of_a_reason_bear_out_the_decision(solver) -> None:
    for seed in range(300):
        plan = solver.solve(plan_graphs.small_graph(Random(seed), 12, reach=5))
        for task, reason in zip(plan.graph.tasks, plan.reasons(), strict=True):
            if reason.code == "cheaper-to-compute":
                assert task.compute_s < task.load_s
            if reason.code == "cheaper-to-load":
                assert task.load_s <= reason.fields["recompute_s"]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ([State.PRUNE, State.COMPUTE], "task a is pruned, and b needs it"),
        ([State.COMPUTE, State.PRUNE], "task b is pruned, and the caller needs it"),
        ([State.LOAD, State.COMPUTE], "task a is to be loaded, and is not stored"),
        ([State.COMPUTE, State.LOAD], "task b must run, and is not computed"),
    ],
)
def test_what_cannot_be_carried_out_is_no_plan(choices: list[State], message: str) -> None:
    must_run = "must run" in message
    graph = PlanGraph([Task("a"), Task("b", ("a",), 1.0, 1.0, True, must_run)])
    with pytest.raises(PlanError, match=message):
        Plan(graph, tuple(choices))


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (format_seconds(0), "0 s"),
        (format_seconds(3e-9), "3.0 ns"),
        (format_seconds(0.0123), "12 ms"),
        (format_seconds(150), "2.5 min"),
        (format_bytes(999), "999 bytes"),
        (format_bytes(1_500), "1.5 kB"),
        (format_bytes(25_000_000_000), "25 GB"),
    ],
)
def test_quantities_are_shown_for_people(shown: str, text: str) -> None:
    assert shown == text
