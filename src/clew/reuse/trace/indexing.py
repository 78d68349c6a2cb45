"""Reading ``x[key]``: which keys are views, which are put off, which NumPy does at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from clew.reuse.trace.bind import Bound, bind
from clew.reuse.trace.cell import Array, Cell, Outer
from clew.reuse.trace.item import make
from clew.reuse.trace.literal import Hole, encode
from clew.reuse.trace.opcode import GETITEM
from clew.reuse.trace.report import COMPUTED, DEFERRED, Reason
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import take_column, take_index, take_slice

_ALL = slice(None)


def normalise(key: Any) -> Any:
    """Return a key with lists as arrays, so that equal selections have equal lineage."""
    if type(key) is list:
        return np.asarray(key, dtype=np.intp if not key else None)
    if type(key) is tuple:
        return tuple(normalise(part) for part in key)
    return key


def simple_view(cell: Cell, key: Any) -> Cell | None:
    """Return a slice of rows or columns, or one column; None for every other key."""
    if type(key) is slice and cell.ndim:
        return take_slice(cell, 0, range(cell.shape[0])[key], f"(@0,{encode(key)})")
    if type(key) is tuple and len(key) == 2 and cell.ndim == 2 and _is_all(key[0]):
        return _column_view(cell, key)
    return None


def _is_all(part: Any) -> bool:
    return type(part) is slice and part == _ALL


def _column_view(cell: Cell, key: tuple[Any, Any]) -> Cell | None:
    width = cell.shape[1]
    if type(key[1]) is slice:
        return take_slice(cell, 1, range(width)[key[1]], f"(@0,{encode(key)})")
    if type(key[1]) is int and -width <= key[1] < width:
        column = key[1] % width
        return take_column(cell, column, f"(@0,{encode((_ALL, column))})")
    return None


def read(session: Session, cell: Cell, key: Any) -> tuple[Cell, Reason]:
    """Return ``x[key]`` of a cell, and why."""
    if isinstance(cell.form, Outer) and not cell.ready:
        # A view would need the whole product; a rewrite may do without.
        bound = bind(session, (cell, normalise(key)), {})
        return _evaluate(session, bound)
    if not isinstance(key, (int, np.integer)):
        try:
            found = simple_view(cell, key) if type(key) in (slice, tuple) else None
        except TypeError:
            found = None  # NumPy has the better message
        if found is not None:
            return found, COMPUTED
    bound = bind(session, (cell, normalise(key)), {})
    outcome = _by_index(session, cell, bound)
    if outcome is not None:
        return outcome, DEFERRED
    return _evaluate(session, bound)


def _evaluate(session: Session, bound: Bound) -> tuple[Cell, Reason]:
    cells, _, reason = session.evaluate(
        GETITEM, _getitem, bound.text, bound.cells, bound.args, bound.kwargs
    )
    return cells[0], reason


def _getitem(array: Array, key: Any) -> Any:
    return array[key]


def _by_index(session: Session, cell: Cell, bound: Bound) -> Cell | None:
    """Return rows or columns picked by one index or mask, when putting off pays."""
    key = bound.args[1]
    axis = 0
    if type(key) is tuple:
        if len(key) != 2 or not _is_all(key[0]) or cell.ndim != 2:
            return None
        axis, key = 1, key[1]
    if type(key) not in (Hole, Cell) or len(bound.cells) != 2 or cell.ndim not in (1, 2):
        return None
    if cell.size_bytes < session.defer_bytes:
        return None
    item = make(GETITEM, tuple(c.item for c in bound.cells), bound.text)
    found = session.find(item)
    if found is not None:
        return found[0][0]
    positions = positions_of(bound.cells[1].value, cell.shape[axis])
    if positions is None:
        return None
    return take_index(cell, axis, positions, item, bound.cells, session=session)


def positions_of(index: Array, length: int) -> Array | None:
    """Return an index or mask as non-negative positions, or None where NumPy should judge it."""
    if index.ndim != 1:
        return None
    if index.dtype == np.bool_:
        return np.flatnonzero(index) if len(index) == length else None
    if index.dtype.kind not in "iu" or not len(index):
        return None
    positions = index.astype(np.intp, copy=True)
    if int(positions.min()) < -length or int(positions.max()) >= length:
        return None
    negative = positions < 0
    if negative.any():
        positions[negative] += length
    return positions
