"""What differs between two versions, in words for people: rows and cells, old and new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clew.data.versions.compare import codes_of
from clew.data.versions.history import History
from clew.data.versions.rows import Ids, Rows, found, taken


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Two versions, compared.

    Parameters
    ----------
    added, deleted : Arrow table
        Rows that only the second, and only the first, has.
    changed : Arrow table
        A row for each changed cell: `row` (the row's id), `column`, `old`, `new` as texts.
    old, new : Rows
        The rows that have changed cells, as each version has them.
    columns_added, columns_deleted : tuple of str
        A column of another type is in both.
    """

    added: Any
    deleted: Any
    changed: Any
    old: Rows
    new: Rows
    columns_added: tuple[str, ...]
    columns_deleted: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether the versions are equal."""
        counts = (self.added.num_rows, self.deleted.num_rows, self.changed.num_rows)
        return not any(counts) and not self.columns_added and not self.columns_deleted


def difference(history: History, a: int, b: int) -> Difference:
    """Compare two versions by their deltas to a common one; neither is checked out."""
    import pyarrow as pa

    one, other = history.both(a, b)
    before, after = history.schema(a), history.schema(b)
    common = [
        field.name
        for field in after
        if field.name in before.names and before.field(field.name).type == field.type
    ]
    stay = one.ids[found(other.ids, one.ids) >= 0]
    old, new = one.of(stay), other.of(stay)
    parts = []
    changed = np.zeros(len(stay), bool)
    for name in common:
        codes = codes_of(old.table.column(name), new.table.column(name))
        differ = np.flatnonzero(codes[0] != codes[1])
        changed[differ] = True
        if len(differ):
            parts.append(
                _cells(
                    name,
                    stay[differ],
                    *(taken(rows.table.column(name), differ) for rows in (old, new)),
                )
            )
    kinds = pa.schema(
        [("row", pa.int64()), ("column", pa.string()), ("old", pa.string()), ("new", pa.string())]
    )
    cells = pa.concat_tables(parts) if parts else kinds.empty_table()
    kept = stay[changed]
    return Difference(
        added=other.without(one.ids).table,
        deleted=one.without(other.ids).table,
        changed=cells.sort_by([("row", "ascending")]),
        old=old.of(kept),
        new=new.of(kept),
        columns_added=tuple(name for name in after.names if name not in common),
        columns_deleted=tuple(name for name in before.names if name not in common),
    )


def _cells(name: str, ids: Ids, old: Any, new: Any) -> Any:
    import pyarrow as pa

    def texts(values: Any) -> Any:
        try:
            return values.cast(pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            shown = [None if value is None else str(value) for value in values.to_pylist()]
            return pa.array(shown, pa.string())

    columns = {"row": ids, "column": pa.array([name] * len(ids), pa.string())}
    return pa.table(columns | {"old": texts(old), "new": texts(new)})
