"""Every sampler and scheduler against random search, on tables of real trainings.

LCBench's surrogate (validation accuracy after up to 52 epochs) and NAS-Bench-201's table. All have
what 20 full trainings cost.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from bench.figure import Figure
from bench.hpo import MOST_EPOCHS, TASKS, accuracy, space
from bench.nas import table

_TRAININGS = 20
_LEVEL = 0.05
_SAMPLERS = ("recursive", "annealing", "tpe", "gp", "cmaes", "evolution")
_SCHEDULERS = ("halving", "hyperband", "asha", "bohb")


def worse(quick: bool) -> Figure:
    """Samplers and schedulers that are significantly worse than random search on a problem.

    One-sided rank test (Mann and Whitney) over the seeds for each problem, at 5 % shared by all
    comparisons (Holm).
    """
    from scipy.stats import mannwhitneyu

    seeds = 5 if quick else 20
    tasks = TASKS[:1] if quick else TASKS[:3]
    problems: dict[str, tuple[Callable[..., float], tuple[str, ...]]] = {
        task: (lambda way, seed, task=task: _trained(task, way, seed), (*_SAMPLERS, *_SCHEDULERS))
        for task in tasks
    }
    cells = tuple(name for name in _SAMPLERS if name != "cmaes")  # it takes numbers alone
    problems["nas201"] = (_cells, cells)
    chances: dict[tuple[str, str], float] = {}
    for problem, (run, ways) in problems.items():
        chance = [run("random", 100 + seed) for seed in range(2 * seeds)]
        for way in ways:
            found = [run(way, seed) for seed in range(seeds)]
            chances[way, problem] = float(mannwhitneyu(found, chance, alternative="less").pvalue)
    ordered = sorted(chances.items(), key=lambda item: item[1])
    below = []
    for place, (which, chance_of_it) in enumerate(ordered):
        if chance_of_it > _LEVEL / (len(ordered) - place):
            break
        below.append(which)
    told = ", ".join(f"{way} on {problem}" for way, problem in below)
    least = ", ".join(f"{way} on {problem}: {p:.3f}" for (way, problem), p in ordered[:3])
    return Figure(
        "hpo.beats_random", len({way for way, _ in below}), "count", len(chances),
        peer_name=f"worse: {told}" if told else f"least p-values: {least}",
    )  # fmt: skip


FIGURES = {"hpo.beats_random": worse}


def _trained(task: str, way: str, seed: int) -> float:
    """Return the best accuracy that was seen within the epochs of so many full trainings."""
    from clew.select import Optimization

    left, best = float(_TRAININGS * MOST_EPOCHS), -np.inf
    scheduler = way if way in _SCHEDULERS else None
    sampler = None if scheduler else way

    def objective(trial: Any) -> float:
        nonlocal left, best
        found = accuracy(task, trial, trial.budget)
        left -= trial.budget - trial.spent
        trial.state = trial.budget
        if left >= 0:
            best = max(best, found)
        return -found

    study = Optimization(
        space(), sampler=sampler, scheduler=scheduler, budget=(2.0, float(MOST_EPOCHS)),
        seed=seed, lag=1,
    )  # fmt: skip
    count = 0
    while left > 0:
        count += 1 if scheduler is None else 5
        study.run(objective, count)
    return float(best)


@cache
def _scores() -> dict[tuple[Any, ...], tuple[float, float]]:
    from clew.select.nas.edges import read

    return {
        tuple(read(row["cellstr"]).items()): (float(row["cifar10-val"]), float(row["cifar10-test"]))
        for row in table()
    }


def _cells(way: str, seed: int) -> float:
    """Return the test accuracy of the cell that was chosen by its validation accuracy."""
    from clew.select import optimize
    from clew.select.nas.edges import edge_cells

    scores = _scores()
    study = optimize(
        lambda trial: -scores[tuple(trial.items())][0],
        _TRAININGS, space=edge_cells(), sampler=way, seed=seed, lag=1,
    )  # fmt: skip
    return max(scores[tuple(trial.configuration.items())] for trial in study.trials)[1]
