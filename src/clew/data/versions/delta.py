"""What changed from one version to another; deltas put together; which rows they touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.data.versions.rows import Ids, Patch, Rows, found


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What makes one version's rows of another's.

    Parameters
    ----------
    deleted : array of int64
        Ids of the rows that are gone, ascending.
    added : Rows
        New rows, with the new columns.
    changed : mapping of str to Patch
        By column, the cells that have another value. A column that is new, or of another type,
        has a cell for every row that stays.
    schema : Arrow schema
        Of the new version.
    """

    deleted: Ids
    added: Rows
    changed: Mapping[str, Patch]
    schema: Any

    def apply(self, rows: Rows) -> Rows:
        """Return the new version's rows, of the old one's or of some of them."""
        left = rows.without(self.deleted).patched(self.schema, self.changed)
        return left.with_(self.added)

    def after(self, first: Delta) -> Delta:
        """Return the delta that does what another does, and then what this does."""
        added = self.apply(first.added)
        changed: dict[str, Patch] = {}
        for field in self.schema:
            parts = []
            mine, other = self.changed.get(field.name), first.changed.get(field.name)
            if other is not None and other.values.type == field.type:
                kept = ~_among(other.ids, self.deleted)
                kept &= ~_among(other.ids, mine.ids) if mine is not None else True
                parts.append(other.at(kept))
            if mine is not None:
                parts.append(mine.at(~_among(mine.ids, first.added.ids)))
            joined = _joined(parts)
            if joined is not None:
                changed[field.name] = joined
        fresh = _among(self.deleted, first.added.ids)
        deleted = np.union1d(first.deleted, self.deleted[~fresh])
        return Delta(deleted, added, changed, self.schema)

    def of(self, ids: Ids) -> Delta:
        """Return what it does to some rows, of ascending ids."""
        changed = {name: patch.at(_among(patch.ids, ids)) for name, patch in self.changed.items()}
        deleted = self.deleted[_among(self.deleted, ids)]
        return Delta(deleted, self.added.of(ids), changed, self.schema)

    def touched(self, columns: Iterable[str] | None = None) -> Ids:
        """Return the ids of rows that are added, deleted, or changed in some columns; ascending."""
        names = self.changed if columns is None else set(columns) & set(self.changed)
        parts = [self.deleted, self.added.ids, *(self.changed[name].ids for name in names)]
        return np.unique(np.concatenate(parts))

    @property
    def is_empty(self) -> bool:
        """Tell whether it changes no row."""
        return not len(self.touched())


def nothing(schema: Any) -> Delta:
    """Return the delta that changes nothing."""
    none = np.empty(0, np.int64)
    return Delta(none, Rows(none, schema.empty_table()), {}, schema)


def composed(deltas: Iterable[Delta], schema: Any) -> Delta:
    """Return one delta for several, in their order."""
    total = nothing(schema)
    for one in deltas:
        total = one.after(total)
    return total


def _among(ids: Ids, others: Ids) -> Any:
    return found(others, ids) >= 0


def _joined(parts: list[Patch]) -> Patch | None:
    import pyarrow as pa

    parts = [part for part in parts if len(part.ids)]
    if len(parts) < 2:
        return parts[0] if parts else None
    ids = np.concatenate([part.ids for part in parts])
    order = np.argsort(ids, kind="stable")
    values = pa.concat_arrays([part.values for part in parts])
    return Patch(ids[order], values.take(pa.array(order)))
