"""Columns of categories: a dictionary each, one-hot or ordinal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, UnsupportedValue

_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class OneHot:
    """One column as indicators.

    Parameters
    ----------
    codes : mapping
        Category to column of the output; None stands for a missing value. −1: no indicator (the
        dropped category).
    unknown : int or None
        Column of a category that training did not see; −1: no indicator; None: it is refused.
    impute : object
        What an imputer puts in the place of a missing value; None without one.
    """

    source: str
    codes: Mapping[Any, int]
    width: int
    unknown: int | None
    impute: Any = None


@dataclass(frozen=True, slots=True)
class Indicators:
    """Neighbouring one-hot columns, written with one assignment."""

    columns: tuple[OneHot, ...]
    starts: tuple[int, ...]
    width: int

    @classmethod
    def of(cls, columns: Sequence[OneHot]) -> Indicators:
        """Return the block of some columns, side by side."""
        ends = list(accumulate(column.width for column in columns))
        return cls(tuple(columns), (0, *ends[:-1]), ends[-1])

    def fill(self, columns: dict[str, list[Any]], out: NDArray[np.float64]) -> None:
        """Write the indicators to `out` (n_rows, width), which is zero."""
        codes = [_looked_up(column, columns[column.source]) for column in self.columns]
        places = np.array(codes)
        seen = places >= 0
        places += np.array(self.starts)[:, None]
        if seen.all():
            out[np.arange(len(out)), places] = 1.0
        else:
            rows = np.broadcast_to(np.arange(len(out)), places.shape)
            out[rows[seen], places[seen]] = 1.0


@dataclass(frozen=True, slots=True)
class Ordinal:
    """One column as a number for each category; fields as in `OneHot`, values may be NaN."""

    source: str
    codes: Mapping[Any, float]
    unknown: float | None
    impute: Any = None
    width: int = 1

    def fill(self, columns: dict[str, list[Any]], out: NDArray[np.float64]) -> None:
        """Write the numbers to `out` (n_rows, 1)."""
        out[:, 0] = _looked_up(self, columns[self.source])


def _looked_up(part: OneHot | Ordinal, values: list[Any]) -> list[Any]:
    codes = part.codes
    if part.impute is None:
        try:
            # The usual case: every value is a known category.
            return [codes[value] for value in values]
        except (KeyError, TypeError):
            pass
    return [_code(part, value) for value in values]


def _code(part: OneHot | Ordinal, value: Any) -> float:
    if value is None or value != value:
        value = part.impute
    found = part.codes.get(value)
    if found is not None:
        return found
    if part.unknown is None:
        raise InvalidParameter(
            f"column {part.source!r}: a category that the model does not know",
            got=repr(value),
            expected=", ".join(repr(c) for c in list(part.codes)[:12]),
        )
    return part.unknown


def one_hot(encoder: Any, position: int, source: str, impute: Any) -> OneHot:
    """Return what a fitted `OneHotEncoder` does to one of its columns.

    Raises
    ------
    UnsupportedValue
        When it groups infrequent categories.
    """
    if encoder._infrequent_enabled:
        raise UnsupportedValue("no plan for an encoder that groups infrequent categories")
    categories = encoder.categories_[position]
    drop = None if encoder.drop_idx_ is None else encoder.drop_idx_[position]
    codes: dict[Any, int] = {}
    column = 0
    for index, category in enumerate(categories):
        if index == drop:
            codes[_key(category, codes)] = _UNKNOWN
        else:
            codes[_key(category, codes)] = column
            column += 1
    unknown = None if encoder.handle_unknown == "error" else _UNKNOWN
    return OneHot(source, codes, column, unknown, impute)


def ordinal(encoder: Any, position: int, source: str, impute: Any) -> Ordinal:
    """Return what a fitted `OrdinalEncoder` does to one of its columns."""
    if getattr(encoder, "_infrequent_enabled", False):
        raise UnsupportedValue("no plan for an encoder that groups infrequent categories")
    codes: dict[Any, float] = {}
    for index, category in enumerate(encoder.categories_[position]):
        key = _key(category, codes)
        codes[key] = float(encoder.encoded_missing_value) if key is None else float(index)
    unknown = None if encoder.handle_unknown == "error" else float(encoder.unknown_value)
    return Ordinal(source, codes, unknown, impute)


def _key(category: Any, codes: Mapping[Any, Any]) -> Any:
    """Return a category as rows hold it; None and NaN are one missing value."""
    value = category.item() if isinstance(category, np.generic) else category
    if value is None or value != value:
        if None in codes:
            raise UnsupportedValue("no plan for an encoder that tells None from NaN")
        return None
    return value
