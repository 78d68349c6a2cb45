"""Products of matrices whose columns come from few bases: gathered out of the bases' products.

Forward selection asks for the Gram matrix of one set of columns after another. All of them are
submatrices of one, so the products of the whole bases are computed once (when the work asked for
again and again has reached half of theirs) and every further Gram matrix is a gather.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.reuse.trace.cell import Cat, Cell, Flip, Take
from clew.reuse.trace.literal import Hole, encode_call
from clew.reuse.trace.opcode import BLOCKS
from clew.reuse.trace.outputs import blocks
from clew.reuse.trace.rewrite.algebra import (
    PRODUCTS,
    TOLERANCE,
    Family,
    family_of,
    flip,
    known_product,
    operands,
    product,
)
from clew.reuse.trace.rules import EXECUTE, Call, Declined, rule
from clew.reuse.trace.selector import Selector, join
from clew.reuse.trace.session import Session

_MOST_SEGMENTS = 4
_SMALL_SHARE = 0.05
"""A product that costs less than this share of the whole is executed plainly, without rules."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """Neighbouring columns that come from one base; all of it where there is no selector."""

    base: Cell
    selector: Selector | None

    @property
    def width(self) -> int:
        if self.selector is not None:
            return len(self.selector)
        return self.base.shape[1] if self.base.ndim == 2 else 1

    def positions(self) -> str | None:
        if self.selector is None:
            return None
        return ",".join(map(str, self.selector.array().tolist()))


def _segments(cell: Cell) -> tuple[_Segment, ...]:
    """Return a matrix by the bases of its columns, neighbours from one base joined."""
    form = cell.form
    if isinstance(form, Take) and form.axis == 1 and not form.drop:
        return (_Segment(form.base, form.selector),)
    if not isinstance(form, Cat) or form.axis != 1:
        return (_Segment(cell, None),)
    if form.memo is None:
        merged: list[_Segment] = []
        for part in form.parts:
            for segment in _segments(part):
                _append(merged, segment)
        form.memo = tuple(merged)
    found: tuple[_Segment, ...] = form.memo
    return found


def _append(merged: list[_Segment], segment: _Segment) -> None:
    last = merged[-1] if merged else None
    if (
        last is not None
        and last.base is segment.base
        and last.selector is not None
        and segment.selector is not None
    ):
        merged[-1] = _Segment(last.base, join([last.selector, segment.selector]))
    else:
        merged.append(segment)


@rule(
    "product.blocks",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="[A, X[:, S]]ᵀ·[A, X[:, S]] = blocks of AᵀA, AᵀX[:, S], XᵀX[S, S]",
    rank=5,
    plain_transposes=False,
)
def product_blocks(call: Call) -> Cell | Declined | None:
    """Gather a product of selected and appended columns out of the products of their bases."""
    pair = operands(call)
    if pair is None or not isinstance(pair[0].form, Flip):
        return None
    left = _segments(pair[0].form.base)
    right = _segments(pair[1]) if pair[1].ndim == 2 else (_Segment(pair[1], None),)
    selected = [s for s in (*left, *right) if s.selector is not None]
    if not selected or len(left) > _MOST_SEGMENTS or len(right) > _MOST_SEGMENTS:
        return None
    if all(s.selector is None for s in left) and len(left) == 1 and len(right) == 1:
        return None
    wholes = _wholes(call.session, left, right)
    if not isinstance(wholes, dict):
        return wholes
    return _gather(call.session, left, right, wholes)


_Wholes = dict[tuple[int, int], Cell]


def _wholes(
    session: Session, left: Sequence[_Segment], right: Sequence[_Segment]
) -> _Wholes | Declined | None:
    """Return the products of all pairs of bases, if they are known or worth computing now."""
    wholes: _Wholes = {}
    missing: list[tuple[_Segment, _Segment]] = []
    for a in left:
        for b in right:
            found = known_product(session, flip(a.base), b.base)
            if found is None:
                missing.append((a, b))
            else:
                wholes[id(a.base), id(b.base)] = found
    needed = sum(_work(a.base, a.width, b.width) for a, b in missing)
    whole = sum(_work(a.base, _width(a.base), _width(b.base)) for a, b in missing)
    if missing and needed < whole:
        families = [family_of(session, "blocks", a.base, b.base) for a, b in missing]
        again = sum(_again(f, a, b) for f, (a, b) in zip(families, missing, strict=True))
        families[0].paid += again
        if sum(family.paid for family in families) < 0.5 * whole:
            return EXECUTE if needed < _SMALL_SHARE * whole else None
    for a, b in missing:
        wholes[id(a.base), id(b.base)] = product(session, flip(a.base), b.base)
    return wholes


def _again(family: Family, a: _Segment, b: _Segment) -> float:
    """Return the work on columns that were asked for before."""
    share = 1.0
    for axis, segment in ((0, a), (1, b)):
        if segment.selector is not None:
            share *= family.overlap(axis, segment.selector, _width(segment.base))
    return share * _work(a.base, a.width, b.width)


def _width(base: Cell) -> int:
    return base.shape[1] if base.ndim == 2 else 1


def _work(base: Cell, left: int, right: int) -> float:
    # Narrow products are bound by reading their operands: a read weighs like eight multiplications.
    return float(base.shape[0]) * (left * right + 8 * (left + right))


def _gather(
    session: Session, left: Sequence[_Segment], right: Sequence[_Segment], wholes: _Wholes
) -> Cell:
    inputs: list[Cell] = []
    holes: dict[int, Hole] = {}
    layout = []
    for a in left:
        line = []
        for b in right:
            whole = wholes[id(a.base), id(b.base)]
            if id(whole) not in holes:
                holes[id(whole)] = Hole(len(inputs))
                inputs.append(whole)
            line.append((holes[id(whole)], a.positions(), b.positions()))
        layout.append(line)
    text = encode_call((layout,), {})
    outputs, _, _ = session.evaluate(BLOCKS, blocks, text, inputs, [layout])
    return outputs[0]
