"""The optimal plan: equal to brute force, lawful, deterministic, and fast."""

from __future__ import annotations

import itertools
import math
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.lineage.plan import Plan, PlanGraph, State, Task, linear, mincut, reduce
from clew.testing import plan_graphs, plan_oracle

costs_s = st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.0, 3.0, 8.0]) | st.floats(0, 1e6)


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> PlanGraph:
    tasks = []
    for at in range(draw(st.integers(1, most))):
        inputs = draw(st.sets(st.integers(0, at - 1), max_size=3)) if at else ()
        tasks.append(
            Task(
                at,
                tuple(sorted(inputs)),
                draw(costs_s),
                draw(st.none() | st.just(math.inf) | costs_s),
                required=draw(st.booleans()),
                must_run=draw(st.sampled_from([False, False, False, True])),
            )
        )
    return PlanGraph(tasks)


def rank(plan: Plan) -> tuple[int, int, int]:
    """What a plan is judged by: nanoseconds, tasks computed, tasks loaded from the store."""
    loaded = [plan.graph[key] for key in plan.keys(State.LOAD)]
    stored = sum(not task.in_memory for task in loaded)
    return plan.cost_ns, len(plan.keys(State.COMPUTE)), stored


@pytest.fixture(params=["reduced", "cut alone"])
def every_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with the rules that settle easy tasks, and with everything left to the cut."""
    if request.param == "cut alone":
        monkeypatch.setattr(reduce, "MAX_ROUNDS", 0)


@pytest.mark.parametrize("reach", [9, 4])
def test_it_costs_what_brute_force_finds(every_path: None, reach: int) -> None:
    for seed in range(1_000):
        random = Random(seed)
        graph = plan_graphs.small_graph(random, random.randint(1, 9), reach=reach)
        assert rank(mincut.solve(graph)) == rank(plan_oracle.solve(graph)), f"seed {seed}"


@settings(max_examples=300)
@given(graphs())
def test_it_is_brute_force_on_any_graph(graph: PlanGraph) -> None:
    assert rank(mincut.solve(graph)) == rank(plan_oracle.solve(graph))


@settings(max_examples=150)
@given(graphs(), st.data())
def test_storing_a_value_never_makes_a_plan_dearer(graph: PlanGraph, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([task.key for task in graph.tasks]))
    stored_s = data.draw(costs_s)
    before = graph[key].load_s
    better = graph.learn(stored={key: stored_s if before is None else min(before, stored_s)})
    assert mincut.solve(better).cost_ns <= mincut.solve(graph).cost_ns


@settings(max_examples=150)
@given(graphs(), st.data())
def test_asking_for_more_never_makes_a_plan_cheaper(graph: PlanGraph, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(graph) - 1))
    task = graph.tasks[at]
    asked = Task(task.key, task.inputs, task.compute_s, task.load_s, True, task.must_run)
    more = PlanGraph([*graph.tasks[:at], asked, *graph.tasks[at + 1 :]])
    assert mincut.solve(more).cost_ns >= mincut.solve(graph).cost_ns


def test_the_order_of_tasks_does_not_matter(every_path: None) -> None:
    for seed in range(200):
        random = Random(seed)
        graph = plan_graphs.small_graph(random, 9, reach=4)
        plan = mincut.solve(graph)
        shuffled = list(graph.tasks)
        random.shuffle(shuffled)
        assert mincut.solve(PlanGraph(shuffled)).states == plan.states


@pytest.mark.parametrize("compute_s", [0.0, 1.0])
def test_ties_prefer_loading_to_computing_and_pruning_to_both(compute_s: float) -> None:
    tasks = [
        Task("a", (), 0.0, 0.0),
        Task("b", ("a",), compute_s, compute_s, required=True),
        Task("unused", ("b",), 0.0, 0.0),
    ]
    plan = mincut.solve(PlanGraph(tasks))
    assert plan.states == {"a": State.PRUNE, "b": State.LOAD, "unused": State.PRUNE}


def test_a_shared_ancestor_is_paid_once() -> None:
    tasks = [Task("rows", (), 10.0)]
    tasks += [Task(f"out{i}", ("rows",), 0.1, 6.0, required=True) for i in range(3)]
    plan = mincut.solve(PlanGraph(tasks))
    assert plan.cost_s == pytest.approx(10.3)
    assert plan.keys(State.COMPUTE) == ("rows", "out0", "out1", "out2")
    # On its own, each output would rather be loaded: that is what the linear pass sees.
    assert linear.solve(PlanGraph(tasks)).cost_s == pytest.approx(18.0)


def test_what_must_run_is_computed_and_its_inputs_are_there() -> None:
    tasks = [Task("a", (), 5.0, 1.0), Task("b", ("a",), 1.0, 0.0, must_run=True)]
    assert mincut.solve(PlanGraph(tasks)).states == {"a": State.LOAD, "b": State.COMPUTE}


def test_nothing_asked_nothing_done() -> None:
    assert mincut.solve(PlanGraph([Task("a"), Task("b", ("a",))])).keys(State.PRUNE) == ("a", "b")
    assert mincut.solve(PlanGraph([])).cost_ns == 0


def test_costs_of_all_sizes_are_exact() -> None:
    """A nanosecond decides, even beside ten years; sums of floats would lose it."""
    years_s = 3.2e8
    for load_s, best in ((2e-9, State.LOAD), (4e-9, State.COMPUTE)):
        tasks = [
            Task("a", (), 3e-9, load_s, required=True),
            Task("b", (), years_s, required=True),
            Task("huge", (), 1e300, 1e299, required=True),
        ]
        assert mincut.solve(PlanGraph(tasks)).state("a") is best


@pytest.mark.parametrize("shape", plan_graphs.LARGE)
def test_large_graphs_take_a_bounded_multiple_of_the_linear_pass(shape: str) -> None:
    graph = plan_graphs.LARGE[shape](Random(1), 10_000)
    linear_s, quick = cpu_seconds(linear.solve, graph)
    mincut_s, best = cpu_seconds(mincut.solve, graph)
    assert best.cost_ns <= quick.cost_ns
    assert mincut_s <= 500 * linear_s


def test_neighbouring_plans_are_no_better() -> None:
    """On graphs too large for brute force, no change of one or two stored tasks helps."""
    for seed in range(10):
        graph = plan_graphs.layered(Random(seed), 60, width=6)
        best = mincut.solve(graph)
        loadable = [task.key for task in graph.tasks if task.stored]
        for gone in itertools.combinations(loadable[::7], 2):
            without = graph.learn(stored=dict.fromkeys(gone))
            assert mincut.solve(without).cost_ns >= best.cost_ns


def cpu_seconds(solve, graph: PlanGraph) -> tuple[float, Plan]:
    runs = []
    for _ in range(2):
        started = time.process_time()
        plan = solve(graph)
        runs.append(time.process_time() - started)
    return max(min(runs), 1e-3), plan
