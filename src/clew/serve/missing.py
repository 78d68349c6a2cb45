"""What a model takes besides finite numbers: missing values and infinities, column by column.

Many models refuse them, while a plan or a graph would compute on, to some answer. So the model
itself is asked once for each column, and rows that it would refuse are refused before any form sees
them; rows that it takes become part of the comparison.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from clew.serve.signature import Column, Signature

_SIZES = (1.7e308, 1e150, 1e100, 1e45, 3e38, 1e37, 1e30, 1e18, 1e15, 1e9)
_UNSEEN = "\u2400 a text that no sample has"


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
        takes_gap = _takes(model.predict, gap)
        rows += [gap] if takes_gap else []
        takes_endless, largest = False, math.inf
        if numeric:
            signs = [_with(sample.iloc[:1], column, value) for value in (np.inf, -np.inf)]
            takes_endless = all(_takes(model.predict, row) for row in signs)
            rows += signs if takes_endless else []
            if not takes_endless:
                largest = _largest(partial(_takes_size, model.predict, sample.iloc[:1], column))
        columns.append(replace(column, missing=takes_gap, infinite=takes_endless, largest=largest))
    probed = replace(signature, columns=tuple(columns))
    return probed, pd.concat(rows, ignore_index=True) if rows else sample.iloc[:0]


def asked_for_texts(model: Any, sample: Any, signature: Signature) -> tuple[Any, Any]:
    """Return rows with texts that the sample has not: those the model takes, those it refuses."""
    taken: list[Any] = []
    refused: list[Any] = []
    for column in signature.columns:
        if column.kind != "text":
            continue
        seen = set(sample[column.name].dropna())
        for text in ("", _UNSEEN):
            if text not in seen:
                row = _with(sample.iloc[:1], column, text)
                (taken if _takes(model.predict, row) else refused).append(row)
    return taken, refused


def _largest(takes: Callable[[float], bool]) -> float:
    """Return the largest size of a number that is surely taken: trees, say, read singles.

    A model that takes none of these has other reasons, and is asked row by row.
    """
    return next((size for size in _SIZES if takes(size)), math.inf)


def _takes_size(predict: Callable[[Any], Any], row: Any, column: Column, size: float) -> bool:
    return all(_takes(predict, _with(row, column, value)) for value in (size, -size))


def _with(row: Any, column: Column, value: Any) -> Any:
    changed = row.copy()
    if column.kind == "text":
        changed[column.name] = np.array([value], dtype=object)
    else:
        changed[column.name] = np.array([value], dtype=np.float64)
    return changed


def _matrix(model: Any, row: Any, signature: Signature) -> tuple[Signature, Any]:
    """Ask for a gap in every feature at once: a matrix model takes them everywhere or nowhere."""

    def changed(value: float) -> Any:
        made = np.repeat(row, signature.n_features, axis=0)
        np.fill_diagonal(made, value)
        return made

    gaps, endless = changed(np.nan), np.concatenate([changed(np.inf), changed(-np.inf)])
    missing, infinite = _takes(model.predict, gaps), _takes(model.predict, endless)
    largest = math.inf
    if not infinite:
        largest = _largest(
            lambda size: _takes(model.predict, np.concatenate([changed(size), changed(-size)]))
        )
    probed = replace(signature, missing=missing, infinite=infinite, largest=largest)
    rows = [row[:0], *([gaps] if missing else []), *([endless] if infinite else [])]
    return probed, np.concatenate(rows)


def _takes(predict: Callable[[Any], Any], rows: Any) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an overflow, say, that the model then refuses
            predict(rows)
    except Exception:  # whatever the model refuses with
        return False
    return True
