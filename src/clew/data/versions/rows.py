"""The rows of one version: a table, and the id that each row keeps in all versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """New values of some cells of a column.

    Parameters
    ----------
    ids : array of int64, shape (n,)
        Of the rows, ascending.
    values : Arrow array, length n
    """

    ids: Ids
    values: Any

    def at(self, places: NDArray[Any]) -> Patch:
        """Return some of the cells, by their places or a mask."""
        chosen = np.flatnonzero(places) if places.dtype == bool else places
        return Patch(self.ids[chosen], taken(self.values, chosen))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of a table.

    Parameters
    ----------
    ids : array of int64, shape (n_rows,)
        Ascending.
    table : Arrow table
        In the order of `ids`.
    """

    ids: Ids
    table: Any

    def of(self, ids: Ids) -> Rows:
        """Return the rows that have one of some ascending ids."""
        places = found(self.ids, ids)
        chosen = places[places >= 0]
        return Rows(self.ids[chosen], self.table.take(chosen))

    def without(self, ids: Ids) -> Rows:
        """Return the rows that have none of some ascending ids."""
        places = found(self.ids, ids)
        kept = np.ones(len(self.ids), bool)
        kept[places[places >= 0]] = False
        return self if kept.all() else Rows(self.ids[kept], self.table.filter(kept))

    def patched(self, schema: Any, patches: Mapping[str, Patch]) -> Rows:
        """Return the rows with new values and the columns of a schema."""
        import pyarrow as pa

        columns = []
        for field in schema:
            old = self.table.column(field.name) if field.name in self.table.column_names else None
            patch = patches.get(field.name)
            if old is not None and old.type != field.type:
                old = None  # Another type: the patch has every row.
            if patch is None:
                columns.append(old if old is not None else pa.nulls(len(self.ids), field.type))
                continue
            places = found(self.ids, patch.ids)
            there = np.flatnonzero(places >= 0)
            columns.append(_put(old, places[there], taken(patch.values, there), len(self.ids)))
        return Rows(self.ids, pa.table(columns, schema=schema))

    def with_(self, other: Rows) -> Rows:
        """Return these rows and others of the same columns, in the order of their ids."""
        import pyarrow as pa

        if not len(other.ids):
            return self
        ids = np.concatenate([self.ids, other.ids])
        table = pa.concat_tables([self.table, other.table.select(self.table.column_names)])
        if len(self.ids) and self.ids[-1] > other.ids[0]:
            order = np.argsort(ids, kind="stable")
            return Rows(ids[order], table.take(order))
        return Rows(ids, table)


def found(ids: Ids, wanted: Ids) -> Ids:
    """Return the place of each wanted id among ascending ids; -1 where it is not."""
    if not len(ids):
        return np.full(len(wanted), -1, np.int64)
    first, last = int(ids[0]), int(ids[-1])
    if last - first == len(ids) - 1:  # None is left out: an id tells its place.
        return np.where((wanted >= first) & (wanted <= last), wanted - first, -1)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)


def taken(values: Any, places: Ids) -> Any:
    """Return some values of an Arrow array, as one chunk."""
    import pyarrow as pa

    result = values.take(pa.array(places))
    return result.combine_chunks() if isinstance(result, pa.ChunkedArray) else result


def _put(old: Any, places: Ids, values: Any, length: int) -> Any:
    import pyarrow as pa

    if len(places) == length:
        order = np.empty(length, np.int64)
        order[places] = np.arange(length)
        return taken(values, order)
    if old is None:
        old = pa.nulls(length, values.type)
    if not len(places):
        return old
    chunk = old.combine_chunks() if isinstance(old, pa.ChunkedArray) else old
    chunk = chunk if not isinstance(chunk, pa.ChunkedArray) else pa.concat_arrays(chunk.chunks)
    order = np.arange(length)
    order[places] = length + np.arange(len(places))
    return pa.concat_arrays([chunk, values]).take(pa.array(order))
