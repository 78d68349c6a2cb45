"""Affine prefixes: preprocessing that is, on each fold, a matrix applied to fixed base columns.

One-hot encoding picks indicator columns; imputing and scaling numbers map each column to
``a·x + b``. So the rows of every fold are ``U @ A`` with one `U` for the whole study and a small
`A` a fold, and sums over rows of `U` can be added and subtracted between folds.

Numbers are centred and scaled once (by all rows) in `U`, so that sums of squares keep their digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

Array = np.ndarray[Any, Any]


class NotAffine(Exception):
    """These stages, or these rows, are not affine in fixed columns; the message says why."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """Columns that are one-hot encoded.

    Parameters
    ----------
    codes : tuple of array of shape (n_rows,)
        For each column the number of each row's category.
    sizes : tuple of int
        Number of categories of each column.
    strict : bool
        Whether a category that training rows lack is an error in other rows.
    """

    codes: tuple[Array, ...]
    sizes: tuple[int, ...]
    strict: bool

    @property
    def width(self) -> int:
        """Number of base columns."""
        return sum(self.sizes)

    def fill(self, out: Array, rows: Array) -> None:
        """Write the base columns of some rows into zeros."""
        number, offset = np.arange(len(rows)), 0
        for codes, size in zip(self.codes, self.sizes, strict=True):
            out[number, offset + codes[rows]] = 1.0
            offset += size

    def matrix(self, train: Array, test: Array) -> tuple[Array, Array]:
        """Return the map from base columns to the fold's columns, and constants to add."""
        kept = []
        for codes, size in zip(self.codes, self.sizes, strict=True):
            known = np.bincount(codes[train], minlength=size) > 0
            if self.strict and not known[codes[test]].all():
                raise NotAffine("a test row has a category that the training rows lack")
            kept.append(known)
        picked = np.flatnonzero(np.concatenate(kept))
        return np.eye(self.width)[:, picked], np.zeros(len(picked))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of numbers with a chain of column-wise affine transformers.

    Parameters
    ----------
    values : array of shape (n_rows, n_columns)
        The numbers; missing ones are NaN.
    chain : tuple of transformer
        Unfitted imputers and scalers, in order.
    centre, scale : array of shape (n_columns,)
        What `values` are centred and scaled by in the base columns.
    """

    values: Array
    chain: tuple[Any, ...]
    centre: Array
    scale: Array

    @property
    def width(self) -> int:
        """Number of base columns: the numbers, and which of them are missing."""
        return 2 * int(self.values.shape[1])

    def fill(self, out: Array, rows: Array) -> None:
        """Write the base columns of some rows into zeros."""
        values, count = self.values[rows], self.values.shape[1]
        missing = np.isnan(values)
        out[:, :count] = np.where(missing, 0.0, (values - self.centre) / self.scale)
        out[:, count:] = missing

    def matrix(self, train: Array, test: Array) -> tuple[Array, Array]:
        """Return the map from base columns to the fold's columns, and constants to add."""
        count = self.values.shape[1]
        low, high, missing = self._probe(self.values[train])
        slope = (high - low) / 2.0
        middle = (high + low) / 2.0
        matrix = np.zeros((2 * count, count))
        matrix[:count] = np.diag(slope)
        if np.isnan(self.values).any():
            if np.isnan(missing[np.isnan(self.values).any(axis=0)]).any():
                raise NotAffine("missing numbers are not filled in")
            matrix[count:] = np.diag(np.nan_to_num(missing) - middle)
        return matrix, middle

    def _probe(self, rows: Array) -> Array:
        """Return what the fitted chain makes of one scale below and above the centre, and NaN."""
        nothing = np.full(len(self.centre), np.nan)
        probe = np.vstack([self.centre - self.scale, self.centre + self.scale, nothing])
        for step in self.chain:
            fitted = clone(step)
            rows = fitted.fit_transform(rows)
            if rows.shape[1] != probe.shape[1]:
                raise NotAffine("a column without any number was dropped")
            probe = fitted.transform(probe)
        return probe


Block = Indicators | Numbers
_SCALERS = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler)


def blocks_of(stages: Sequence[Any], X: Any) -> tuple[Block, ...]:
    """Return the blocks of base columns for a chain of unfitted transformers on `X`.

    Raises
    ------
    NotAffine
        When the chain or the rows are of a kind that is not understood.
    """
    if stages and type(stages[0]) is ColumnTransformer:
        if len(stages) > 1:
            raise NotAffine("there is a stage behind the ColumnTransformer")
        return tuple(_branches(stages[0], X))
    return (_block(tuple(stages), X),)


def _branches(transformer: ColumnTransformer, X: Any) -> Iterator[Block]:
    if transformer.remainder != "drop" or transformer.transformer_weights:
        raise NotAffine("remainder or weights of the ColumnTransformer")
    if not hasattr(X, "iloc"):
        raise NotAffine("the rows are no pandas table")
    for _, branch, columns in transformer.transformers:
        if branch == "drop":
            continue
        if not isinstance(columns, list) or not all(isinstance(c, str) for c in columns):
            raise NotAffine("columns are not a list of names")
        if columns:
            yield _block(_chain(branch), X[columns])


def _chain(branch: Any) -> tuple[Any, ...]:
    if branch == "passthrough":
        return ()
    if type(branch) is Pipeline:
        return tuple(s for _, s in branch.steps if s is not None and s != "passthrough")
    return (branch,)


def _block(chain: tuple[Any, ...], X: Any) -> Block:
    if len(chain) == 1 and type(chain[0]) is OneHotEncoder:
        return _indicators(chain[0], X)
    if all(_is_affine(step) for step in chain):
        return _numbers(chain, X)
    raise NotAffine("a transformer is not affine in its columns")


def _is_affine(step: Any) -> bool:
    if type(step) is SimpleImputer:
        filled = step.strategy in ("mean", "median", "most_frequent", "constant")
        return filled and not step.add_indicator and np.isscalar(step.missing_values)
    return type(step) in _SCALERS and not getattr(step, "clip", False)


def _indicators(encoder: OneHotEncoder, X: Any) -> Indicators:
    default = {**OneHotEncoder().get_params(), "sparse_output": False}
    free = ("handle_unknown", "feature_name_combiner")
    given = encoder.get_params()
    if any(given[name] != default[name] for name in default if name not in free):
        raise NotAffine("the one-hot encoder has an option that is not understood")
    if not hasattr(X, "iloc"):
        raise NotAffine("the rows are no pandas table")
    import pandas as pd

    codes, sizes = [], []
    for name in X.columns:
        numbers, categories = pd.factorize(X[name], use_na_sentinel=False)
        missing = pd.isna(categories).sum()
        if missing > 1 or (missing and len({id(v) for v in X[name][X[name].isna()]}) > 1):
            raise NotAffine("values are missing in more than one way")
        codes.append(numbers)
        sizes.append(len(categories))
    return Indicators(tuple(codes), tuple(sizes), encoder.handle_unknown == "error")


def _numbers(chain: tuple[Any, ...], X: Any) -> Numbers:
    values = _float64(X)
    with np.errstate(all="ignore"):
        centre, scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    if not np.isfinite(centre).all() or np.isinf(values).any():
        raise NotAffine("numbers are infinite or a column is empty")
    if (scale <= 1e-8 * np.abs(centre)).any():
        raise NotAffine("a column is constant, or nearly so")
    if not np.isnan(values).any():  # imputers then change nothing
        chain = tuple(step for step in chain if type(step) is not SimpleImputer)
    return Numbers(values, chain, centre, scale)


def _float64(X: Any) -> Array:
    kinds = {dtype.kind for dtype in X.dtypes} if hasattr(X, "iloc") else {np.asarray(X).dtype.kind}
    small = hasattr(X, "iloc") and any(dtype == np.float32 for dtype in X.dtypes)
    if not kinds <= set("iuf") or small or getattr(X, "dtype", None) == np.float32:
        raise NotAffine("a column is not of float64 or whole numbers")
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2:
        raise NotAffine("the rows are no table")
    return values


def width(blocks: Sequence[Block]) -> int:
    """Return the number of base columns, the constant included."""
    return sum(block.width for block in blocks) + 1


def base_rows(blocks: Sequence[Block], rows: Array) -> Array:
    """Return the base columns of some rows; the last is 1."""
    out, offset = np.zeros((len(rows), width(blocks))), 0
    for block in blocks:
        block.fill(out[:, offset : offset + block.width], rows)
        offset += block.width
    out[:, -1] = 1.0
    return out


def fold_matrix(blocks: Sequence[Block], train: Array, test: Array) -> Array:
    """Return `A` of a fold: base columns to the columns that the final estimator sees."""
    parts = [block.matrix(train, test) for block in blocks]
    matrix = np.zeros((width(blocks), sum(len(constant) for _, constant in parts)))
    row = column = 0
    for part, constant in parts:
        height, count = part.shape
        matrix[row : row + height, column : column + count] = part
        matrix[-1, column : column + count] = constant
        row, column = row + height, column + count
    return matrix
