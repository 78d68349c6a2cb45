"""Planning again while a flow runs."""

from __future__ import annotations

from random import Random

import pytest

from clew.errors import PlanError
from clew.lineage.plan import Plan, PlanGraph, State, Task, linear, mincut, resolve, solve
from clew.testing import plan_graphs


def executed(plan: Plan, steps: int) -> list[int | str | bytes]:
    """Return what is known after so many steps of a plan, carried out in order."""
    order = [plan.graph.tasks[at].key for at in plan.graph.order]
    return [key for key in order if plan.state(key) is not State.PRUNE][:steps]


def test_the_rest_of_an_optimal_plan_is_the_optimal_rest() -> None:
    for seed in range(400):
        random = Random(seed)
        graph = plan_graphs.small_graph(random, 9, reach=5)
        plan = mincut.solve(graph)
        known = executed(plan, random.randint(0, 9))
        kept = resolve(graph, known, previous=plan)
        fresh = resolve(graph, known)
        assert kept.states == fresh.states, f"seed {seed}"
        assert kept.cost_ns == fresh.cost_ns <= plan.cost_ns


def test_early_cut_off_reuses_what_is_downstream() -> None:
    tasks = [Task("clean", (), 1.0, must_run=True), Task("fit", ("clean",), 100.0)]
    tasks.append(Task("score", ("fit",), 1.0, required=True))
    graph = PlanGraph(tasks)
    plan = solve(graph)
    assert plan.cost_s == 102.0
    # The edited step gave the value that it gave before: the model that follows is stored.
    rest = resolve(graph, ["clean"], {"fit": 0.5, "score": 0.1}, previous=plan)
    assert rest.states == {"clean": State.PRUNE, "fit": State.PRUNE, "score": State.LOAD}
    assert rest.cost_s == pytest.approx(0.1)


def test_a_value_that_cannot_be_read_is_computed_after_all() -> None:
    graph = PlanGraph([Task("a", (), 2.0), Task("b", ("a",), 1.0, 0.1, required=True)])
    plan = solve(graph)
    assert plan.keys(State.LOAD) == ("b",)
    assert resolve(graph, (), {"b": None}, previous=plan).keys(State.COMPUTE) == ("a", "b")


def test_known_values_that_nobody_needs_any_more_are_released() -> None:
    graph = PlanGraph([Task("a"), Task("b", ("a",)), Task("c", ("b",), required=True)])
    plan = resolve(graph, ["a", "b"], previous=solve(graph))
    assert plan.states == {"a": State.PRUNE, "b": State.LOAD, "c": State.COMPUTE}
    assert resolve(graph, ["a", "b", "c"]).state("c") is State.LOAD


def test_a_value_that_came_from_elsewhere_spares_its_inputs() -> None:
    graph = PlanGraph([Task("a", (), 9.0), Task("b", ("a",), 1.0, required=True)])
    plan = resolve(graph, ["b"], previous=solve(graph))
    assert plan.states == {"a": State.PRUNE, "b": State.LOAD}
    assert plan.cost_ns == 0


def test_beyond_the_limit_the_linear_plan_is_made() -> None:
    graph = plan_graphs.sparse(Random(3), 300)
    assert solve(graph).solver == "mincut"
    assert solve(graph, exact_up_to=299).choices == linear.solve(graph).choices


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(PlanError, match="nothing"):
        resolve(PlanGraph([Task("a")]), ["nothing"])
