"""A table as numbers in which what is far is unusual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.tables import columns_of
from clew.errors import InvalidParameter

Floats = NDArray[np.float64]
_MAD = 1.4826
"""Of a normal distribution: standard deviations to median absolute deviations."""
_FEWEST = 20


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A table as numbers.

    Parameters
    ----------
    names : tuple of str
        The column that each number is of.
    values : (n_rows, n_names) array
        Numbers in robust deviations from their median; of texts how rare the value is (the negative
        logarithm of its share, less the usual one); 0 where a value is missing.
    left_out : tuple of str
        Columns that say nothing: constants, keys, lists.
    """

    names: tuple[str, ...]
    values: Floats
    left_out: tuple[str, ...]


def coded(table: Any) -> Coded:
    """Return a table as numbers.

    Raises
    ------
    InvalidParameter
        When there are too few rows, or no column says anything.
    """
    columns = columns_of(table)
    found: dict[str, Floats] = {}
    left_out = []
    rows = 0
    for name in columns.names:
        values = columns.read(name)
        rows = len(values)
        numbers = _numbers(values)
        numbers = _rarity(values) if numbers is None else _deviations(numbers)
        if numbers is None or not np.ptp(numbers):
            left_out.append(name)
        else:
            found[name] = numbers
    if rows < _FEWEST:
        raise InvalidParameter("so few rows have no outliers", got=str(rows), expected=f"{_FEWEST}")
    if not found:
        raise InvalidParameter("no column says anything", got=", ".join(left_out[:10]))
    return Coded(tuple(found), np.column_stack(list(found.values())), tuple(left_out))


def _numbers(values: Any) -> Floats | None:
    import pyarrow as pa

    types = pa.types
    kind = values.type
    if types.is_temporal(kind) and not types.is_duration(kind):
        try:
            values = values.cast(pa.timestamp("us")).cast(pa.int64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
    elif not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
        return None
    return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def _deviations(numbers: Floats) -> Floats | None:
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return None
    median = float(np.median(known))
    spread = _MAD * float(np.median(np.abs(known - median)))
    if spread == 0.0:  # More than half of the values are one: the others tell how far is far.
        spread = float(np.std(known)) or 1.0
    found = (numbers - median) / spread
    # Infinite values are farther than any other.
    farthest = float(np.max(np.abs(found[np.isfinite(found)]), initial=1.0))
    found = np.where(np.isposinf(numbers), 10 * farthest, found)
    found = np.where(np.isneginf(numbers), -10 * farthest, found)
    return np.where(np.isnan(numbers), 0.0, found)


def _rarity(values: Any) -> Floats | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
    ):
        return None
    encoded = pc.dictionary_encode(values)
    codes = np.asarray(encoded.indices.fill_null(-1))
    known = codes >= 0
    counts = np.bincount(codes[known], minlength=1)
    if len(counts) > 0.5 * known.sum():
        return None  # A key: each value is as rare as any other.
    surprise = -np.log(counts / known.sum())
    usual = float((counts * surprise).sum() / known.sum())
    return np.where(known, surprise[codes] - usual, 0.0)
