"""Selections, transposes and concatenations: operations that only move elements.

They get a form for the rewrites to see. Views are taken at once; copies from `defer_bytes` on are
put off until somebody reads their values, so a matrix that only feeds a rewrite is never built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from clew.reuse.trace.cache import Entry
from clew.reuse.trace.cell import Array, Cat, Cell, Flip, Form, Take, joined_depth, living
from clew.reuse.trace.item import Item, make
from clew.reuse.trace.opcode import GETITEM
from clew.reuse.trace.selector import Selector, compose, select_index, select_range
from clew.reuse.trace.session import Session
from clew.reuse.trace.tier import DEAR_S

TRANSPOSE = "numpy.transpose"


def transpose(cell: Cell) -> Cell:
    """Return the transpose of a two-dimensional cell; that of a transpose is the original."""
    if isinstance(cell.form, Flip):
        return cell.form.base
    item = make(TRANSPOSE, (cell.item,), "(@0)")
    found = living(item, cell.scope)
    if found is not None:
        return found
    made = _made(item, [cell])
    shape = cell.shape[::-1]
    return _view(cell, item, made, Flip(cell), shape, lambda: cell.value.T)


def _made(item: Item, cells: Sequence[Cell]) -> Item:
    if all(cell.made is cell.item for cell in cells):
        return item
    return make(item.opcode, tuple(cell.made for cell in cells), item.data)


def _view(
    base: Cell, item: Item, made: Item, form: Form, shape: tuple[int, ...],
    take: Callable[[], Array],
) -> Cell:  # fmt: skip
    if base.ready:
        cell = Cell(item, take(), made=made, exact=base.exact, form=form, scope=base.scope)
    else:
        cell = Cell(
            item, None, made=made, exact=base.exact, form=form, scope=base.scope,
            thunk=take, shape=shape, dtype=base.dtype,
        )  # fmt: skip
    cell.guard = base.guard
    return cell if cell.guard is not None else cell.publish()


def take_slice(cell: Cell, axis: int, positions: range, text: str) -> Cell:
    """Return a slice of rows or columns: always a view.

    Parameters
    ----------
    positions : range
        The selected positions.
    text : str
        Canonical text of the whole ``getitem`` call.
    """
    item = make(GETITEM, (cell.item,), text)
    found = living(item, cell.scope)
    if found is not None:
        return found
    form = taken(cell, axis, select_range(positions))
    shape = list(cell.shape)
    shape[axis] = len(positions)
    key: tuple[Any, ...] = (slice(None),) * axis + (_as_slice(positions),)
    return _view(cell, item, _made(item, [cell]), form, tuple(shape), lambda: cell.value[key])


def _as_slice(positions: range) -> slice:
    stop: int | None = positions.stop
    if positions.step < 0 and positions.stop < 0:
        stop = None
    return slice(positions.start, stop, positions.step)


def take_column(cell: Cell, column: int, text: str) -> Cell:
    """Return one column of a matrix as a vector: a view."""
    item = make(GETITEM, (cell.item,), text)
    found = living(item, cell.scope)
    if found is not None:
        return found
    form = taken(cell, 1, select_range(range(column, column + 1)), drop=True)
    made = _made(item, [cell])
    return _view(cell, item, made, form, cell.shape[:1], lambda: cell.value[:, column])


def taken(cell: Cell, axis: int, selector: Selector, *, drop: bool = False) -> Take:
    """Return the form of a selection, on the base of the array that it selects from."""
    inner = cell.form
    if isinstance(inner, Take) and inner.axis == axis and not inner.drop:
        return Take(inner.base, axis, compose(inner.selector, selector), drop)
    return Take(cell, axis, selector, drop)


def take_index(
    cell: Cell, axis: int, positions: Array, item: Item, inputs: Sequence[Cell], *,
    session: Session,
) -> Cell | None:  # fmt: skip
    """Return rows or columns by index, put off; None where NumPy should do it at once.

    Parameters
    ----------
    positions : array of int
        Valid, non-negative positions.
    item : Item
        Lineage of the selection.
    """
    shape = list(cell.shape)
    shape[axis] = len(positions)
    size_bytes = int(np.prod(shape, dtype=np.int64)) * cell.dtype.itemsize
    if size_bytes < session.defer_bytes or cell.guard is not None or cell.borrowed:
        return None
    key: tuple[Any, ...] = (slice(None),) * axis + (positions,)
    form = taken(cell, axis, select_index(positions))
    return put_off(item, inputs, form, tuple(shape), cell.dtype, lambda: cell.value[key], session)


_DEEPEST = 64
"""An array that grows in a loop is copied together every so often: rules follow its parts."""


def put_off(
    item: Item, inputs: Sequence[Cell], form: Form, shape: tuple[int, ...], dtype: Any,
    build: Callable[[], Array], session: Session,
) -> Cell:  # fmt: skip
    """Return a cell whose array is built when somebody reads it.

    Parameters
    ----------
    item : Item
        Lineage of the array.
    build : callable
        Makes the array, bit by bit as NumPy would at once.
    """

    def force() -> Array:
        start = perf_counter()
        value = build()
        session.stats.forced += 1
        cell = Cell(item, value, made=made, exact=exact, form=form, scope=session.number)
        entry = Entry((cell,), perf_counter() - start, value.nbytes)
        session.cache.admit(item.id, entry)
        if session.tier is not None and entry.cost_s >= DEAR_S:
            session.stats.kept += session.tier.offer(item, entry, ())
        return value

    session.stats.deferred += 1
    made = _made(item, inputs)
    exact = all(cell.exact for cell in inputs)
    return Cell(
        item,
        None,
        made=made,
        exact=exact,
        form=form,
        scope=session.number,
        thunk=force,
        shape=shape,
        dtype=dtype,
    ).publish()


def concatenate(
    item: Item, parts: Sequence[Cell], axis: int, build: Callable[[], Array], *,
    session: Session,
) -> Cell | None:  # fmt: skip
    """Return parts after one another, put off; None where NumPy should do it at once.

    Parameters
    ----------
    item : Item
        Lineage of the concatenation.
    parts : sequence of Cell
        The parts; vectors stand for columns where the parts are to be columns.
    build : callable
        Makes the array as NumPy would, in the same layout.
    """
    form = joined_form(parts, axis)
    if form is None:
        return None
    dtype = parts[0].dtype
    shape = list(form.parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in form.parts)
    if int(np.prod(shape, dtype=np.int64)) * dtype.itemsize < session.defer_bytes:
        return None
    if form.depth > _DEEPEST:
        for part in parts:
            if joined_depth(part) >= _DEEPEST:
                part.settle()  # once, for all that are joined to it
        form = joined_form(parts, axis)
        assert form is not None
    return put_off(item, parts, form, tuple(shape), dtype, build, session)


def joined_form(parts: Sequence[Cell], axis: int) -> Cat | None:
    """Return the form of parts after one another, or None where they are not plainly joined."""
    whole = [_as_matrix(part) if part.ndim == 1 and axis == 1 else part for part in parts]
    if any(part.borrowed or part.guard is not None for part in parts):
        return None
    if not _fit_together(whole, axis):
        return None
    return Cat(tuple(whole), axis, depth=1 + max(map(joined_depth, whole)))


def _fit_together(parts: Sequence[Cell], axis: int) -> bool:
    first = parts[0]
    others = first.shape[:axis] + first.shape[axis + 1 :]
    return all(
        part.ndim == first.ndim > axis
        and part.dtype == first.dtype
        and part.shape[:axis] + part.shape[axis + 1 :] == others
        for part in parts
    )


def _as_matrix(cell: Cell) -> Cell:
    """Return a vector as a matrix of one column; a column of a matrix as a slice of it."""
    if isinstance(cell.form, Take) and cell.form.drop:
        column = int(cell.form.selector.array()[0])
        base = cell.form.base
        text = f"(@0,(S(N,N,N),S(i{column},i{column + 1},N)))"
        return take_slice(base, 1, range(column, column + 1), text)
    item = make("numpy.reshape", (cell.item,), "(@0,(i-1,i1))")
    found = living(item, cell.scope)
    if found is not None:
        return found
    reshaped = Cell(
        item, None, made=_made(item, [cell]), exact=cell.exact, scope=cell.scope,
        thunk=lambda: cell.value.reshape(-1, 1), shape=(cell.shape[0], 1), dtype=cell.dtype,
    )  # fmt: skip
    return reshaped.publish()
