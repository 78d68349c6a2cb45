"""What a model takes besides finite numbers: missing values and infinities, column by column.

Many models refuse them, while a plan or a graph would compute on, to some answer. So the model
itself is asked once for each column, and rows that it would refuse are refused before any form sees
them; rows that it takes become part of the comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from clew.serve.signature import Column, Signature


def asked_for_gaps(model: Any, sample: Any, signature: Signature) -> tuple[Signature, Any]:
    """Return the signature with what each column may hold, and rows with the gaps that are taken.

    Parameters
    ----------
    sample : frame or (n_rows, n_features) array
        Rows as the model was fitted on; the first is changed for each question.
    """
    if not signature.is_frame:
        return _matrix(model, np.asarray(sample, dtype=np.float64)[:1], signature)
    import pandas as pd

    columns: list[Column] = []
    rows: list[Any] = []
    for column in signature.columns:
        numeric = column.kind in ("number", "integer")
        gap = _with(sample.iloc[:1], column, np.nan if column.kind != "text" else None)
        endless = _with(sample.iloc[:1], column, np.inf) if numeric else None
        takes_gap = _takes(model.predict, gap)
        takes_endless = endless is not None and _takes(model.predict, endless)
        columns.append(replace(column, missing=takes_gap, infinite=takes_endless))
        rows += [gap] if takes_gap else []
        rows += [endless] if takes_endless else []
    probed = replace(signature, columns=tuple(columns))
    return probed, pd.concat(rows, ignore_index=True) if rows else sample.iloc[:0]


def _with(row: Any, column: Column, value: Any) -> Any:
    changed = row.copy()
    if column.kind == "text":
        changed[column.name] = np.array([value], dtype=object)
    else:
        changed[column.name] = np.array([value], dtype=np.float64)
    return changed


def _matrix(model: Any, row: Any, signature: Signature) -> tuple[Signature, Any]:
    """Ask for a gap in every feature at once: a matrix model takes them everywhere or nowhere."""
    taken, rows = [], [row[:0]]
    for value in (np.nan, np.inf):
        changed = np.repeat(row, signature.n_features, axis=0)
        np.fill_diagonal(changed, value)
        taken.append(_takes(model.predict, changed))
        rows += [changed] if taken[-1] else []
    probed = replace(signature, missing=taken[0], infinite=taken[1])
    return probed, np.concatenate(rows)


def _takes(predict: Callable[[Any], Any], rows: Any) -> bool:
    try:
        predict(rows)
    except Exception:  # whatever the model refuses with
        return False
    return True
