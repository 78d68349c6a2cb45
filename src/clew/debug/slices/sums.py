"""Sums over many groups of rows: all groups that begin with the same values in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from clew.debug.slices.index import Index


def sums(
    rows: Index,
    sets: NDArray[np.int64],
    first: NDArray[np.float64],
    more: Sequence[NDArray[np.float64]] = (),
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return how many rows have all values of each set, and sums of numbers over them.

    Parameters
    ----------
    sets : array of shape (sets, values)
        Numbers of values, of different columns.
    first, more : array of shape (rows,), and more of them
        What is summed.
    """
    count = np.zeros(len(sets), dtype=np.int64)
    totals = [np.zeros(len(sets)) for _ in (first, *more)]
    size = len(rows.values)
    for mine, inside, codes in families(rows, sets):
        last = sets[mine, -1]
        count[mine] = np.bincount(codes, minlength=size)[last]
        for total, numbers in zip(totals, (first, *more), strict=True):
            total[mine] = np.bincount(codes, numbers[inside], size)[last]
    return count, totals[0], totals[1:]


def largest(
    rows: Index, sets: NDArray[np.int64], numbers: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the largest of numbers, 0 or more, over the rows that have all values of each set."""
    found = np.zeros(len(sets))
    for mine, inside, codes in families(rows, sets):
        most = np.zeros(len(rows.values))
        np.maximum.at(most, codes, numbers[inside])
        found[mine] = most[sets[mine, -1]]
    return found


def families(
    rows: Index, sets: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]]:
    """Yield sets that differ in their last value only, and that in one column.

    Yields
    ------
    sets, inside : array
        Which sets, and the rows that have all their values but the last.
    codes : array
        What these rows have in that column.
    """
    groups = np.unique(sets[:, :-1], axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(groups, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        inside = np.arange(rows.rows)
        for value in sets[members[0], :-1]:
            inside = inside[rows.codes[inside, rows.columns[value]] == value]
        columns = rows.columns[sets[members, -1]]
        for column in np.unique(columns):
            yield members[columns == column], inside, rows.codes[inside, column]
