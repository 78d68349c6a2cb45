"""Rewrites of elementwise operations: on appended parts, on selected rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from clew.reuse.trace.cell import Cell, Flip
from clew.reuse.trace.opcode import resolve
from clew.reuse.trace.rewrite.algebra import join_cells
from clew.reuse.trace.rewrite.shape import parts_of, pick, picked
from clew.reuse.trace.rules import Call, rule
from clew.reuse.trace.structure import transpose

EXACT = tuple(
    f"numpy.{name}"
    for name in (
        "add", "subtract", "multiply", "divide", "negative", "absolute", "sqrt", "square",
        "maximum", "minimum", "greater", "greater_equal", "less", "less_equal", "equal",
        "not_equal", "logical_not", "sign", "floor", "ceil", "rint", "isnan", "isfinite",
    )
)  # fmt: skip
"""One correctly rounded result an element: the same bits whatever lies beside it in memory."""

ROUNDED = tuple(
    f"numpy.{name}"
    for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "tanh", "sin", "cos", "power")
)
"""Results may depend on the vector width that reaches an element, in the last bits."""

_TOLERANCE = 1e-14


def _on_parts(call: Call) -> Cell | None:
    """Answer from parts of which at least one is known."""
    if _is_complex(call):
        return None
    for axis in (0, 1):
        members = _aligned_parts(call.cells, axis)
        if members is None:
            continue
        known = [call.session.known(call.opcode, call.text, *part) for part in members]
        if all(found is None for found in known):
            continue
        done = [
            _apply(call, part) if found is None else found
            for part, found in zip(members, known, strict=True)
        ]
        return join_cells(call.session, done, axis)
    return None


def _is_complex(call: Call) -> bool:
    # Complex products may be fused in the vectorised loop and not in the other one.
    return any(cell.dtype.kind == "c" for cell in call.cells)


def _aligned_parts(cells: Sequence[Cell], axis: int) -> list[tuple[Cell, ...]] | None:
    """Return the operands of each part: all operands split alike, or the same for every part."""
    split = [parts_of(cell, axis) if cell.ndim == 2 or axis == 0 else None for cell in cells]
    first = next((parts for parts in split if parts is not None), None)
    if first is None or len(first) > 64:
        return None
    rank = first[0].ndim
    lengths = [part.shape[axis] for part in first]
    columns: list[Sequence[Cell]] = []
    for cell, parts in zip(cells, split, strict=True):
        if parts is not None and [p.shape[axis] for p in parts] == lengths and cell.ndim == rank:
            columns.append(parts)
        elif _is_constant(cell, axis, rank):
            columns.append([cell] * len(first))
        else:
            return None
    return list(zip(*columns, strict=True))


def _is_constant(cell: Cell, axis: int, rank: int) -> bool:
    """Tell whether an operand is broadcast along the axis: it is the same for every part."""
    place = axis - rank + cell.ndim
    return place < 0 or cell.shape[place] == 1


def _apply(call: Call, cells: Sequence[Cell]) -> Cell:
    function = resolve(call.opcode)
    swapped = dict(zip(map(id, call.cells), cells, strict=True))
    args = [swapped.get(id(arg), arg) for arg in call.args]
    outputs, _, _ = call.session.evaluate(call.opcode, function, call.text, cells, args)
    found: Cell = outputs[0]
    return found


def _on_selection(call: Call) -> Cell | None:
    """Answer from the operation on the base, where that is known."""
    if len(call.cells) > 2 or call.kwargs or _is_complex(call):
        return None
    for axis in (0, 1):
        for place, cell in enumerate(call.cells):
            found = picked(cell, axis) if cell.ndim == 2 or axis == 0 else None
            if found is None:
                continue
            others = [other for n, other in enumerate(call.cells) if n != place]
            if not all(_is_constant(other, axis, cell.ndim) for other in others):
                continue
            bases = [found[0] if n == place else other for n, other in enumerate(call.cells)]
            whole = call.session.known(call.opcode, call.text, *bases)
            if whole is not None and whole.ndim == cell.ndim:
                return _compact(call, pick(call.session, whole, axis, found[1]))
    return None


def _compact(call: Call, cell: Cell) -> Cell:
    """Return a selection without gaps between its elements, as the operation would give it."""
    if not cell.ready or cell.value.flags.c_contiguous or cell.value.flags.f_contiguous:
        return cell
    outputs, _, _ = call.session.evaluate(
        "numpy.copy", np.copy, '(@0,order=s"K")', [cell], [cell], {"order": "K"}
    )
    compact: Cell = outputs[0]
    return compact


def _on_transpose(call: Call) -> Cell | None:
    """Answer from the operation on the original, where that is known."""
    if len(call.cells) != 1 or not isinstance(call.cells[0].form, Flip) or call.kwargs:
        return None
    whole = call.session.known(call.opcode, call.text, call.cells[0].form.base)
    return None if whole is None else transpose(whole)


def _register(opcodes: tuple[str, ...], suffix: str, tolerance: float) -> None:
    kinds: tuple[tuple[str, Any, str], ...] = (
        ("parts", _on_parts, "f([A; B]) = [f(A); f(B)]"),
        ("selection", _on_selection, "f(X[S]) = f(X)[S]"),
        ("transpose", _on_transpose, "f(Xᵀ) = f(X)ᵀ"),
    )
    for name, rewrite, law in kinds:
        rule(f"elementwise.{name}{suffix}", opcodes, tolerance=tolerance, law=law)(rewrite)


_register(EXACT, "", 0.0)
_register(ROUNDED, "_rounded", _TOLERANCE)
