"""Rows of two tables: which are the same row, and which cells differ. Exact to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.data.versions.delta import Delta
from clew.data.versions.rows import Ids, Patch, Rows, found, taken
from clew.errors import InvalidParameter, WrongType

Codes = NDArray[np.int64]


def codes_of(*columns: Any) -> list[Codes]:
    """Return codes that are equal where values are: bits of fractions, texts, missing as -1.

    Parameters
    ----------
    columns : Arrow arrays of one type

    Raises
    ------
    WrongType
        When values are lists or structures.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [_plain(column) for column in columns]
    kind = parts[0].type
    if pa.types.is_floating(kind):
        # Bits, so that -0.0 is not 0.0, and NaN is NaN.
        width = pa.int64() if kind == pa.float64() else pa.int32()
        if kind == pa.float16():
            width = pa.int16()
        parts = [part.view(width) for part in parts]
    elif pa.types.is_nested(kind):
        raise WrongType(
            "versions have columns of plain values",
            got=str(kind),
            hint="spread lists and structures over columns, or encode them as text",
        )
    if pa.types.is_null(kind):
        return [np.full(len(part), -1, np.int64) for part in parts]
    encoded = pc.dictionary_encode(pa.concat_arrays(parts))
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.split(codes, np.cumsum([len(part) for part in parts])[:-1])


def matched(old: Rows, new: Any, key: Sequence[str]) -> Ids:
    """Return for each row of a table the id that it has among the old rows; -1 for a new one.

    Without a key, rows are the same that have the same values, each once.

    Raises
    ------
    InvalidParameter
        When two rows of the table have one key, or one has none.
    """
    names = list(key) or [name for name in new.column_names if name in old.table.column_names]
    if not names or (set(new.column_names) != set(old.table.column_names) and not key):
        return np.full(new.num_rows, -1, np.int64)
    before = np.zeros(len(old.ids), np.int64)
    now = np.zeros(new.num_rows, np.int64)
    for name in names:
        one, other = old.table.column(name), new.column(name)
        if one.type != other.type:
            if not key:
                return np.full(new.num_rows, -1, np.int64)
            raise WrongType(
                "a key keeps its type", got=f"{name}: {other.type}", expected=str(one.type)
            )
        codes = codes_of(one, other)
        if key and (codes[1] < 0).any():
            raise InvalidParameter(
                "a row has no key", got=f"row {int(np.argmin(codes[1]))}: {name}"
            )
        both = np.concatenate([before, now]) * (max(map(_most, codes)) + 2)
        both += np.concatenate(codes) + 1
        _, both = np.unique(both, return_inverse=True)
        before, now = both[: len(before)], both[len(before) :]
    if key:
        check_unique(now, key)
    before, now = _numbered(before), _numbered(now)
    order = np.lexsort((before[:, 1], before[:, 0]))
    places = _find(before[order], now)
    if not len(old.ids):
        return places
    return np.where(places >= 0, old.ids[order][np.maximum(places, 0)], -1)


def between(old: Rows, new: Rows) -> Delta:
    """Return the delta from some rows to others that have their ids."""
    places = found(new.ids, old.ids)
    stay = np.flatnonzero(places >= 0)
    changed = {}
    for field in new.table.schema:
        after = taken(new.table.column(field.name), places[stay])
        known = field.name in old.table.column_names
        if known and old.table.column(field.name).type == field.type:
            before, now = codes_of(taken(old.table.column(field.name), stay), after)
            differ = np.flatnonzero(before != now)
        else:
            differ = np.arange(len(stay))
        if len(differ):
            changed[field.name] = Patch(old.ids[stay][differ], taken(after, differ))
    added = new.without(old.ids)
    return Delta(old.ids[places < 0], added, changed, new.table.schema)


def check_unique(codes: Codes, key: Sequence[str]) -> None:
    """Demand that no two rows have one key."""
    kinds, first, many = np.unique(codes, return_index=True, return_counts=True)
    if len(kinds) != len(codes):
        row = int(first[np.argmax(many > 1)])
        raise InvalidParameter(
            "two rows have one key",
            got=f"{', '.join(key)} of row {row} stands {int(many.max())} times",
            hint="name columns that tell rows apart, or no key",
        )


def key_codes(table: Any, key: Sequence[str]) -> Codes:
    """Return codes of the keys of a table's rows."""
    total = np.zeros(table.num_rows, np.int64)
    for name in key:
        (codes,) = codes_of(table.column(name))
        if (codes < 0).any():
            raise InvalidParameter("a row has no key", got=f"row {int(np.argmin(codes))}: {name}")
        _, total = np.unique(total * (_most(codes) + 1) + codes, return_inverse=True)
    return total


def _plain(column: Any) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else column.chunk(0)
    return column


def _most(codes: Codes) -> int:
    return int(codes.max(initial=0))


def _numbered(codes: Codes) -> Codes:
    """Return codes, and how many equal ones stand before each; shape (n, 2)."""
    order = np.argsort(codes, kind="stable")
    sorted_ = codes[order]
    starts = np.concatenate([[True], sorted_[1:] != sorted_[:-1]]) if len(codes) else np.empty(0)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(codes)), 0))
    number = np.empty(len(codes), np.int64)
    number[order] = np.arange(len(codes)) - first
    return np.stack([codes, number], axis=1)


def _find(sorted_: Codes, wanted: Codes) -> Ids:
    scale = 1 + max(_most(sorted_[:, 1]), _most(wanted[:, 1]))
    return found(sorted_[:, 0] * scale + sorted_[:, 1], wanted[:, 0] * scale + wanted[:, 1])
