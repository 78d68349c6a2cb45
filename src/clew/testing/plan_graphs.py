"""Random graphs for planners: small ones that an oracle can try out, large ones that are hard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from clew.lineage.plan.graph import PlanGraph, Task

COSTS_S = (0.0, 0.0, 0.5, 1.0, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Few different costs, so that ties are frequent."""


def small_graph(random: Random, tasks: int, *, reach: int = 9) -> PlanGraph:
    """Return a graph with zero and equal costs, values not stored, and tasks that must run.

    Parameters
    ----------
    reach : int
        How far back among the tasks inputs may lie: the nearer, the more they share.
    """
    drawn = []
    for at in range(tasks):
        before = range(max(0, at - reach), at)
        inputs = random.sample(before, random.randint(0, min(len(before), 3)))
        load_s = random.choice([None, float("inf"), *COSTS_S, *COSTS_S])
        required, must_run = random.random() < 0.25, random.random() < 0.08
        drawn.append(Task(at, tuple(inputs), random.choice(COSTS_S), load_s, required, must_run))
    random.shuffle(drawn)
    return PlanGraph(drawn)


def sparse(random: Random, tasks: int) -> PlanGraph:
    """Return a graph with inputs anywhere before, three in five tasks stored."""
    drawn = []
    for at in range(tasks):
        inputs = random.sample(range(at), random.randint(0, min(at, 3)))
        compute_s = random.random()
        load_s = random.uniform(0.5, 6) * compute_s if random.random() < 0.6 else None
        required = at == tasks - 1 or random.random() < 0.02
        drawn.append(Task(at, tuple(inputs), compute_s, load_s, required))
    return PlanGraph(drawn)


def layered(random: Random, tasks: int, *, width: int = 20) -> PlanGraph:
    """Return layers of which each task needs three of the one before, all stored."""
    drawn = []
    for at in range(tasks):
        first = at // width * width
        inputs = random.sample(range(first - width, first), 3) if first else []
        compute_s = random.random()
        load_s = random.uniform(1, 30) * compute_s
        drawn.append(Task(at, tuple(inputs), compute_s, load_s, at >= tasks - width))
    return PlanGraph(drawn)


def shared_sources(random: Random, tasks: int) -> PlanGraph:
    """Return outputs that need three sources each: loading pays only for a few."""
    half = tasks // 2
    drawn = [Task(at, (), random.random()) for at in range(half)]
    for at in range(half, tasks):
        inputs = tuple(random.sample(range(half), 3))
        drawn.append(Task(at, inputs, 0.01, random.uniform(0.2, 1.2), required=True))
    return PlanGraph(drawn)


def braid(random: Random, tasks: int) -> PlanGraph:
    """Return a chain in which each task needs the two before it: nothing but sharing."""
    drawn = []
    for at in range(tasks):
        compute_s = random.random()
        load_s = random.uniform(1, tasks / 10) * compute_s if random.random() < 0.1 else None
        inputs = tuple(range(max(0, at - 2), at))
        drawn.append(Task(at, inputs, compute_s, load_s, at == tasks - 1))
    return PlanGraph(drawn)


LARGE: Mapping[str, Callable[[Random, int], PlanGraph]] = {
    "sparse": sparse,
    "layered": layered,
    "shared_sources": shared_sources,
    "braid": braid,
}
