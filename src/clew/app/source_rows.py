"""The row of a request, found again in the tables that its model came from.

A table of the model's lineage that has all columns of the request may hold the very row. Where it
does, and the table has a column that names its rows, the same row is found by that name in the
tables above, up to the one that was read from a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clew.app.store import Store
from clew.errors import ClewError
from clew.lineage.canonical import ValueId
from clew.lineage.records import Node

TABLES = ("pandas.", "pyarrow.lib.Table", "polars.")
_MOST_BYTES = 1 << 30
_MOST_ROWS = 5


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row in a table of the lineage.

    Parameters
    ----------
    value : str
        Content id of the table.
    operation : str
        The step that made it.
    position : int
        Which row of the table, from 0.
    found_by : str
        ``values``: it equals the request in all the request's columns; else the name of the column
        that names rows.
    """

    value: str
    operation: str
    position: int
    found_by: str
    row: dict[str, Any]


def rows_like(store: Store, nodes: Sequence[Node], row: Mapping[str, Any]) -> tuple[SourceRow, ...]:
    """Return the rows of the tables among some nodes' results that are a request's row.

    Parameters
    ----------
    nodes : sequence of Node
        A model's ancestors, the nearest first.
    """
    found: list[SourceRow] = []
    names: dict[str, list[Any]] = {}
    for node, id, table in _tables(store, nodes):
        by = "values"
        if set(row) <= set(table.columns):
            at = _equal(table, row)
        else:
            by = next((name for name in names if name in table.columns), "")
            at = [] if not by else _positions(table[by].isin(names[by]))
        for position in at[:_MOST_ROWS]:
            plain = {str(k): _plain(v) for k, v in table.iloc[position].to_dict().items()}
            found.append(SourceRow(id.hex(), node.operation, position, by, plain))
        if at and by == "values":
            for name in _naming(table, row):
                names.setdefault(name, [table[name].iloc[position] for position in at[:_MOST_ROWS]])
    return tuple(found)


def _tables(store: Store, nodes: Sequence[Node]) -> Iterator[tuple[Node, ValueId, Any]]:
    for node in nodes:
        id = node.output("result")
        if id is None:
            continue
        known = store.runtime.store.describe([id]).get(id)
        if known is None or not known.type_name.startswith(TABLES):
            continue
        if known.size_bytes > _MOST_BYTES:
            continue
        try:
            table = store.runtime.vault.get(id)
        except ClewError:
            continue  # its bytes were collected, or never kept
        table = table.to_pandas() if hasattr(table, "to_pandas") else table
        if hasattr(table, "columns"):
            yield node, id, table


def _equal(table: Any, row: Mapping[str, Any]) -> list[int]:
    """Return the positions of the rows that equal a request; a gap equals a gap."""
    same = None
    for name, value in row.items():
        column = table[name]
        gap = value is None or (isinstance(value, float) and math.isnan(value))
        part = column.isna() if gap else column == value
        same = part if same is None else same & part
    return [] if same is None else _positions(same)


def _positions(mask: Any) -> list[int]:
    return [int(at) for at in mask.to_numpy(dtype=bool, na_value=False).nonzero()[0]]


def _naming(table: Any, row: Mapping[str, Any]) -> list[str]:
    """Return the columns that name the rows of a table: no two rows share a value of theirs."""
    others = [name for name in table.columns if name not in row]
    return [str(name) for name in others if len(table) and table[name].is_unique]


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
