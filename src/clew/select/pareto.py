"""Several objectives: non-dominated ranks, crowding, the Pareto front and its volume.

Everything is minimised. Source: Deb et al., "A fast and elitist multi-objective genetic algorithm:
NSGA-II", 2002, sections III-A and III-B; constraints by section VI-A.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def dominates(values: Floats, violations: Floats | None = None) -> NDArray[np.bool_]:
    """Tell for each pair whether the first dominates the second.

    Parameters
    ----------
    values : ndarray of shape (n, n_objectives)
        What is to be small.
    violations : ndarray of shape (n,), optional
        Broken constraints: the one that breaks less dominates.

    Returns
    -------
    ndarray of shape (n, n)
    """
    no_worse = np.all(values[:, None, :] <= values[None, :, :], axis=2)
    better = np.any(values[:, None, :] < values[None, :, :], axis=2)
    found: NDArray[np.bool_] = no_worse & better
    if violations is None:
        return found
    less = violations[:, None] < violations[None, :]
    even = violations[:, None] == violations[None, :]
    first: NDArray[np.bool_] = less | (even & found)
    return first


def ranks(values: Floats, violations: Floats | None = None) -> NDArray[np.intp]:
    """Return the front of each point: 0 is not dominated, 1 only by front 0, …"""
    above = dominates(values, violations)
    rank = np.full(len(values), -1, dtype=np.intp)
    left, front = np.ones(len(values), dtype=bool), 0
    while left.any():
        free = left & ~(above & left[:, None]).any(axis=0)
        rank[free] = front
        left &= ~free
        front += 1
    return rank


def crowding(values: Floats, rank: NDArray[np.intp]) -> Floats:
    """Return the room of each point among those of its front; the ends have infinitely much."""
    room = np.zeros(len(values))
    for front in range(int(rank.max()) + 1 if len(rank) else 0):
        members = np.flatnonzero(rank == front)
        for column in values[members].T:
            order = np.argsort(column, kind="stable")
            room[members[order[[0, -1]]]] = np.inf
            span = column[order[-1]] - column[order[0]]
            if len(members) > 2 and np.isfinite(span) and span > 0:
                gaps = (column[order[2:]] - column[order[:-2]]) / span
                room[members[order[1:-1]]] += gaps
    return room


def front(values: Floats, violations: Floats | None = None) -> list[int]:
    """Return the indices of the Pareto front, in order; broken constraints are not on it."""
    rank = ranks(values, violations)
    kept = np.ones(len(rank), dtype=bool) if violations is None else violations <= 0
    finite = np.isfinite(values).all(axis=1)
    return np.flatnonzero((rank == 0) & kept & finite).tolist()
