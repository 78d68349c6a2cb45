"""One column's cells: its kind, its missing ones, its numbers, its values with their counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.schema.schema import Kind, Value

MOST_VALUES = 400
_ROWS_PER_VALUE, _KEY_ROWS = 5, 20
_NUMBERS = ("int", "float", "date", "time")
_SHAPE = ((re.compile(r"[^\W\d_]+"), "a"), (re.compile(r"\d+"), "9"), (re.compile(r"\s+"), " "))
_UNITS = {"date": "datetime64[D]", "time": "datetime64[us]"}


@dataclass(eq=False)
class Cells:
    """One column, looked at.

    Parameters
    ----------
    array : pyarrow.Array
    kind : str
        As in `Column.kind`.
    """

    array: Any
    kind: Kind

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Whether a row has no value; a float that is no number has one."""
        return np.asarray(self.array.is_null().to_numpy(zero_copy_only=False), dtype=bool)

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """The numbers of its rows, of dates days, of times microseconds; 0 where none is."""
        import pyarrow
        import pyarrow.compute as compute

        if self.kind == "float":
            # Decimals lose digits here and nowhere else: bounds are no place for the last one.
            cast = self.array.cast(pyarrow.float64())
            return np.asarray(compute.fill_null(cast, 0.0))
        if self.kind == "int":
            unsigned = pyarrow.types.is_uint64(self.array.type)
            wide = pyarrow.uint64() if unsigned else pyarrow.int64()
            return np.asarray(compute.fill_null(self.array.cast(wide), 0))
        if self.kind == "date":
            days = self.array.cast(pyarrow.date32()).cast(pyarrow.int32()).cast(pyarrow.int64())
            return np.asarray(compute.fill_null(days, 0))
        at = self.array.cast(pyarrow.timestamp("us", self.array.type.tz), safe=False)
        return np.asarray(compute.fill_null(at.cast(pyarrow.int64()), 0))

    @cached_property
    def odd(self) -> NDArray[np.bool_]:
        """Whether a row holds a float that is no number, or infinite."""
        if self.kind != "float":
            return np.zeros(len(self), dtype=bool)
        return np.asarray(~np.isfinite(self.numbers) & ~self.missing)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Whether a row has a value that can be compared."""
        return np.asarray(~self.missing & ~self.odd)

    @property
    def is_number(self) -> bool:
        """Whether its values have an order."""
        return self.kind in _NUMBERS

    @cached_property
    def coded(self) -> tuple[list[Value], NDArray[np.int64]]:
        """Its values, and for each row which of them it holds; -1 where none is."""
        import pyarrow.compute as compute

        if self.is_number:
            found, codes = np.unique(self.numbers[self.known], return_inverse=True)
            at = np.full(len(self), -1, dtype=np.int64)
            at[self.known] = codes
            return [self.told(one) for one in found], at
        encoded = compute.dictionary_encode(self.array)
        codes = np.asarray(compute.fill_null(encoded.indices, -1), dtype=np.int64)
        return encoded.dictionary.to_pylist(), codes

    @cached_property
    def is_key(self) -> bool:
        """Whether whole numbers or texts are all different, and many enough to say so."""
        if self.kind not in ("int", "text") or len(self) < _KEY_ROWS or self.missing.any():
            return False
        return len(self.coded[0]) == len(self)

    @cached_property
    def is_closed(self) -> bool:
        """Whether it takes few values, each seen often."""
        values, held = len(self.coded[0]), int(self.known.sum())
        return values <= MOST_VALUES and values * _ROWS_PER_VALUE <= held

    def counts(self) -> dict[Value, int]:
        """Return how many rows hold each value."""
        values, codes = self.coded
        sizes = np.bincount(codes[codes >= 0], minlength=len(values))
        return dict(zip(values, sizes.tolist(), strict=True))

    def shapes(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return the forms of its texts, and for each row which it has; -1 where none is."""
        values, codes = self.coded
        forms = [shape(str(value)) for value in values]
        known = {form: at for at, form in enumerate(dict.fromkeys(forms))}
        mapped = np.array([known[form] for form in forms] + [-1], dtype=np.int64)
        return list(known), mapped[codes]

    def told(self, number: Any) -> Value:
        """Return a number of `numbers` as people write it."""
        if self.kind in _UNITS:
            return str(np.datetime64(int(number), "D" if self.kind == "date" else "us"))
        return float(number) if self.kind == "float" else int(number)

    def measured(self, value: Value) -> float | int:
        """Return what people wrote as a number of `numbers`."""
        if self.kind in _UNITS:
            return int(np.datetime64(str(value)).astype(_UNITS[self.kind]).astype(np.int64))
        return value if isinstance(value, (int, float)) else float(value)


def cells_of(array: Any) -> Cells:
    """Return a column, looked at."""
    import pyarrow

    types = pyarrow.types
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_null(array.type):
        array = array.cast(pyarrow.string())
    kinds: list[tuple[Kind, tuple[Any, ...]]] = [
        ("bool", (types.is_boolean,)),
        ("int", (types.is_integer,)),
        ("float", (types.is_floating, types.is_decimal)),
        ("text", (types.is_string, types.is_large_string, _is_view)),
        ("bytes", (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)),
        ("date", (types.is_date,)),
        ("time", (types.is_timestamp,)),
    ]
    for kind, tests in kinds:
        if any(test(array.type) for test in tests):
            return Cells(array, kind)
    return Cells(array, "other")


def shape(text: str) -> str:
    """Return the form of a text: letters as ``a``, digits as ``9``, the rest as it is."""
    for pattern, letter in _SHAPE:
        text = pattern.sub(letter, text)
    return text


def _is_view(kind: Any) -> bool:
    import pyarrow

    return bool(pyarrow.types.is_string_view(kind))
