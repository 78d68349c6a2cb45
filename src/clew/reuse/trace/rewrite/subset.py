"""Rewrites of products over row subsets: folds, appended slices, total minus fold.

``X[rows]ᵀ·Y[rows]`` is a sum over rows, so it can be put together from sums over disjoint subsets
that are known, or taken as the total minus the rows left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.reuse.trace.cell import Cell
from clew.reuse.trace.item import item_id
from clew.reuse.trace.rewrite.algebra import (
    MATMUL,
    PAIR,
    PRODUCTS,
    Family,
    add_up,
    family_of,
    operands,
    product,
    subtract,
)
from clew.reuse.trace.rewrite.shape import pick, picked, runs_of
from clew.reuse.trace.rules import Call, rule
from clew.reuse.trace.selector import Selector, select_index, select_range
from clew.reuse.trace.session import Session

_MOST_PIECES = 256
_MOST_RUNS = 8
_SMALLEST_SHARE = 1e-4
"""A remainder whose columns keep less than this share of the total's squared norm is computed
directly: the subtraction would cancel too many digits."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class _Request:
    """One product over a subset of the rows of two bases."""

    session: Session
    left: Cell
    right: Cell
    selector: Selector
    mask: Mask

    def piece(self, selector: Selector) -> Cell:
        """Return the product over other rows of the same bases."""
        return product(
            self.session,
            pick(self.session, self.left, self.left.ndim - 1, selector),
            pick(self.session, self.right, 0, selector),
        )


@rule(
    "product.row_subset",
    PRODUCTS,
    tolerance=1e-9,
    rank=10,
    law="Σ over rows = Σ over disjoint subsets = total − Σ over the rows left out",
    plain_transposes=False,
)
def row_subset(call: Call) -> Cell | None:
    """Answer a product over selected rows from what is known of other rows."""
    request = _request(call)
    if request is None:
        return None
    family = family_of(call.session, "subset", request.left, request.right)
    length = len(request.mask)
    count = int(np.count_nonzero(request.mask))
    share = family.overlap(0, request.selector, length)
    known = _known_pieces(request, family)
    family.pieces.append((request.selector, _id_of(call)))
    del family.pieces[:-_MOST_PIECES]
    cover, rest, missing = _cover(request.mask, known)
    total_pays = share > 0 and count * 2 > length and family.pays(share * count, length)
    total = _total(request, compute=total_pays)
    left_out = length - count
    if total is not None and left_out < min(missing, count):
        answer = _total_minus(request, total, known)
        if answer is not None:
            return answer
    if cover:
        return add_up(request.session, [*cover, *_pieces(request, rest)])
    return _by_runs(request)


def _id_of(call: Call) -> bytes:
    return item_id(call.opcode, [cell.item for cell in call.cells], call.text)


def _request(call: Call) -> _Request | None:
    pair = operands(call)
    if pair is None or pair[0].dtype.kind not in "fiu":
        return None
    left, right = pair
    first, second = picked(left, left.ndim - 1), picked(right, 0)
    if first is None or second is None or first[1].key != second[1].key:
        return None
    length = second[0].shape[0]
    if first[0].shape[-1] != length:
        return None
    mask = second[1].mask(length)
    if mask is None or not mask.any():
        return None
    return _Request(call.session, first[0], second[0], second[1], mask)


def _known_pieces(request: _Request, family: Family) -> list[tuple[Selector, Cell]]:
    """Return the pieces that are at hand, largest first."""
    found = []
    for selector, id in family.pieces:
        cell = None if selector.key == request.selector.key else request.session.known_id(id)
        if cell is not None:
            found.append((selector, cell))
    return sorted(found, key=lambda pair: -len(pair[0]))


def _cover(mask: Mask, known: list[tuple[Selector, Cell]]) -> tuple[list[Cell], Mask, int]:
    """Return known products over disjoint subsets of a mask, the rows left, and their number."""
    rest = mask.copy()
    missing = int(np.count_nonzero(rest))
    chosen = []
    for selector, cell in known:
        count = len(selector)
        at = selector.where()
        if 0 < count <= missing and bool(rest[selector.positions[-1]]) and bool(rest[at].all()):
            chosen.append(cell)
            rest[at] = False
            missing -= count
    return chosen, rest, missing


def _total(request: _Request, *, compute: bool) -> Cell | None:
    found = request.session.known(MATMUL, PAIR, request.left, request.right)
    if found is not None or not compute:
        return found
    return product(request.session, request.left, request.right)


def _total_minus(request: _Request, total: Cell, known: list[tuple[Selector, Cell]]) -> Cell | None:
    out = ~request.mask
    if not _well_conditioned(request, out):
        return None
    used, rest, _ = _cover(out, known)
    answer = total
    for piece in [*used, *_pieces(request, rest)]:
        answer = subtract(request.session, answer, piece)
    return answer


def _well_conditioned(request: _Request, out: Mask) -> bool:
    """Tell whether every column keeps enough of its norm when the rows are taken out."""
    if request.left.dtype.kind in "iu":
        return True
    for cell in (request.left, request.right):
        matrix = cell.value.T if cell is request.left else cell.value
        whole = _squared_norms(request.session, cell, matrix)
        gone = _norms_of_rows(matrix, out)
        if not bool(np.isfinite(whole).all()) or bool(
            (whole - gone < _SMALLEST_SHARE * whole).any()
        ):
            return False
    return True


def _norms_of_rows(matrix: Any, mask: Mask) -> Any:
    runs = runs_of(mask)
    if len(runs) > _MOST_RUNS:
        return _norms(matrix[mask])
    return sum(_norms(matrix[run.start : run.stop]) for run in runs)


def _squared_norms(session: Session, cell: Cell, matrix: Any) -> Any:
    key = ("norms", cell.item.id, matrix.shape)
    found = session.ledger.get(key)
    if found is None:
        found = session.ledger[key] = _norms(matrix)
    return found


def _norms(matrix: Any) -> Any:
    return np.einsum("ij,ij->j", matrix, matrix) if matrix.ndim == 2 else np.dot(matrix, matrix)


def _pieces(request: _Request, mask: Mask) -> list[Cell]:
    """Return products over the runs of a mask: slices are views, so few runs need no copy."""
    runs = runs_of(mask)
    if len(runs) <= _MOST_RUNS:
        return [request.piece(select_range(run)) for run in runs]
    return [request.piece(select_index(np.flatnonzero(mask)))]


def _by_runs(request: _Request) -> Cell | None:
    """Compute the runs one by one, where that spares the copy; each is known afterwards."""
    runs = runs_of(request.mask)
    whole = isinstance(request.selector.positions, range)
    if whole or len(runs) < 2 or len(runs) > _MOST_RUNS:
        return None
    return add_up(request.session, _pieces(request, request.mask))
