"""Which candidates an ensemble has, and how often (Caruana et al., ICML 2004)."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from clew.select.automl.task import Floats, Task


def selected(
    predictions: Mapping[int, Floats],
    y: Floats,
    task: Task,
    *,
    rounds: int = 40,
    deadline: float | None = None,
) -> dict[int, float]:
    """Return weights of candidates, by greedy selection with replacement.

    Starts from the best candidate and adds the one that helps most, until none helps.

    Parameters
    ----------
    predictions : mapping of int to ndarray
        Out-of-fold predictions of each candidate.
    deadline : float, optional
        Point of the monotonic clock at which no further round begins.
    """
    alone = {name: task.score(y, predicted) for name, predicted in predictions.items()}
    first = max(alone, key=lambda name: alone[name])
    counts, total, best = {first: 1}, predictions[first].copy(), alone[first]
    for size in range(2, rounds + 1):
        if deadline is not None and time.monotonic() >= deadline:
            break
        scores = {
            name: task.score(y, (total + predicted) / size)
            for name, predicted in predictions.items()
        }
        chosen = max(scores, key=lambda name: scores[name])
        if scores[chosen] <= best + 1e-9:
            break
        counts[chosen] = counts.get(chosen, 0) + 1
        total += predictions[chosen]
        best = scores[chosen]
    whole = sum(counts.values())
    return {name: count / whole for name, count in counts.items()}


def blended(predictions: Mapping[int, Floats], weights: Mapping[int, float]) -> Floats:
    """Return the weighted mean of predictions."""
    total = np.zeros_like(next(iter(predictions.values())))
    for name, weight in weights.items():
        total += weight * predictions[name]
    return total
