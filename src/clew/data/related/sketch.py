"""A column in a few hundred numbers: the smallest hashes of its distinct values.

The bottom-k form of MinHash (Cohen and Kaplan 2007, *Summarizing data using bottom-k sketches*): of
one sketch follows how many values are distinct, of two how many they share, and sketches of parts
merge into that of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from clew.data.tables import columns_of

SIZE = 512
_SPAN = float(2**64)


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """The distinct values of a column.

    Parameters
    ----------
    name : str
    kind : {"number", "text", "time", "other"}
        Columns of different kinds are never alike, but whole numbers and texts of digits.
    rows, missing : int
    hashes : (at most `SIZE`,) array of uint64
        The smallest hashes of its distinct values, ascending; all of them where they are fewer.
    """

    name: str
    kind: str
    rows: int
    missing: int
    hashes: NDArray[np.uint64]

    @property
    def is_whole(self) -> bool:
        """Whether all distinct values are in it, so that nothing is estimated."""
        return len(self.hashes) < SIZE

    @property
    def distinct(self) -> int:
        """How many distinct values the column has, estimated (within some 4 %) beyond `SIZE`."""
        if self.is_whole:
            return len(self.hashes)
        return round((SIZE - 1) / (float(self.hashes[-1]) / _SPAN))

    @property
    def is_key(self) -> bool:
        """Whether values seem to tell rows apart."""
        known = self.rows - self.missing
        return known > 0 and self.missing == 0 and self.distinct >= 0.9 * known

    def merged(self, other: Sketch) -> Sketch:
        """Return the sketch of the rows of both; of equal names and kinds."""
        hashes = np.union1d(self.hashes, other.hashes)[:SIZE]
        return Sketch(
            self.name,
            self.kind,
            self.rows + other.rows,
            self.missing + other.missing,
            hashes,
        )


def sketched(table: Any) -> tuple[Sketch, ...]:
    """Return the sketch of each column of a table.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings

    Examples
    --------
    >>> from clew.data.related import sketched
    >>> (one,) = sketched({"city": ["Oslo", "Rome", "Oslo"]})
    >>> one.distinct, one.is_key
    (2, False)
    """
    columns = columns_of(table)
    return tuple(_column(name, columns.read(name)) for name in columns.names)


def _column(name: str, values: Any) -> Sketch:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = _kind(values.type)
    if kind == "other":  # Lists and the like: nothing to compare.
        return Sketch(name, kind, len(values), values.null_count, np.empty(0, dtype=np.uint64))
    distinct = pc.drop_null(pc.unique(values))
    texts = [text for one in distinct.to_pylist() if (text := _text(one)) is not None]
    found = np.array([xxhash.xxh3_64_intdigest(text.encode()) for text in texts], dtype=np.uint64)
    found = np.unique(found)[:SIZE]
    missing = values.null_count
    if kind == "number" and pa.types.is_floating(values.type):
        missing += pc.sum(pc.is_nan(values)).as_py() or 0
    return Sketch(name, kind, len(values), missing, found)


def _kind(type: Any) -> str:
    import pyarrow as pa

    types = pa.types
    if types.is_boolean(type) or types.is_integer(type) or types.is_floating(type):
        return "number"
    if types.is_decimal(type):
        return "number"
    if types.is_string(type) or types.is_large_string(type) or str(type) == "string_view":
        return "text"
    return "time" if types.is_temporal(type) else "other"


def _text(value: Any) -> str | None:
    """Return a value as the text that is hashed: 3, 3.0 and " 3" are one; NaN is none."""
    if isinstance(value, float):
        if value != value:
            return None
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()
