"""Outputs: what an operation returned, as cells and the arrangement that holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from clew.reuse.trace.cell import Array, Cell
from clew.reuse.trace.item import Item, make
from clew.reuse.trace.literal import Hole, encode
from clew.reuse.trace.opcode import OUTPUT


def collect(
    item: Item, made: Item, result: Any, *, exact: bool, inputs: Sequence[Cell], scope: int
) -> tuple[tuple[Cell, ...], Any]:
    """Return the cells of a result and its arrangement (None for a single array).

    Arrays become read-only. What is neither an array, a number nor a container of them stays in
    the arrangement as it is.
    """
    if type(result) is np.ndarray and result.dtype.kind != "O":
        return (_cell(item, made, result, exact, inputs, scope),), None
    if isinstance(result, np.generic):
        return (_cell(item, made, np.asarray(result), exact, inputs, scope),), None
    cells: list[Cell] = []
    arrangement = _arrange(item, made, result, exact, inputs, cells, (), scope)
    return tuple(cells), Arranged(arrangement)


class Arranged:
    """Outputs that are not one array: a tree with holes where its cells stand."""

    __slots__ = ("lasting", "tree")

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.lasting = _is_lasting(tree)


_LASTING = (Hole, bool, int, float, complex, str, bytes, type(None), np.dtype, slice)


def _is_lasting(tree: Any) -> bool:
    """Tell whether nobody can change a tree: its containers are built anew for every caller."""
    if isinstance(tree, (tuple, list)):
        return all(_is_lasting(part) for part in tree)
    return isinstance(tree, _LASTING)


def _arrange(
    item: Item, made: Item, result: Any, exact: bool, inputs: Sequence[Cell],
    cells: list[Cell], path: tuple[int, ...], scope: int,
) -> Any:  # fmt: skip
    if isinstance(result, (tuple, list)):
        parts = [
            _arrange(item, made, part, exact, inputs, cells, (*path, index), scope)
            for index, part in enumerate(result)
        ]
        return _rebuild(result, parts)
    if isinstance(result, np.generic):
        result = np.asarray(result)
    if type(result) is np.ndarray and result.dtype.kind != "O":
        text = f"(@0,{encode(path)})"
        child = make(OUTPUT, (item,), text)
        source = child if made is item else make(OUTPUT, (made,), text)
        cells.append(_cell(child, source, result, exact, inputs, scope))
        return Hole(len(cells) - 1)
    return result


def _rebuild(like: Any, parts: list[Any]) -> Any:
    kind = type(like)
    if hasattr(kind, "_fields"):
        return kind(*parts)
    return kind(parts) if kind in (tuple, list) else tuple(parts)


def _cell(
    item: Item, made: Item, value: Array, exact: bool, inputs: Sequence[Cell], scope: int
) -> Cell:
    guard = None
    if value.base is not None:
        value, guard = _own(value, inputs)
    value.setflags(write=False)
    cell = Cell(item, value, made=made, exact=exact, scope=scope)
    cell.guard = guard
    return cell if guard is not None else cell.publish()


def _own(value: Array, inputs: Sequence[Cell]) -> tuple[Array, Any]:
    """Copy a view of the user's buffer; keep the guard of a shared one."""
    for cell in inputs:
        if cell.borrowed and np.may_share_memory(value, cell.value):
            return value.copy(order="K"), None
        if cell.guard is not None and np.may_share_memory(value, cell.value):
            return value, cell.guard
    return value, None


def blocks(layout: list[list[tuple[Array, str | None, str | None]]]) -> Array:
    """Return submatrices put together.

    Parameters
    ----------
    layout : list of lists of tuples
        Lines of (matrix, rows, columns); rows and columns as ``"0,3,5"``, or None for all.
    """

    def at(text: str) -> list[int]:
        return [int(position) for position in text.split(",")]

    lines = []
    for line in layout:
        parts = []
        for matrix, rows, columns in line:
            part = matrix if rows is None else matrix[at(rows)]
            parts.append(part if columns is None else part[:, at(columns)])
        lines.append(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1))
    return np.concatenate(lines, axis=0)


def spread(cells: Sequence[Cell], arrangement: Any, wrap: Callable[[Cell], Any]) -> Any:
    """Return outputs as the operation would: arrays wrapped, containers of the same kind."""
    if arrangement is None:
        return wrap(cells[0])
    return _fill(arrangement.tree, cells, wrap)


def _fill(tree: Any, cells: Sequence[Cell], wrap: Callable[[Cell], Any]) -> Any:
    if isinstance(tree, Hole):
        return wrap(cells[tree.position])
    if isinstance(tree, (tuple, list)):
        return _rebuild(tree, [_fill(part, cells, wrap) for part in tree])
    return tree
