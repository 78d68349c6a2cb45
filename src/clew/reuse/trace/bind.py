"""Binding: a call's arguments split into input cells and canonical text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.errors import Unhashable
from clew.reuse.trace.cell import Cell
from clew.reuse.trace.literal import Hole, encode_call
from clew.reuse.trace.session import Session


@dataclass(slots=True)
class Bound:
    """Arguments of a call: `args` and `kwargs` hold holes where `cells` stand."""

    cells: list[Cell]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    text: str


_cell_of: dict[type, Callable[[Any], Cell]] = {Cell: lambda cell: cell}
"""How to get the cell of a value: `TracedArray` registers itself here."""


def register_source(kind: type, cell_of: Callable[[Any], Cell]) -> None:
    """Tell how values of a type give their cell."""
    _cell_of[kind] = cell_of


def bind(session: Session, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Bound:
    """Return the arguments with their arrays taken out, in order of appearance.

    Raises
    ------
    Unhashable
        When an argument is neither a literal nor an array that has a content id.
    """
    cells: list[Cell] = []
    bound_args = tuple([_take(session, arg, cells) for arg in args])
    # Holes are numbered in the order of the text, and the text sorts its keywords.
    bound_kwargs = {name: _take(session, kwargs[name], cells) for name in sorted(kwargs)}
    return Bound(cells, bound_args, bound_kwargs, encode_call(bound_args, bound_kwargs))


def _take(session: Session, value: Any, cells: list[Cell]) -> Any:
    kind = type(value)
    cell_of = _cell_of.get(kind)
    if cell_of is not None:
        cells.append(cell_of(value))
        return Hole(len(cells) - 1)
    if kind is tuple or kind is list:
        return kind([_take(session, part, cells) for part in value])
    if kind is dict:
        return {key: _take(session, part, cells) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        if kind is not np.ndarray:
            raise Unhashable("Subclasses of arrays are not traced.", got=kind.__name__)
        cells.append(session.leaves.pass_through(value))
        return Hole(len(cells) - 1)
    return value
