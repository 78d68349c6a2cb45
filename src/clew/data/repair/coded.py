"""A table as codes: every value by its place among the values of its column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.tables import columns_of
from clew.errors import InvalidParameter

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The values of a column, and which one each row has.

    Parameters
    ----------
    name : str
    values : tuple
        Different, none of them missing.
    codes : array of int64, shape (n_rows,)
        Of `values`; -1 where the row has none.
    """

    name: str
    values: tuple[Any, ...]
    codes: Codes

    @property
    def texts(self) -> list[str]:
        """The values as they are written."""
        return [str(value) for value in self.values]


def coded(table: Any) -> dict[str, Coded]:
    """Return a table's columns whose values are names: texts, integers, truth values.

    Raises
    ------
    InvalidParameter
        When it has no rows.
    """
    import pyarrow as pa

    columns = columns_of(table)
    found = {}
    for name in columns.names:
        values = columns.read(name)
        if not len(values):
            raise InvalidParameter("a table without rows has nothing to repair")
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        kind = values.type
        text = str(kind) in ("string", "large_string", "string_view")
        if not text and not pa.types.is_integer(kind) and not pa.types.is_boolean(kind):
            continue
        encoded = (values.cast(pa.large_string()) if text else values).dictionary_encode()
        if not len(encoded.dictionary):
            continue
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        found[name] = Coded(name, tuple(encoded.dictionary.to_pylist()), codes)
    return found
