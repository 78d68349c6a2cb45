"""The linear-time heuristic: always a plan that works, and optimal on trees."""

from __future__ import annotations

from random import Random

from clew.lineage.plan import PlanGraph, Task, linear, mincut
from clew.lineage.plan.decision import full_cost_ns
from clew.lineage.plan.state import estimate_ns
from clew.testing import plan_graphs


def test_never_better_than_the_optimum_and_always_carried_out() -> None:
    gaps = []
    for seed in range(500):
        random = Random(seed)
        graph = plan_graphs.small_graph(random, random.randint(1, 30), reach=6)
        best, quick = mincut.solve(graph), linear.solve(graph)
        gaps.append(quick.cost_ns - best.cost_ns)
    assert min(gaps) == 0
    assert max(gaps) > 0


def tree(random: Random, tasks: int) -> PlanGraph:
    """Return a graph in which no task has two consumers."""
    free: list[int] = []
    drawn = []
    for at in range(tasks):
        inputs = [free.pop(random.randrange(len(free))) for _ in range(min(len(free), 2))]
        load_s = random.choice([None, random.uniform(0, 9)])
        drawn.append(Task(at, tuple(inputs), random.uniform(0, 3), load_s, at == tasks - 1))
        free.append(at)
        if random.random() < 0.5:
            random.shuffle(free)
    return PlanGraph(drawn)


def test_optimal_on_trees() -> None:
    for seed in range(300):
        random = Random(seed)
        graph = tree(random, random.randint(1, 40))
        assert linear.solve(graph).cost_ns == mincut.solve(graph).cost_ns, f"seed {seed}"


def test_estimates_stay_bounded_where_sharing_doubles_them() -> None:
    graph = plan_graphs.braid(Random(0), 2_000)
    assert max(estimate_ns(graph, at_hand=[False] * 2_000)) <= full_cost_ns(graph)
    assert linear.solve(graph).cost_ns <= full_cost_ns(graph)
