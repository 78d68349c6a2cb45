"""A schema from a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.schema.cells import Cells, cells_of
from clew.data.schema.schema import Column, Schema, Value
from clew.data.schema.twins import twins
from clew.data.tables import columns_of
from clew.errors import InvalidParameter

_MOST_SHAPES, _LONGEST_SHAPE = 20, 40
_TAIL, _LEAST_TAIL = 50, 5
_SURE = 1e-4
_NEAR = 0.25


def infer(table: Any) -> Schema:
    """Return the schema that a table fits.

    Categories are texts and truth values of few values, each seen often; numbers, dates and times
    have a range. How far a single value may lie beyond the range follows from the tail: by Hill's
    estimator (1975) of how the largest values spread, a value passes `most` in one of ten thousand
    tables of the same size; where the largest value is one that many rows share, it is the bound.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings

    Raises
    ------
    InvalidParameter
        When it has no rows or no columns.
    """
    columns = columns_of(table)
    if not columns.names:
        raise InvalidParameter("a schema is inferred from columns", got="a table without any")
    found, rows = [], 0
    for name in columns.names:
        cells = cells_of(columns.read(name))
        rows = len(cells)
        if not rows:
            raise InvalidParameter("a schema is inferred from rows", got="a table without any")
        found.append(_column(name, cells))
    return Schema(tuple(found), rows, len(twins(columns)))


def _column(name: str, cells: Cells) -> Column:
    rows = len(cells)
    present, nan = 1 - cells.missing.sum() / rows, cells.odd.sum() / rows
    column = Column(name, cells.kind, present=float(present), nan=float(nan))
    if not cells.known.any() or cells.kind in ("other", "bytes"):
        return column
    changes: dict[str, Any] = {}
    if cells.is_key:
        changes["unique"] = True
    if cells.is_number:
        # Dates go on, and so do numbers that count rows: tomorrow's are beyond today's.
        if cells.kind in ("int", "float") and not cells.is_key:
            changes |= _range(cells)
    elif cells.kind == "bool" or cells.is_closed:
        changes["values"] = tuple(sorted(cells.coded[0], key=str))
    else:
        forms, _ = cells.shapes()
        if len(forms) <= _MOST_SHAPES and max(map(len, forms)) <= _LONGEST_SHAPE:
            changes["shapes"] = tuple(sorted(forms))
    return Column(name, cells.kind, present=column.present, nan=column.nan, **changes)


def _range(cells: Cells) -> dict[str, Value]:
    numbers = np.sort(cells.numbers[cells.known])
    low, high = numbers[0], numbers[-1]
    middle = numbers[len(numbers) // 2]
    found = {"low": cells.told(low), "high": cells.told(high)}
    up = _reach((numbers[::-1] - middle).astype(np.float64))
    down = _reach((middle - numbers).astype(np.float64))
    if up is not None:
        found["most"] = _bound(cells, float(middle) + up, numbers.dtype, high)
    if down is not None:
        least = float(middle) - down
        if low >= 0 > least > -_NEAR * float(high):
            # Amounts and counts: what is never negative, and falls short of zero by little.
            least = 0.0
        found["least"] = _bound(cells, least, numbers.dtype, low)
    return found


def _bound(cells: Cells, value: float, dtype: Any, seen: Any) -> Value:
    """Return a bound as a value of the column, never within what was seen."""
    if dtype.kind == "f":
        return cells.told(max(value, seen) if value >= seen else min(value, seen))
    limits = np.iinfo(dtype)
    if not limits.min < value < limits.max:
        return cells.told(limits.min if value < 0 else limits.max)
    return cells.told(seen if round(value) == seen else round(value))


def _reach(beyond: NDArray[np.float64]) -> float | None:
    """Return how far a value may lie from the middle; None where too few rows tell.

    Parameters
    ----------
    beyond : array of shape (rows,)
        Distances from the middle, the largest first.
    """
    tail = min(_TAIL, len(beyond) // 10)
    if tail < _LEAST_TAIL:
        return None
    if beyond[0] <= 0:
        # The middle itself is the bound: half of the rows share it.
        return 0.0
    if beyond[tail] <= 0:
        # So few rows lie beyond the middle that their tail cannot be told.
        return None
    spread = float(np.log(beyond[:tail] / beyond[tail]).mean())
    return float(beyond[0] * (1 / _SURE) ** min(spread, 10.0))
