"""Traced operations on cells: rewrites answer by these, so that their answers have lineage too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from clew.reuse.trace.cell import Cell
from clew.reuse.trace.item import make
from clew.reuse.trace.rules import Call
from clew.reuse.trace.selector import Selector
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import concatenate, transpose

MATMUL = "numpy.matmul"
PAIR = "(@0,@1)"
PRODUCTS = ("numpy.matmul", "numpy.dot")
TOLERANCE = 1e-11


def run(session: Session, opcode: str, function: Callable[..., Any], *cells: Cell) -> Cell:
    """Return the single output of an operation on cells alone."""
    text = f"({','.join(f'@{n}' for n in range(len(cells)))})"
    outputs, _, _ = session.evaluate(opcode, function, text, cells, cells)
    return outputs[0]


def product(session: Session, left: Cell, right: Cell) -> Cell:
    """Return the matrix product."""
    return run(session, MATMUL, np.matmul, left, right)


def add_up(session: Session, cells: Sequence[Cell]) -> Cell:
    """Return the sum, from the first to the last."""
    return reduce(lambda a, b: run(session, "numpy.add", np.add, a, b), cells)


def subtract(session: Session, left: Cell, right: Cell) -> Cell:
    """Return the difference."""
    return run(session, "numpy.subtract", np.subtract, left, right)


def join_cells(session: Session, cells: Sequence[Cell], axis: int) -> Cell:
    """Return cells after one another."""
    if len(cells) == 1:
        return cells[0]
    holes = ",".join(f"@{n}" for n in range(len(cells)))
    text = f"(({holes}),axis=i{axis})"
    item = make("numpy.concatenate", tuple(cell.item for cell in cells), text)
    found = session.find(item)
    if found is not None:
        return found[0][0]

    def build() -> Any:
        return np.concatenate([cell.value for cell in cells], axis=axis)

    if cells[0].ndim > axis:
        put_off = concatenate(item, cells, axis, build, session=session)
        if put_off is not None:
            return put_off
    outputs, _, _ = session.evaluate(
        "numpy.concatenate", np.concatenate, text, cells, [tuple(cells)], {"axis": axis}
    )
    return outputs[0]


def as_column(session: Session, vector: Cell) -> Cell:
    """Return a vector as a matrix of one column."""
    text, args = "(@0,(i-1,i1))", [vector, (-1, 1)]
    return session.evaluate("numpy.reshape", np.reshape, text, [vector], args)[0][0]


def flip(cell: Cell) -> Cell:
    """Return the transpose; a vector is its own."""
    return transpose(cell) if cell.ndim == 2 else cell


def known_product(session: Session, left: Cell, right: Cell) -> Cell | None:
    """Return a product that is at hand, or the transpose of one that is."""
    found = session.known(MATMUL, PAIR, left, right)
    if found is not None or left.ndim + right.ndim < 3:
        return found
    other = session.known(MATMUL, PAIR, flip(right), flip(left))
    return None if other is None else flip(other)


def work_of(left: Cell, right: Cell) -> float:
    """Return the multiplications of a product."""
    rows = left.shape[0] if left.ndim == 2 else 1
    columns = right.shape[1] if right.ndim == 2 else 1
    return float(rows * columns * right.shape[0])


def operands(call: Call) -> tuple[Cell, Cell] | None:
    """Return the operands of a plain product of matrices and vectors, or None."""
    if len(call.cells) != 2 or call.kwargs or len(call.args) != 2:
        return None
    left, right = call.cells
    simple = 1 <= left.ndim <= 2 and 1 <= right.ndim <= 2 and left.ndim + right.ndim > 2
    fitting = left.shape[-1] == right.shape[0] if simple else False
    if not fitting or left.dtype != right.dtype or left.dtype.kind not in "fciu":
        return None
    return left, right


@dataclass(slots=True)
class Family:
    """What has been asked for of one whole operation, piece by piece.

    Computing the whole at once pays when pieces overlap: pieces that never overlap (batches) are
    computed one by one for ever.
    """

    paid: float = 0.0
    masks: dict[int, Any] = field(default_factory=dict)
    pieces: list[tuple[Selector, bytes]] = field(default_factory=list)

    def overlap(self, axis: int, selector: Selector, length: int) -> float:
        """Return the share of these positions that was asked for before; remember them."""
        mask = self.masks.get(axis)
        if mask is None:
            mask = self.masks[axis] = np.zeros(length, dtype=np.bool_)
        at = selector.where()
        share = float(np.count_nonzero(mask[at])) / max(len(selector), 1)
        mask[at] = True
        return share

    def pays(self, work: float, whole: float) -> bool:
        """Tell, after overlapping work was asked for, whether to compute the whole now."""
        self.paid += work
        return self.paid >= 0.5 * whole


def family_of(session: Session, kind: str, *cells: Cell) -> Family:
    """Return the family of an operation on whole bases."""
    key = (kind, *(cell.item.id for cell in cells))
    found = session.ledger.get(key)
    if found is None:
        if len(session.ledger) > 4096:
            session.ledger.clear()
        found = session.ledger.setdefault(key, Family())
    return found  # type: ignore[no-any-return]
