"""Products larger than their factors: put off, and answered from the factors where that is enough.

``np.diag(X @ A @ X.T)`` needs as many numbers as X has rows; the product has their square.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clew.reuse.trace.cell import Cell, Outer
from clew.reuse.trace.indexing import positions_of
from clew.reuse.trace.item import make
from clew.reuse.trace.literal import Hole
from clew.reuse.trace.opcode import GETITEM
from clew.reuse.trace.rewrite.aggregate import read_aggregate
from clew.reuse.trace.rewrite.algebra import (
    MATMUL,
    PAIR,
    PRODUCTS,
    TOLERANCE,
    family_of,
    operands,
    product,
)
from clew.reuse.trace.rewrite.shape import pick
from clew.reuse.trace.rules import Call, rule
from clew.reuse.trace.selector import Selector, select_index, select_range
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import put_off

_LARGER = 2
"""How many times as large as both factors a product must be: they stay in memory until then."""


@rule(
    "product.put_off",
    PRODUCTS,
    tolerance=0.0,
    law="A·B is A·B, later",
    rank=1000,
)
def put_off_product(call: Call) -> Cell | None:
    """Put a product off that is larger than its factors together."""
    pair = operands(call)
    if pair is None or pair[0].ndim + pair[1].ndim < 4 or call.opcode != MATMUL:
        return None
    left, right = pair
    shape = (left.shape[0], right.shape[1])
    size = shape[0] * shape[1]
    if size * left.dtype.itemsize < call.session.defer_bytes:
        return None
    if not left.shape[1] or size < _LARGER * (left.size + right.size) or not _quiet(left, right):
        return None

    def build() -> Any:
        return np.matmul(left.value, right.value)

    item = make(MATMUL, (left.item, right.item), PAIR)
    return put_off(item, pair, Outer(left, right), shape, left.dtype, build, call.session)


def _quiet(left: Cell, right: Cell) -> bool:
    """Tell whether a product later is the same as one now: no warning, no buffer that changes."""
    for cell in (left, right):
        if cell.guard is not None or cell.borrowed or not cell.ready:
            return False
    if left.dtype.kind in "iu":
        return True
    limit = np.finfo(left.dtype).max
    with np.errstate(all="ignore"):
        highest = [float(np.abs(cell.value).max(initial=0.0)) for cell in (left, right)]
        # NaN fails the comparison, and so does all that could overflow.
        return bool(highest[0] * highest[1] * left.shape[1] < limit / 4)


def _factors(cell: Cell) -> Outer | None:
    """Return the factors of a product that nobody has read yet."""
    return cell.form if isinstance(cell.form, Outer) and not cell.ready else None


@rule(
    "product.diagonal",
    ("numpy.diag", "numpy.diagonal"),
    tolerance=TOLERANCE,
    law="diag(A·B)[i] = Σ A[i, k]·B[k, i]",
)
def diagonal(call: Call) -> Cell | None:
    """Answer the diagonal of a product without the product."""
    found = _factors(call.cells[0]) if len(call.cells) == 1 else None
    if found is None or len(call.args) != 1 or call.kwargs:
        return None
    return _diagonal(call.session, found)


@rule(
    "product.trace",
    ("numpy.trace",),
    tolerance=TOLERANCE,
    law="tr(A·B) = Σ A[i, k]·B[k, i]",
)
def trace_of(call: Call) -> Cell | None:
    """Answer the trace of a product without the product."""
    found = _factors(call.cells[0]) if len(call.cells) == 1 else None
    if found is None or len(call.args) != 1 or call.kwargs:
        return None
    along = _diagonal(call.session, found)
    return call.session.evaluate("numpy.sum", np.sum, "(@0)", [along], [along])[0][0]  # type: ignore[no-any-return]


def _diagonal(session: Session, found: Outer) -> Cell:
    pair = (found.left, found.right)
    args = ("ij,ji->i", *pair)
    return session.evaluate("numpy.einsum", np.einsum, '(s"ij,ji->i",@0,@1)', pair, args)[0][0]


@rule(
    "aggregate.of_product",
    ("numpy.sum",),
    tolerance=TOLERANCE,
    law="column sums of A·B = (column sums of A)·B; row sums = A·(row sums of B)",
    rank=20,
)
def sums(call: Call) -> Cell | None:
    """Answer the sums of a product's rows or columns without the product."""
    factors = _factors(call.cells[0]) if len(call.cells) == 1 else None
    found = None if factors is None else read_aggregate(call)
    if factors is None or found is None or found.keepdims:
        return None
    if found.axis == 0:
        return product(call.session, found.of(factors.left, 0), factors.right)
    return product(call.session, factors.left, found.of(factors.right, 1))


@rule(
    "product.associated",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="(A·B)·C = A·(B·C)",
    rank=20,
)
def associated(call: Call) -> Cell | None:
    """Multiply by the factors in turn where that is less work than by their product."""
    pair = operands(call)
    factors = None if pair is None else _factors(pair[0])
    if pair is None or factors is None:
        return None
    width = pair[1].shape[1] if pair[1].ndim == 2 else 1
    inner, (rows, columns) = factors.left.shape[1], pair[0].shape
    if 2 * width * inner * (rows + columns) >= rows * columns * (inner + width):
        return None
    return product(call.session, factors.left, product(call.session, factors.right, pair[1]))


@rule(
    "product.slice",
    (GETITEM,),
    tolerance=TOLERANCE,
    law="(A·B)[rows] = A[rows]·B; (A·B)[:, columns] = A·B[:, columns]",
)
def slice_of(call: Call) -> Cell | None:
    """Answer some rows or columns of a product without the rest of it."""
    factors = _factors(call.cells[0])
    found = None if factors is None else _selection(call)
    if factors is None or found is None:
        return None
    axis, selector = found
    family = family_of(call.session, "slices", call.cells[0])
    if not len(selector) or family.pays(len(selector), call.cells[0].shape[axis]):
        return None
    left, right = factors.left, factors.right
    if axis == 0:
        return product(call.session, pick(call.session, left, 0, selector), right)
    return product(call.session, left, pick(call.session, right, 1, selector))


def _selection(call: Call) -> tuple[int, Selector] | None:
    """Return the axis and the positions that a key selects, None for other keys."""
    key, axis = call.args[1], 0
    if type(key) is tuple:
        if len(key) != 2 or type(key[0]) is not slice or key[0] != slice(None):
            return None
        axis, key = 1, key[1]
    length = call.cells[0].shape[axis]
    if type(key) is slice:
        return axis, select_range(range(length)[key])
    if type(key) is not Hole or len(call.cells) != 2:
        return None
    positions = positions_of(call.cells[1].value, length)
    return None if positions is None else (axis, select_index(positions))
