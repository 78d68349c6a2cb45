"""Which rows to label next, where assertions are violated: a bandit over assertions (BAL).

An assertion whose violations became fewer after the last labels is worth more of them; where none
did, those that a model is unsure of are taken, or any (Kang et al. 2020, algorithm 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from clew.debug.assertions.suite import Report
from clew.errors import InvalidParameter

_EXPLORED, _LEAST = 0.25, 0.01


def choose(
    report: Report,
    count: int,
    *,
    before: Mapping[str, int] | None = None,
    confidence: Sequence[float] | None = None,
    labelled: Sequence[int] = (),
    seed: int = 0,
) -> tuple[int, ...]:
    """Return the rows to label next.

    Parameters
    ----------
    report : Report
        What assertions find in the answers of the newest model.
    count : int
        How many rows.
    before : mapping of str to int, optional
        `Report.fired` of the model before, which had fewer labels; without it all assertions count
        alike.
    confidence : sequence of float, optional
        The model's, row by row: where no assertion is worth it, the least are taken.
    labelled : sequence of int
        Rows that have their label.

    Raises
    ------
    InvalidParameter
        When `count` is below 1.
    """
    if count < 1:
        raise InvalidParameter("rows to choose", got=str(count), expected="1 or more")
    random = np.random.default_rng(seed)
    free = np.ones(len(report.scores), dtype=bool)
    free[list(labelled)] = False
    weights = _weights(report, before)
    chosen: list[int] = []
    scores = np.nan_to_num(report.scores)
    while len(chosen) < count and free.any():
        open_ = ((scores > 0) & free[:, None]).any(axis=0)
        at = None
        if open_.any() and (weights.any() or before is None):
            explored = random.random() < _EXPLORED or not (weights * open_).any()
            share = open_.astype(float) if explored else weights * open_
            which = int(random.choice(len(share), p=share / share.sum()))
            at = _by_rank(scores[:, which] * free, random)
        if at is None:
            at = _unsure(free, confidence, random)
        free[at] = False
        chosen.append(at)
    return tuple(chosen)


def _weights(report: Report, before: Mapping[str, int] | None) -> NDArray[np.float64]:
    """Return by what share each assertion is violated less often; all 0 where none is much."""
    if before is None:
        return np.ones(len(report.names))
    found = []
    for name, now in report.fired.items():
        was = before.get(name, 0)
        found.append(max(0.0, (was - now) / was) if was else 0.0)
    weights = np.array(found)
    return weights if (weights >= _LEAST).any() else np.zeros(len(found))


def _by_rank(scores: NDArray[np.float64], random: np.random.Generator) -> int:
    """Return a row that violates, the likelier the worse it is among these."""
    rows = np.flatnonzero(scores > 0)
    ranks = scores[rows].argsort().argsort() + 1.0
    return int(random.choice(rows, p=ranks / ranks.sum()))


def _unsure(
    free: NDArray[np.bool_], confidence: Sequence[float] | None, random: np.random.Generator
) -> int:
    rows = np.flatnonzero(free)
    if confidence is None:
        return int(random.choice(rows))
    return int(rows[np.asarray(confidence, dtype=float)[rows].argmin()])
