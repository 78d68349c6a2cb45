"""Rewrites of products with diagonal matrices: rows or columns are scaled instead."""

from __future__ import annotations

import numpy as np

from clew.reuse.trace.cell import Cell, Diag, Flip
from clew.reuse.trace.rewrite.algebra import PRODUCTS, TOLERANCE, as_column, operands, run
from clew.reuse.trace.rules import Call, rule


@rule(
    "product.scaled_rows",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="diag(v)·X = v[:, None] * X",
    rank=1,
    plain_transposes=False,
)
def scaled_rows(call: Call) -> Cell | None:
    """Scale the rows of the other factor."""
    pair = operands(call)
    vector = None if pair is None else _diagonal_of(pair[0])
    if pair is None or vector is None:
        return None
    if pair[1].ndim == 2:
        vector = as_column(call.session, vector)
    return _finite(run(call.session, "numpy.multiply", np.multiply, vector, pair[1]))


@rule(
    "product.scaled_columns",
    PRODUCTS,
    tolerance=TOLERANCE,
    law="X·diag(v) = X * v",
    rank=1,
    plain_transposes=False,
)
def scaled_columns(call: Call) -> Cell | None:
    """Scale the columns of the other factor."""
    pair = operands(call)
    vector = None if pair is None else _diagonal_of(pair[1])
    if pair is None or vector is None:
        return None
    return _finite(run(call.session, "numpy.multiply", np.multiply, pair[0], vector))


def _diagonal_of(cell: Cell) -> Cell | None:
    form = cell.form.base.form if isinstance(cell.form, Flip) else cell.form
    return form.base if isinstance(form, Diag) else None


def _finite(answer: Cell) -> Cell | None:
    # The zeros beside the diagonal meet infinities and NaN in the product, and make more NaN.
    value = answer.value
    return answer if value.dtype.kind in "iu" or bool(np.isfinite(value).all()) else None
