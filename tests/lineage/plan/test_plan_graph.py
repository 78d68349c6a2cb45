"""Tasks and their graph: what is accepted, and how the rest is refused."""

from __future__ import annotations

import itertools
import math

import pytest

from clew.errors import InvalidParameter, PlanError
from clew.lineage.plan import PlanGraph, Task


def test_inputs_come_before_their_consumers_in_any_order_of_tasks() -> None:
    graph = PlanGraph([Task("c", ("b", "a")), Task("b", ("a",)), Task("a")])
    assert [graph.tasks[at].key for at in graph.order] == ["a", "b", "c"]
    assert graph.inputs[graph.find("c")] == (1, 2)
    assert graph.consumers[graph.find("a")] == (0, 1)
    assert graph["b"].inputs == ("a",)


def test_an_input_named_twice_counts_once() -> None:
    graph = PlanGraph([Task("a"), Task("b", ("a", "a"))])
    assert graph.inputs[1] == (0,)


def test_a_cycle_is_named_along_its_arrows() -> None:
    tasks = [
        Task("x"),
        Task("a", ("c", "x")),
        Task("b", ("a",)),
        Task("c", ("b",)),
        Task("d", ("c",)),
    ]
    with pytest.raises(PlanError) as caught:
        PlanGraph(tasks)
    names = (caught.value.got or "").split(" -> ")
    assert names[0] == names[-1]
    assert set(names) == {"a", "b", "c"}
    arrows = {("a", "b"), ("b", "c"), ("c", "a")}
    assert set(itertools.pairwise(names)) == arrows


def test_a_task_that_needs_itself_is_a_cycle() -> None:
    with pytest.raises(PlanError, match="a -> a"):
        PlanGraph([Task("a", ("a",))])


def test_an_unknown_input_is_named() -> None:
    with pytest.raises(PlanError, match="task b has an unknown input\n  got: nothing"):
        PlanGraph([Task("a"), Task("b", ("a", "nothing"))])


def test_two_tasks_of_one_key_are_refused() -> None:
    with pytest.raises(PlanError, match="ab00"):
        PlanGraph([Task(b"\xab\x00"), Task(b"\xab\x00")])


def test_an_unknown_key_is_a_plan_error() -> None:
    with pytest.raises(PlanError, match="nothing"):
        PlanGraph([Task("a")])["nothing"]


@pytest.mark.parametrize(
    "costs",
    [
        *({"compute_s": bad} for bad in (-1.0, math.nan, math.inf)),
        *({"load_s": bad} for bad in (-0.5, math.nan)),
        {"size_bytes": -1},
    ],
)
def test_what_is_not_a_cost_is_refused(costs: dict[str, float]) -> None:
    with pytest.raises(InvalidParameter, match="task a"):
        Task("a", **costs)  # type: ignore[arg-type]


def test_infinite_load_time_means_not_stored() -> None:
    assert not Task("a", load_s=math.inf).stored
    assert not Task("a").stored
    assert Task("a", load_s=0.0).stored


def test_learning_leaves_the_graph_as_it_was() -> None:
    graph = PlanGraph([Task("a", must_run=True), Task("b", ("a",), load_s=1.0)])
    learned = graph.learn(["a"], {"b": None})
    assert learned["a"].in_memory
    assert not learned["a"].must_run
    assert not learned["b"].stored
    assert graph["b"].load_s == 1.0
    assert graph["a"].must_run
