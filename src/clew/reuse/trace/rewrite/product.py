"""Rewrites of products: transposes, appended parts, rows and columns of known products."""

from __future__ import annotations

from functools import partial

from clew.reuse.trace.cell import Cell
from clew.reuse.trace.rewrite.algebra import (
    PRODUCTS,
    TOLERANCE,
    add_up,
    as_column,
    family_of,
    flip,
    join_cells,
    known_product,
    operands,
    product,
    work_of,
)
from clew.reuse.trace.rewrite.shape import blocks_of, parts_of, pick, picked
from clew.reuse.trace.rules import Call, rule
from clew.reuse.trace.selector import select_range
from clew.reuse.trace.session import Session

Pair = tuple[Cell, Cell]


@rule("product.transposed", PRODUCTS, tolerance=TOLERANCE, law="A·B = (Bᵀ·Aᵀ)ᵀ")
def transposed(call: Call) -> Cell | None:
    """Answer a product whose transpose is known."""
    pair = operands(call)
    return None if pair is None else known_product(call.session, *pair)


def _of_selection(call: Call, side: int) -> Cell | None:
    """Answer a product with selected rows (left) or columns (right) from the whole product."""
    pair = operands(call)
    if pair is None or pair[side].ndim != 2:
        return None
    found = picked(pair[side], side)
    if found is None or not _whole_at_hand(call.session, *pair):
        return None
    whole = product(call.session, *_replaced(pair, side, found[0]))
    return pick(call.session, whole, _axis(pair, side), found[1])


def _replaced(pair: Pair, side: int, factor: Cell) -> Pair:
    return (pair[0], factor) if side else (factor, pair[1])


def _axis(pair: Pair, side: int) -> int:
    """Return the axis of the product that is the left factor's rows or the right one's columns."""
    return min(side, pair[0].ndim - 1)


def _whole_at_hand(session: Session, left: Cell, right: Cell) -> bool:
    """Tell whether the product of the bases is known, or worth computing now."""
    rows = picked(left, 0) if left.ndim == 2 else None
    columns = picked(right, 1) if right.ndim == 2 else None
    bases = (left if rows is None else rows[0], right if columns is None else columns[0])
    if _derivable(session, *bases):
        return True
    if rows is not None and _derivable(session, rows[0], right):
        return True
    if columns is not None and _derivable(session, left, columns[0]):
        return True
    family = family_of(session, "product", *bases)
    share = 1.0
    for axis, found in ((0, rows), (1, columns)):
        if found is not None:
            share *= family.overlap(axis, found[1], found[0].shape[axis])
    return family.pays(share * work_of(left, right), work_of(*bases))


def _derivable(session: Session, left: Cell, right: Cell) -> bool:
    return known_product(session, left, right) is not None


@rule(
    "product.ones",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="X·1 = row sums of X",
    rank=1,
    always=True,
)
def ones(call: Call) -> Cell | None:
    """Answer a product with ones from the sums of rows, where they are known."""
    pair = operands(call)
    if pair is None or pair[0].ndim != 2 or pair[0].dtype.kind == "c":
        return None
    left, right = pair
    if right.shape[1:] not in ((), (1,)) or left.dtype.kind in "iu":
        return None
    session: Session = call.session
    sums = session.known("numpy.sum", "(@0,axis=i1)", left)
    if sums is None:
        base = flip(left)
        sums = session.known("numpy.sum", "(@0,axis=i0)", base)
    if sums is None or not bool((right.value == 1).all()):
        return None
    if right.ndim == 1:
        return sums
    return as_column(session, sums)


def _of_parts(call: Call, side: int) -> Cell | None:
    """Answer a product with appended rows (left) or columns (right) part by part."""
    pair = operands(call)
    if pair is None or pair[side].ndim != 2:
        return None
    parts = blocks_of(call.session, pair[side], side)
    if parts is None:
        return None
    pairs = [_replaced(pair, side, part) for part in parts]
    if not _worth(call.session, pair[side], pairs):
        return None
    done = [product(call.session, *one) for one in pairs]
    return join_cells(call.session, done, _axis(pair, side))


def _worth(session: Session, whole: Cell, pairs: list[Pair]) -> bool:
    """Tell whether parts save work: one is known, or the copy of all together is not made yet."""
    base = flip(whole)
    if not whole.ready and not base.ready:
        return True
    return any(known_product(session, *pair) is not None for pair in pairs)


for _name, _rewrite, _side, _law in (
    ("rows", _of_selection, 0, "X[rows]·Y = (X·Y)[rows]"),
    ("columns", _of_selection, 1, "X·Y[:, columns] = (X·Y)[:, columns]"),
    ("left_parts", _of_parts, 0, "[X; ΔX]·Y = [X·Y; ΔX·Y]"),
    ("right_parts", _of_parts, 1, "X·[Y, ΔY] = [X·Y, X·ΔY]"),
):
    rule(f"product.{_name}", PRODUCTS, tolerance=TOLERANCE, law=_law, plain_transposes=False)(
        partial(_rewrite, side=_side)
    )


@rule(
    "product.inner_parts",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="[A, B]·[C; D] = A·C + B·D",
    plain_transposes=False,
)
def inner_parts(call: Call) -> Cell | None:
    """Answer a product over parts as a sum: the Gram matrix of appended rows."""
    pair = operands(call)
    if pair is None:
        return None
    left, right = pair
    inner = left.ndim - 1
    lefts, rights = parts_of(left, inner), parts_of(right, 0)
    if lefts is not None and rights is not None:
        if [p.shape[inner] for p in lefts] != [p.shape[0] for p in rights] or len(lefts) > 64:
            return None
    elif lefts is not None and len(lefts) <= 4 and not left.ready:
        rights = _split(call.session, right, 0, [p.shape[inner] for p in lefts])
    elif rights is not None and len(rights) <= 4 and not right.ready:
        lefts = _split(call.session, left, inner, [p.shape[0] for p in rights])
    if lefts is None or rights is None:
        return None
    return add_up(
        call.session,
        [product(call.session, a, b) for a, b in zip(lefts, rights, strict=True)],
    )


def _split(session: Session, cell: Cell, axis: int, lengths: list[int]) -> tuple[Cell, ...]:
    """Return slices of these lengths along an axis: views."""
    parts = []
    start = 0
    for length in lengths:
        parts.append(pick(session, cell, axis, select_range(range(start, start + length))))
        start += length
    return tuple(parts)
