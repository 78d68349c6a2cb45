"""Rows that repeat an earlier one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clew.data.schema.cells import cells_of
from clew.data.tables import Columns

_ODD = np.uint64(0x9E3779B97F4A7C15)


def twins(columns: Columns) -> NDArray[np.int64]:
    """Return the rows that equal an earlier one in every column, in order.

    Rows are compared by 64 bits of a hash: of forty tables of a billion rows, one has a pair that
    is taken for equal and is not.
    """
    mixed: NDArray[np.uint64] | None = None
    for name in columns.names:
        cells = cells_of(columns.read(name))
        if cells.kind == "other":
            continue
        _, codes = cells.coded
        codes = np.where(cells.odd, -2, codes)
        if mixed is None:
            mixed = np.full(len(codes), 1, dtype=np.uint64)
        mixed = _mix(mixed ^ codes.astype(np.uint64))
    if mixed is None:
        return np.empty(0, dtype=np.int64)
    _, first = np.unique(mixed, return_index=True)
    again = np.ones(len(mixed), dtype=bool)
    again[first] = False
    return np.flatnonzero(again)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return bits well mixed (the finaliser of SplitMix64: Steele, Lea and Flood, 2014)."""
    mixed = values + _ODD
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
