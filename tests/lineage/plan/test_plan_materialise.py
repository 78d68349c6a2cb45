"""What is worth keeping: while a flow runs, and across runs."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.lineage.plan import Plan, PlanGraph, State, Task
from clew.lineage.plan.materialise import (
    Artifact,
    OnlineMaterialiser,
    cumulative_s,
    potentials,
    select_by_utility,
)


@pytest.mark.parametrize(
    ("compute_s", "size_bytes", "keep", "code"),
    [
        (2.01, 100, True, "worth-storing"),
        (2.0, 100, False, "cheap-to-compute"),
        (2.01, 101, False, "no-budget"),
        (1.0, 101, False, "cheap-to-compute"),
    ],
)
def test_kept_if_computing_costs_more_than_two_loads_and_it_fits(
    compute_s: float, size_bytes: int, keep: bool, code: str
) -> None:
    materialiser = OnlineMaterialiser(100)
    decision = materialiser.decide(
        cumulative_compute_s=compute_s, load_s=1.0, size_bytes=size_bytes
    )
    assert (decision.keep, decision.reason.code) == (keep, code)
    assert materialiser.left_bytes == (0 if keep else 100)
    assert decision.reason.fields["left_bytes"] == 100


def test_space_is_given_back() -> None:
    materialiser = OnlineMaterialiser(100, used_bytes=90)
    costs = {"cumulative_compute_s": 9.0, "load_s": 0.1, "size_bytes": 20}
    assert not materialiser.decide(**costs).keep
    materialiser.release(15)
    assert materialiser.decide(**costs).keep
    assert materialiser.left_bytes == 5


def test_threads_together_keep_the_budget() -> None:
    materialiser = OnlineMaterialiser(1_000)
    kept = []

    def work() -> None:
        for _ in range(100):
            decision = materialiser.decide(cumulative_compute_s=1, load_s=0, size_bytes=7)
            kept.append(decision.keep)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(kept) == 1_000 // 7


@pytest.mark.parametrize("sizes", [(-1, 0), (1, -1)])
def test_a_budget_below_zero_is_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(InvalidParameter):
        OnlineMaterialiser(sizes[0], used_bytes=sizes[1])


def test_cumulative_time_counts_each_ancestor_once_and_stops_at_loads() -> None:
    tasks = [Task("raw", (), 50.0), Task("rows", ("raw",), 9.0, 0.5)]
    tasks += [Task("a", ("rows",), 1.0), Task("b", ("rows",), 2.0)]
    tasks.append(Task("c", ("a", "b"), 4.0, required=True))
    compute = State.COMPUTE
    plan = Plan(PlanGraph(tasks), (State.PRUNE, State.LOAD, compute, compute, compute))
    assert cumulative_s(plan, "c") == 7.5
    assert cumulative_s(plan, "rows") == 0.5
    assert cumulative_s(plan, "raw") == 0.0


def test_potential_is_the_best_model_that_a_value_leads_to() -> None:
    tasks = [Task("rows"), Task("bins", ("rows",)), Task("bad", ("rows",)), Task("good", ("bins",))]
    tasks.append(Task("report", ("bad",)))
    found = potentials(PlanGraph(tasks), {"bad": 0.6, "good": 0.9})
    assert found == {"rows": 0.9, "bins": 0.9, "bad": 0.6, "good": 0.9, "report": 0.0}


def test_what_loads_no_faster_than_it_is_made_is_never_kept() -> None:
    useless = Artifact("useless", 99, recreate_s=1.0, load_s=1.0, size_bytes=1, potential=1.0)
    useful = Artifact("useful", 1, recreate_s=1.0, load_s=0.5, size_bytes=10)
    chosen = select_by_utility([useless, useful], 1_000)
    assert chosen.kept == ("useful",)
    assert chosen.decisions["useless"].reason.code == "no-utility"


def test_the_weight_chooses_between_cost_and_quality() -> None:
    dear = Artifact("dear", 5, recreate_s=100.0, load_s=0.1, size_bytes=10, potential=0.1)
    good = Artifact("good", 1, recreate_s=1.0, load_s=0.1, size_bytes=10, potential=0.9)
    by_cost = select_by_utility([good, dear], 10, potential_weight=0.0)
    by_quality = select_by_utility([good, dear], 10, potential_weight=1.0)
    assert (by_cost.kept, by_quality.kept) == (("dear",), ("good",))
    assert by_cost.decisions["good"].reason.code == "no-budget"
    with pytest.raises(InvalidParameter):
        select_by_utility([good], 10, potential_weight=1.5)


artifacts = st.builds(
    Artifact,
    key=st.integers(),
    frequency=st.integers(0, 50),
    recreate_s=st.floats(0, 1e4),
    load_s=st.floats(0, 1e2),
    size_bytes=st.integers(0, 10_000),
    potential=st.floats(0, 1),
)


@given(st.lists(artifacts, unique_by=lambda a: a.key, max_size=20), st.integers(0, 30_000))
def test_the_budget_holds_and_what_was_left_out_did_not_fit(
    found: list[Artifact], budget_bytes: int
) -> None:
    chosen = select_by_utility(found, budget_bytes)
    sizes = {a.key: a.size_bytes for a in found}
    assert chosen.used_bytes == sum(sizes[key] for key in chosen.kept) <= budget_bytes
    assert set(chosen.decisions) == set(sizes)
    utility = {key: d.reason.fields["utility"] for key, d in chosen.decisions.items()}
    for key, decision in chosen.decisions.items():
        if decision.reason.code == "no-budget":
            better = sum(sizes[k] for k in chosen.kept if utility[k] >= utility[key])
            assert better + sizes[key] > budget_bytes
