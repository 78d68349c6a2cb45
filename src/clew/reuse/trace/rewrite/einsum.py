"""Rewrites of ``np.einsum`` on two matrices: read off a matrix product that is known.

Squared norms of columns are the diagonal of the Gram matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clew.reuse.trace.cell import Cell
from clew.reuse.trace.rewrite.algebra import TOLERANCE, flip, known_product
from clew.reuse.trace.rules import Call, rule
from clew.reuse.trace.session import Session


def _same(session: Session, product: Cell) -> Cell:
    return product


def _along(session: Session, product: Cell) -> Cell:
    # A copy: the diagonal itself is a view of the product, and einsum gives an array of its own.
    view = session.evaluate("numpy.diagonal", np.diagonal, "(@0)", [product], [product])[0][0]
    return session.evaluate("numpy.copy", np.copy, "(@0)", [view], [view])[0][0]


def _total(session: Session, product: Cell) -> Cell:
    return session.evaluate("numpy.trace", np.trace, "(@0)", [product], [product])[0][0]


_Read = Callable[[Session, Cell], Cell]
_KNOWN: dict[str, tuple[bool, bool, _Read]] = {
    "ij,jk->ik": (False, False, _same),
    "ij,ik->jk": (True, False, _same),
    "ij,kj->ik": (False, True, _same),
    "ij,ij->j": (True, False, _along),
    "ij,ij->i": (False, True, _along),
    "ij,ji->i": (False, False, _along),
    "ij,ij->": (True, False, _total),
    "ij,ji->": (False, False, _total),
}
"""Subscripts: which factor of the product is transposed, and what is read off the product."""


@rule(
    "einsum.product",
    ("numpy.einsum",),
    tolerance=TOLERANCE,
    law="Σᵢ X[i, j]·Y[i, j] = diag(XᵀY)[j], and its relatives",
    always=True,
)
def of_product(call: Call) -> Cell | None:
    """Read a sum of products off a matrix product that is at hand."""
    if len(call.cells) != 2 or len(call.args) != 3 or call.kwargs:
        return None
    entry = _KNOWN.get(_letters(call.args[0]))
    left, right = call.cells
    if entry is None or left.ndim != 2 or right.ndim != 2 or left.dtype != right.dtype:
        return None
    if left.dtype.kind not in "fciu":
        return None
    first, second, read = entry
    found = known_product(
        call.session, flip(left) if first else left, flip(right) if second else right
    )
    if found is None or (read is not _same and found.shape[0] != found.shape[1]):
        return None
    return read(call.session, found)


def _letters(subscripts: Any) -> str:
    """Return subscripts with the letters i, j, k in order of appearance."""
    if not isinstance(subscripts, str):
        return ""
    names: dict[str, str] = {}
    for letter in subscripts:
        if letter.isalpha() and letter not in names:
            if len(names) == 3:
                return ""
            names[letter] = "ijk"[len(names)]
    return "".join(names.get(letter, letter) for letter in subscripts if letter != " ")
