"""What a model reads: named columns with kinds, or a matrix; and rows checked against it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter, WrongType

Kind = Literal["number", "integer", "boolean", "text"]
Row = Mapping[str, Any]
Columns = dict[str, list[Any]]

_NAMES: Mapping[Kind, str] = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "a text",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One input column.

    Parameters
    ----------
    dtype : str
        The column's dtype in the frame that the model was fitted on, as its library writes it.
    missing, infinite : bool
        Whether the model takes a missing value (None, NaN) or an infinite one here.
    largest : float
        Beyond this size it is not certain that the model takes a finite number: trees, for one,
        read single precision.
    categories : tuple of str or None
        Of a pandas column of categories, in their order; None for any other column.
    ordered : bool
        Whether that order has a meaning.
    gap_is_none : bool
        Missing texts are None in the frame that the model was fitted on; NaN otherwise.
    """

    name: str
    kind: Kind
    dtype: str = ""
    missing: bool = True
    infinite: bool = True
    largest: float = math.inf
    categories: tuple[str, ...] | None = None
    ordered: bool = False
    gap_is_none: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """The input of a model.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the training frame. Empty for a model that reads a matrix.
    n_features : int
        Columns of the frame or matrix.
    missing, infinite : bool
        Whether a matrix model takes missing (NaN) or infinite values.
    largest : float
        Of a matrix model, as of a `Column`.
    texts : bool
        The model reads the values of its one column, a sequence of texts, not a frame.
    """

    columns: tuple[Column, ...]
    n_features: int
    missing: bool = True
    infinite: bool = True
    largest: float = math.inf
    texts: bool = False

    @property
    def is_frame(self) -> bool:
        """Whether rows have named columns."""
        return bool(self.columns)

    @classmethod
    def of(cls, sample: Any) -> Signature:
        """Return the signature of a sample: a pandas frame, an array of numbers, or texts.

        A sequence of texts becomes one column, called ``text`` or as its series is.

        Raises
        ------
        WrongType
            When it is neither, or a column holds something other than numbers, texts and booleans.
        """
        if hasattr(sample, "iloc") and hasattr(sample, "columns"):
            return cls(tuple(_column(sample, name) for name in sample.columns), sample.shape[1])
        if is_texts(sample):
            name = getattr(sample, "name", None)
            column = Column(name if isinstance(name, str) else "text", "text")
            return cls((column,), 1, texts=True)
        array = np.asarray(sample)
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            raise WrongType(
                "a model's sample must be rows of features",
                got=f"{type(sample).__name__} of {array.dtype}, {array.ndim} dimensions",
                expected="a pandas frame, a two-dimensional array of numbers, or texts",
            )
        return cls((), array.shape[1])

    def columns_of(self, rows: Sequence[Row]) -> Columns:
        """Return rows as columns in order, checked.

        Raises
        ------
        InvalidParameter
            When a row lacks a column or has one that the model does not know.
        WrongType
            When a value is not of its column's kind, or missing or infinite where the model takes
            no such value; names the row, the column, what was got and what is expected.
        """
        try:
            columns = {c.name: [row[c.name] for row in rows] for c in self.columns}
        except (KeyError, TypeError, IndexError):
            self._explain(rows)
            raise
        return self.checked(columns)

    def checked(self, columns: Columns) -> Columns:
        """Return columns whose values are of their kinds; errors as of `columns_of`."""
        return {column.name: _checked(column, columns[column.name]) for column in self.columns}

    def _explain(self, rows: Sequence[Row]) -> None:
        known = {column.name for column in self.columns}
        for position, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise WrongType(
                    f"row {position} is no mapping", got=type(row).__name__, expected="{column: …}"
                ) from None
            missing, unknown = known - row.keys(), row.keys() - known
            if missing:
                raise InvalidParameter(
                    f"row {position} lacks a column",
                    got=_listed(row),
                    expected=f"{_listed(sorted(missing))} too",
                    hint=f"unknown here: {_listed(sorted(map(str, unknown)))}" if unknown else None,
                ) from None

    def matrix_of(self, rows: Any) -> NDArray[np.float64]:
        """Return rows of a matrix model as (n_rows, n_features) doubles, checked."""
        try:
            matrix = np.asarray(rows, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise WrongType(
                "rows hold something that is no number", got=str(error), expected="numbers"
            ) from None
        if matrix.ndim != 2 or matrix.shape[1] != self.n_features:
            raise InvalidParameter(
                "rows have the wrong shape",
                got=str(matrix.shape),
                expected=f"(n_rows, {self.n_features})",
            )
        if not self.missing and bool(np.isnan(matrix).any()):
            raise WrongType("rows have missing values", expected="numbers: the model takes no gaps")
        if not self.infinite and bool(np.isinf(matrix).any()):
            raise WrongType("rows have infinite values", expected="finite numbers")
        if self.largest < math.inf and bool((np.abs(matrix) > self.largest).any()):
            raise InvalidParameter("rows have numbers too large", expected=_up_to(self.largest))
        return matrix


def is_texts(sample: Any) -> bool:
    """Tell whether a sample is a sequence of texts."""
    if isinstance(sample, str) or hasattr(sample, "columns") or np.ndim(sample[:1]) != 1:
        return False
    return all(isinstance(value, str) for value in list(sample))


def _column(frame: Any, name: Any) -> Column:
    if not isinstance(name, str):
        raise WrongType("a column's name is no text", got=repr(name), expected="texts")
    values = frame[name]
    kinds: Mapping[str, Kind] = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}
    kind = kinds.get(getattr(values.dtype, "kind", "O"))
    categories = getattr(values.dtype, "categories", None)
    if kind is None or categories is not None:
        some = values.dropna().unique()[:1000] if categories is None else categories
        found = {type(value) for value in some}
        if not found <= {str}:
            raise WrongType(
                f"column {name!r} holds values that cannot be served",
                got=", ".join(sorted(t.__name__ for t in found)),
                expected="numbers, texts or booleans",
            )
        kind = "text"
    if categories is None:
        gap_is_none = kind == "text" and values.dtype == object and _gap_is_none(name, values)
        return Column(name, kind, str(values.dtype), gap_is_none=gap_is_none)
    ordered = bool(values.dtype.ordered)
    return Column(name, kind, "category", categories=tuple(categories), ordered=ordered)


def _gap_is_none(name: str, values: Any) -> bool:
    gaps = {value is None for value in values[values.isna()]}
    if len(gaps) > 1:
        raise WrongType(
            f"column {name!r} has two kinds of missing texts, which encoders tell apart",
            got="None and NaN",
            expected="one of them",
            hint="a row that is served can only say that a value is missing",
        )
    return gaps == {True}


_PLAIN: Mapping[Kind, frozenset[type]] = {
    "number": frozenset({int, float, type(None)}),
    "integer": frozenset({int, float, type(None)}),
    "boolean": frozenset({bool, type(None)}),
    "text": frozenset({str, type(None)}),
}
"""The types of JSON values that need no closer look."""


def _checked(column: Column, values: list[Any]) -> list[Any]:
    """Return the values; the usual case costs one set of their types."""
    types = set(map(type, values))
    if not types <= _PLAIN[column.kind]:
        values = [_plain(column, position, value) for position, value in enumerate(values)]
        types = set(map(type, values))
    if types & _MAY_BE_GAPS and not (column.missing and column.infinite):
        for position, value in enumerate(values):
            _refuse_gap(column, position, value)
    elif int in types and column.largest < math.inf:
        for position, value in enumerate(values):
            if value is not None and not -column.largest <= value <= column.largest:
                _refuse_size(column, position)
    return values


_MAY_BE_GAPS = frozenset({float, type(None)})


def _refuse_gap(column: Column, position: int, value: Any) -> None:
    if value is None or value != value:
        if not column.missing:
            raise WrongType(
                f"row {position}, column {column.name!r}: a value is missing",
                expected=f"{_NAMES[column.kind]}: the model takes no gaps here",
            )
    elif not column.infinite and value in (math.inf, -math.inf):
        raise WrongType(
            f"row {position}, column {column.name!r}: an infinite value",
            expected="a finite number",
        )
    elif column.largest < math.inf and not -column.largest <= value <= column.largest:
        _refuse_size(column, position)


def _refuse_size(column: Column, position: int) -> None:
    raise InvalidParameter(
        f"row {position}, column {column.name!r}: a number too large",
        expected=_up_to(column.largest),
    )


def _up_to(largest: float) -> str:
    return f"numbers up to {largest:g}: the model refuses larger ones"


def _plain(column: Column, position: int, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if (
        value is None
        or (isinstance(value, float) and value != value)
        or type(value).__name__
        in (
            "NAType",
            "NaTType",
        )
    ):
        return None
    if type(value) in _PLAIN[column.kind]:
        return value
    raise WrongType(
        f"row {position}, column {column.name!r}: not of the model's kind",
        got=f"{type(value).__name__} {str(value)[:60]!r}",
        expected=_NAMES[column.kind],
    )


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))
