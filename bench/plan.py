"""The planner: optimal on every random graph, what the linear pass loses, what the optimum takes.

Brute force tries all plans of at most nine tasks; times are CPU seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random

from bench.figure import Figure
from clew.lineage.plan import Plan, PlanGraph, linear, mincut
from clew.testing import plan_graphs, plan_oracle


def figures(quick: bool) -> Iterator[Figure]:
    yield optimal(1_000 if quick else 5_000)
    yield from gap(40 if quick else 200)
    yield slowest(2_000 if quick else 10_000)


def optimal(count: int) -> Figure:
    """Share of small graphs on which the min-cut costs what brute force finds."""
    equal = 0
    for seed in range(count):
        random = Random(seed)
        reach = random.choice([3, 4, 9])
        graph = plan_graphs.small_graph(random, random.randint(1, 9), reach=reach)
        equal += mincut.solve(graph).cost_ns == plan_oracle.solve(graph).cost_ns
    share = equal / count
    return Figure("plan.optimal", share, "share", equal, count, "brute force", agrees=share == 1.0)


def gap(count: int) -> Iterator[Figure]:
    """How much dearer than the optimum the linear plan is, over shapes of 300 tasks."""
    gaps = []
    for seed in range(count):
        for shape in plan_graphs.LARGE.values():
            graph = shape(Random(seed), 300)
            gaps.append(linear.solve(graph).cost_ns / mincut.solve(graph).cost_ns - 1)
    sound = min(gaps) >= 0
    mean = sum(gaps) / len(gaps)
    yield Figure("plan.linear_gap", mean, "share", peer_name="min-cut", agrees=sound)
    yield Figure("plan.linear_gap_worst", max(gaps), "share", peer_name="min-cut", agrees=sound)


def slowest(tasks: int) -> Figure:
    """CPU time of the optimal plan to that of the linear one, on the worst of the shapes."""
    worst: Figure | None = None
    for shape in plan_graphs.LARGE.values():
        graph = shape(Random(1), tasks)
        linear_s, quick = timed(linear.solve, graph)
        mincut_s, best = timed(mincut.solve, graph)
        sound = best.cost_ns <= quick.cost_ns
        ratio = mincut_s / linear_s
        if worst is None or ratio > worst.value:
            worst = Figure("plan.mincut_time", ratio, "ratio", mincut_s, linear_s, "linear", sound)
    assert worst is not None
    return worst


def timed(solve: Callable[[PlanGraph], Plan], graph: PlanGraph) -> tuple[float, Plan]:
    """Return the CPU seconds of the better of two runs, and the plan."""
    seconds = []
    for _ in range(2):
        started = time.process_time()
        plan = solve(graph)
        seconds.append(time.process_time() - started)
    return min(seconds), plan
