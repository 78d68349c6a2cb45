"""Architecture search: what is found in NAS-Bench-201's table, and how large a space is.

Needs the table `nas/nasbench201_accuracy.csv.gz` of the shared data.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.data import beside
from bench.figure import Figure

TABLES = ("cifar10", "cifar100", "imagenet")
POINTS = (50, 200)


def figures(quick: bool) -> Iterator[Figure]:
    yield from regrets(2 if quick else 10)
    yield cells()


def regrets(seeds: int) -> Iterator[Figure]:
    """Regret after 50 and 200 evaluations, mean over the seeds, the worst of three tables.

    Cells are chosen by their validation accuracy; the regret is in points of test accuracy,
    against the cell whose validation accuracy is the best of all.
    """
    from clew.select import optimize
    from clew.select.nas.edges import edge_cells, edge_marks, path_counts, read
    from clew.select.samplers.chance import RandomSampler
    from clew.select.samplers.evolution import EvolutionSampler
    from clew.select.samplers.structures import StructureSampler

    rows = table()
    space = edge_cells()
    found: dict[str, dict[str, Any]] = {}
    for name in TABLES:
        scores = {
            tuple(read(row["cellstr"]).items()): (
                float(row[f"{name}-val"]),
                float(row[f"{name}-test"]),
            )
            for row in rows
        }
        top = max(scores.values())[1]

        def regret(sampler: Any, seed: int, scores: Any = scores, top: float = top) -> list[float]:
            def objective(trial: Any) -> float:
                return -scores[tuple(trial.items())][0]

            study = optimize(objective, max(POINTS), space=space, sampler=sampler, seed=seed, lag=1)
            chosen = [scores[tuple(trial.configuration.items())] for trial in study.trials]
            return [top - max(chosen[:point])[1] for point in POINTS]

        found[name] = {
            "random": np.mean([regret(RandomSampler(), s) for s in range(seeds * 10)], axis=0),
            "evolution": np.mean(
                [
                    regret(EvolutionSampler(population=10, tournament=5), s)
                    for s in range(seeds * 5)
                ],
                axis=0,
            ),
            "clew": np.mean(
                [regret(StructureSampler((path_counts, edge_marks)), s) for s in range(seeds)],
                axis=0,
            ),
        }
    text = "; ".join(
        f"{name}: " + ", ".join(f"{who} {v[0]:.2f} and {v[1]:.2f}" for who, v in each.items())
        for name, each in found.items()
    )
    half = float(max(each["clew"][0] - each["random"][0] / 2 for each in found.values()))
    over = float(max(each["clew"][1] - each["evolution"][1] for each in found.values()))
    yield Figure("nas.nb201_regret50", half, "points", peer_name=text)
    yield Figure("nas.nb201_regret200", over, "points", peer_name=text)


def cells() -> Figure:
    """Enumerate NAS-Bench-101's cells; the paper counts 423,624."""
    from clew.select.nas.cells import count_cells

    count = count_cells()
    return Figure(
        "nas.nb101_cells",
        count,
        "count",
        peer=423_624,
        peer_name="the paper",
        agrees=count == 423_624,
    )


def table() -> list[dict[str, str]]:
    """Return the rows of the table of NAS-Bench-201."""
    with gzip.open(beside("nas", "nasbench201_accuracy.csv.gz"), "rt", newline="") as file:
        return list(csv.DictReader(file))
