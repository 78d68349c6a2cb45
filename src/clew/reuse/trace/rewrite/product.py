"""Rewrites of products: transposes, appended parts, rows and columns of known products."""

from __future__ import annotations

from clew.reuse.trace.cell import Cell
from clew.reuse.trace.rewrite.algebra import (
    PRODUCTS,
    TOLERANCE,
    add_up,
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
from clew.reuse.trace.session import Session


@rule("product.transposed", PRODUCTS, tolerance=TOLERANCE, law="A·B = (Bᵀ·Aᵀ)ᵀ")
def transposed(call: Call) -> Cell | None:
    """Answer a product whose transpose is known."""
    pair = operands(call)
    return None if pair is None else known_product(call.session, *pair)


@rule(
    "product.rows",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="X[rows]·Y = (X·Y)[rows]",
    plain_transposes=False,
)
def rows(call: Call) -> Cell | None:
    """Answer a product with selected rows from the whole product."""
    pair = operands(call)
    if pair is None or pair[0].ndim != 2:
        return None
    found = picked(pair[0], 0)
    if found is None or not _whole_at_hand(call.session, *pair):
        return None
    return pick(call.session, product(call.session, found[0], pair[1]), 0, found[1])


@rule(
    "product.columns",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="X·Y[:, columns] = (X·Y)[:, columns]",
    plain_transposes=False,
)
def columns(call: Call) -> Cell | None:
    """Answer a product with selected columns from the whole product."""
    pair = operands(call)
    if pair is None or pair[1].ndim != 2:
        return None
    found = picked(pair[1], 1)
    if found is None or not _whole_at_hand(call.session, *pair):
        return None
    whole = product(call.session, pair[0], found[0])
    return pick(call.session, whole, 1 if whole.ndim == 2 else 0, found[1])


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
    "product.left_parts",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="[X; ΔX]·Y = [X·Y; ΔX·Y]",
    plain_transposes=False,
)
def left_parts(call: Call) -> Cell | None:
    """Answer a product with appended rows part by part."""
    pair = operands(call)
    if pair is None or pair[0].ndim != 2:
        return None
    left, right = pair
    parts = blocks_of(call.session, left, 0)
    if parts is None or not _worth(call.session, left, [(part, right) for part in parts]):
        return None
    return join_cells(call.session, [product(call.session, part, right) for part in parts], 0)


@rule(
    "product.right_parts",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="X·[Y, ΔY] = [X·Y, X·ΔY]",
    plain_transposes=False,
)
def right_parts(call: Call) -> Cell | None:
    """Answer a product with appended columns part by part."""
    pair = operands(call)
    if pair is None or pair[1].ndim != 2:
        return None
    left, right = pair
    parts = blocks_of(call.session, right, 1)
    if parts is None or not _worth(call.session, right, [(left, part) for part in parts]):
        return None
    done = [product(call.session, left, part) for part in parts]
    return join_cells(call.session, done, 1 if left.ndim == 2 else 0)


def _worth(session: Session, whole: Cell, pairs: list[tuple[Cell, Cell]]) -> bool:
    """Tell whether parts save work: one is known, or the copy of all together is not made yet."""
    base = flip(whole)
    if not whole.ready and not base.ready:
        return True
    return any(known_product(session, *pair) is not None for pair in pairs)


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
        [_part_product(call.session, a, b) for a, b in zip(lefts, rights, strict=True)],
    )


def _part_product(session: Session, left: Cell, right: Cell) -> Cell:
    return product(session, left, right)


def _split(session: Session, cell: Cell, axis: int, lengths: list[int]) -> tuple[Cell, ...]:
    """Return slices of these lengths along an axis: views."""
    from clew.reuse.trace.selector import select_range

    parts = []
    start = 0
    for length in lengths:
        parts.append(pick(session, cell, axis, select_range(range(start, start + length))))
        start += length
    return tuple(parts)
