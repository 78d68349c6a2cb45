"""Reading forms along an axis: which parts an array has, what it was picked from."""

from __future__ import annotations

import numpy as np

from clew.reuse.trace.cell import Cat, Cell, Flip, Take
from clew.reuse.trace.item import make
from clew.reuse.trace.literal import encode
from clew.reuse.trace.opcode import GETITEM
from clew.reuse.trace.selector import Selector, join
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import take_index, take_slice, transpose

MOST_PARTS = 4
"""Products split into more blocks than this lose more in small BLAS calls than they gain."""
MOST_SUMMANDS = 64


def picked(cell: Cell, axis: int) -> tuple[Cell, Selector] | None:
    """Return the base and the positions that an array picks from it along an axis, or None."""
    form = cell.form
    if isinstance(form, Take) and form.axis == axis and not form.drop:
        return form.base, form.selector
    if isinstance(form, Flip):
        inner = picked(form.base, 1 - axis)
        return None if inner is None else (transpose(inner[0]), inner[1])
    if isinstance(form, Cat) and form.axis == axis:
        return _picked_together(form, axis)
    return None


def _picked_together(form: Cat, axis: int) -> tuple[Cell, Selector] | None:
    found = [picked(part, axis) for part in form.parts]
    first = found[0]
    if first is None:
        return None
    selectors = []
    for one in found:
        if one is None or one[0].item is not first[0].item:
            return None
        selectors.append(one[1])
    return first[0], join(selectors)


def parts_of(cell: Cell, axis: int) -> tuple[Cell, ...] | None:
    """Return the parts of an array along an axis, flat, or None where it has none."""
    form = cell.form
    if isinstance(form, Flip):
        inner = parts_of(form.base, 1 - axis)
        return None if inner is None else tuple(transpose(part) for part in inner)
    if not isinstance(form, Cat) or form.axis != axis:
        return None
    flat: list[Cell] = []
    for part in form.parts:
        flat.extend(parts_of(part, axis) or (part,))
    return tuple(flat)


def blocks_of(session: Session, cell: Cell, axis: int) -> tuple[Cell, ...] | None:
    """Return the parts along an axis with neighbours from one base joined; None if too many."""
    flat = parts_of(cell, axis)
    if flat is None:
        return None
    merged = _merge(session, flat, axis)
    if len(merged) <= MOST_PARTS:
        return merged
    top = top_parts(cell, axis)
    return top if top is not None and len(top) <= MOST_PARTS else None


def top_parts(cell: Cell, axis: int) -> tuple[Cell, ...] | None:
    """Return the parts of the outermost concatenation."""
    form = cell.form
    if isinstance(form, Flip):
        inner = top_parts(form.base, 1 - axis)
        return None if inner is None else tuple(transpose(part) for part in inner)
    return form.parts if isinstance(form, Cat) and form.axis == axis else None


def _merge(session: Session, flat: tuple[Cell, ...], axis: int) -> tuple[Cell, ...]:
    groups: list[tuple[Cell | None, list[Cell], list[Selector]]] = []
    for part in flat:
        found = picked(part, axis)
        base = None if found is None else found[0]
        if groups and base is not None and groups[-1][0] is base and found is not None:
            groups[-1][1].append(part)
            groups[-1][2].append(found[1])
        else:
            groups.append((base, [part], [] if found is None else [found[1]]))
    return tuple(
        members[0] if base is None or len(members) == 1 else pick(session, base, axis, join(picks))
        for base, members, picks in groups
    )


def pick(session: Session, base: Cell, axis: int, selector: Selector) -> Cell:
    """Return rows or columns of a base: a view for a slice, put off or copied for an index."""
    if isinstance(base.form, Flip):
        return transpose(pick(session, base.form.base, 1 - axis, selector))
    if isinstance(selector.positions, range):
        positions = selector.positions
        cut = slice(positions.start, positions.stop, positions.step)
        if positions.step > 0:
            key = (slice(None),) * axis + (cut,)
            text = f"(@0,{encode(key if axis else cut)})"
            return take_slice(base, axis, positions, text)
    index = session.leaves.keep(selector.array())
    key_text = "@1" if axis == 0 else f"({encode(slice(None))},@1)"
    text = f"(@0,{key_text})"
    item = make(GETITEM, (base.item, index.item), text)
    found = session.find(item)
    if found is not None:
        return found[0][0]
    put_off = take_index(base, axis, index.value, item, [base, index], session=session)
    if put_off is not None:
        return put_off
    args = [base, (slice(None), index) if axis else index]
    cells, _, _ = session.evaluate(GETITEM, lambda array, at: array[at], text, [base, index], args)
    return cells[0]


def runs_of(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[range]:
    """Return the runs of true positions."""
    padded = np.concatenate(([False], mask, [False]))
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return [range(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
