"""Concatenations: ``concatenate``, ``vstack``, ``hstack``, ``column_stack``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.errors import Unhashable
from clew.reuse.trace.bind import bind
from clew.reuse.trace.cell import Cell, joined_depth
from clew.reuse.trace.item import make
from clew.reuse.trace.link import current_cell, is_traced, wrap
from clew.reuse.trace.report import DEFERRED
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import concatenate, joined_form

JOINS = frozenset(
    {"numpy.concatenate", "numpy.concat", "numpy.vstack", "numpy.hstack", "numpy.column_stack"}
)


def join_parts(
    session: Session, name: str, function: Callable[..., Any], args: tuple[Any, ...],
    kwargs: dict[str, Any], execute: Callable[[], Any],
) -> Any:  # fmt: skip
    """Return a concatenation: put off, or, of little, done at once and still known by its parts.

    None where NumPy should do it, and nothing more is known of it.

    Parameters
    ----------
    execute : callable
        Joins at once.
    """
    axis = _axis(name, args, kwargs)
    if axis is None or not args or not isinstance(args[0], (tuple, list)) or not args[0]:
        return None
    try:
        bound = bind(session, args, kwargs)
    except Unhashable:
        return None
    if len(bound.cells) != len(args[0]) or any(cell.ndim == 0 for cell in bound.cells):
        return None
    axis = _axis_of_parts(name, axis, bound.cells)
    if axis is None:
        return None
    item = make(name, tuple(cell.item for cell in bound.cells), bound.text)
    found = session.find(item)
    if found is not None:
        return wrap(session, found[0][0], found[2])
    # A copy of a part never costs more than the joined copy that is put off.
    cells = [session.leaves.own(cell) for cell in bound.cells]

    def build() -> Any:
        values = [cell.value for cell in cells]
        return function(type(args[0])(values), *args[1:], **kwargs)

    cell = concatenate(item, cells, axis, build, session=session)
    if cell is not None:
        return wrap(session, cell, DEFERRED)
    whole = execute()
    if is_traced(whole):
        _know_parts(current_cell(whole), cells, axis)
    return whole


def _know_parts(whole: Cell, parts: list[Cell], axis: int) -> None:
    """Write down what an array was joined from; not where parts are joined ones in turn.

    An array that grows by a row at a time would become a chain as long as its rows.
    """
    if whole.form is None and not any(map(joined_depth, parts)):
        whole.form = joined_form(parts, axis)


def _axis(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | None:
    if set(kwargs) - {"axis"} or (len(args) > 1 and kwargs):
        return None
    if name in ("numpy.concatenate", "numpy.concat"):
        axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
        return axis if type(axis) is int and axis in (0, 1) and len(args) <= 2 else None
    if len(args) > 1 or kwargs:
        return None
    return 0 if name == "numpy.vstack" else 1


def _axis_of_parts(name: str, axis: int, cells: list[Cell]) -> int | None:
    """Return the axis along which parts of these shapes are joined, None for unusual ones."""
    ranks = {cell.ndim for cell in cells}
    if name == "numpy.column_stack":
        return 1 if ranks <= {1, 2} else None
    if len(ranks) != 1:
        return None
    rank = ranks.pop()
    if name == "numpy.hstack" and rank == 1:
        return 0
    if name == "numpy.vstack" and rank == 1:
        return None
    return axis if axis < rank else None
