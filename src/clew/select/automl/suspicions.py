"""What a person should look at before trusting a study's scores."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from clew.select.automl.columns import LEFT_OUT, Column, moments, numbers

_SAMPLE = 2000
_MOST_COMPARED = 200_000
_LONG = 100
_FEW, _RARE = 5, 0.05
_LEAK = 0.995
"""A single column that tells the target as well as this is suspicious."""


def suspicions(frame: Any, columns: list[Column], y: Any, kind: str) -> Iterator[list[str]]:
    """Yield what a person should look at before trusting the scores, bit by bit.

    Columns that were left out; cells that were not read; rows that stand twice; classes of a few
    rows; then, one by one, each column that alone tells the target almost without an error.

    Parameters
    ----------
    kind : str
        Of the task.
    """
    yield _of_columns(frame, columns)
    yield _of_rows(frame, columns, y, kind)
    sample = np.random.default_rng(0).permutation(len(frame))[:_SAMPLE]
    for column in columns:
        if column.kind not in LEFT_OUT:
            cells = frame[column.name].iloc[sample]
            alone = _alone(cells, column, y[sample], kind == "regression")
            told = f"leakage? {column.name!r} alone tells the target ({alone:.1%})"
            yield [told] if alone > _LEAK else []


def _of_columns(frame: Any, columns: list[Column]) -> list[str]:
    found = []
    left_out = [column.name for column in columns if column.kind in ("constant", "id")]
    if left_out:
        found.append(f"left out, constant or an identifier: {', '.join(left_out)}")
    nested = [column.name for column in columns if column.kind == "nested"]
    if nested:
        found.append(f"left out, cells are no numbers, texts or dates: {', '.join(nested)}")
    found += [
        f"{column.name!r}: {column.unread} cells are no {column.kind}s, and count as missing"
        for column in columns
        if column.unread
    ]
    counts = [c.name for c in columns if c.kind == "number" and _counts_rows(frame[c.name])]
    if counts:
        found.append(f"whole numbers without a gap, identifiers perhaps: {', '.join(counts)}")
    return found


def _of_rows(frame: Any, columns: list[Column], y: Any, kind: str) -> list[str]:
    found = []
    flat = frame.drop(columns=[column.name for column in columns if column.kind == "nested"])
    twice = int(flat.duplicated().sum()) if len(frame) <= _MOST_COMPARED else 0
    if twice > 0.01 * len(frame):
        found.append(f"{twice} rows stand twice: folds share them, and scores are too good")
    if kind != "regression":
        _, counts = np.unique(y, return_counts=True)
        if counts.min() < _FEW:
            found.append(f"a class has {counts.min()} rows: it cannot be in every fold")
        elif counts.min() < _RARE * len(y):
            share = counts.min() / len(y)
            found.append(f"classes are imbalanced: the rarest is {share:.1%} of rows")
    return found


def _counts_rows(column: Any) -> bool:
    """Tell whether a column numbers its rows: distinct whole numbers without a gap."""
    if column.dtype.kind not in "iu" or len(column) < _LONG:
        return False
    return bool(column.is_unique and int(column.max()) - int(column.min()) == len(column) - 1)


def _alone(cells: Any, column: Column, y: Any, regression: bool) -> float:
    """Return how well a small tree on one column tells the target, out of fold."""
    from sklearn.model_selection import cross_val_predict
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    values = _coded(cells, column).reshape(-1, 1)
    shape: Mapping[str, int] = {"max_leaf_nodes": 64, "min_samples_leaf": 5, "random_state": 0}
    _, counts = np.unique(y, return_counts=True)
    if not regression and counts.max() < 3:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if regression:
            told = cross_val_predict(DecisionTreeRegressor(**shape), values, y, cv=3)
            spread = ((y - y.mean()) ** 2).sum()
            return float(1 - ((y - told) ** 2).sum() / max(spread, 1e-300))
        told = cross_val_predict(DecisionTreeClassifier(**shape), values, y, cv=3)
    chance = counts.max() / len(y)
    return float((float((told == y).mean()) - chance) / max(1 - chance, 1e-9))


def _coded(cells: Any, column: Column) -> Any:
    """Return numbers in which a tree can cut; of a text, only whether there is one."""
    if column.kind == "category":
        return cells.astype(str).astype("category").cat.codes.to_numpy(dtype=float)
    if column.kind == "text":
        return cells.isna().to_numpy(dtype=float)
    if column.kind == "date":
        read = moments(cells, *column.form)
        return np.where(read.isna(), np.nan, read.astype("int64").to_numpy(dtype=float))
    found = numbers(cells).to_numpy(dtype=float)
    return np.where(np.abs(found) < np.finfo(np.float32).max, found, np.nan)
