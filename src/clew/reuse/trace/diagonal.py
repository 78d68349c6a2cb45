"""Diagonal matrices, ``np.diag(v)``: put off, since hardly anybody needs their zeros."""

from __future__ import annotations

import numpy as np

from clew.reuse.trace.cell import Cell, Diag
from clew.reuse.trace.item import make
from clew.reuse.trace.report import DEFERRED, Reason
from clew.reuse.trace.session import Session
from clew.reuse.trace.structure import put_off

DIAG = "numpy.diag"


def diagonal_matrix(session: Session, vector: Cell) -> tuple[Cell, Reason] | None:
    """Return the matrix with a vector on its diagonal, put off; None where NumPy should do it."""
    if vector.ndim != 1 or vector.guard is not None or vector.borrowed:
        return None
    length = vector.shape[0]
    if length * length * vector.dtype.itemsize < session.defer_bytes:
        return None
    item = make(DIAG, (vector.item,), "(@0)")
    found = session.find(item)
    if found is not None:
        return found[0][0], found[2]

    def build() -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        return np.diag(vector.value)

    form, shape = Diag(vector), (length, length)
    return put_off(item, [vector], form, shape, vector.dtype, build, session), DEFERRED
