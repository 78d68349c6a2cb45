"""What columns hold for some runs: one query for each kind of column."""

from __future__ import annotations

import json
from collections.abc import Sequence

from clew.adapters.stores.sql import logs
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.pages.select import ATTRIBUTES, aggregate
from clew.adapters.stores.sql.tracking.conditions import key_number
from clew.entities.number import number
from clew.entities.overview import Cell
from clew.track.columns import Column

_SOURCES = {"params": "param", "tags": "tag", "metrics": "latest"}


def cells(
    connection: Connection, numbers: Sequence[int], columns: Sequence[Column]
) -> dict[int, list[Cell]]:
    """Return what each run holds in each column.

    Parameters
    ----------
    numbers : sequence of int
        Numbers of runs.
    """
    found: dict[int, list[Cell]] = {n: [None] * len(columns) for n in numbers}
    listed = json.dumps(list(numbers))
    keys = {c.key: key_number(connection, c.key) for c in columns if c.kind != "attributes"}
    plain: dict[str, dict[int, list[int]]] = {}
    for index, column in enumerate(columns):
        key = keys.get(column.key)
        if column.kind == "attributes":
            _fill(found, index, _attribute(connection, listed, column.key))
        elif key is None:
            continue
        elif column.aggregate == "last":
            plain.setdefault(_SOURCES[column.kind], {}).setdefault(key, []).append(index)
        else:
            _fill(found, index, _aggregated(connection, listed, column, key))
    for source, wanted in plain.items():
        # The list of runs drives: without CROSS JOIN the planner may scan the whole table.
        rows = connection.execute(
            f"SELECT c.run, c.key, c.value FROM json_each(?) AS j CROSS JOIN {source} AS c "
            "ON c.run = j.value AND c.key IN (SELECT value FROM json_each(?))",
            (listed, json.dumps(list(wanted))),
        ).fetchall()
        is_metric = source == "latest"
        for run, key, value in rows:
            shown = number(logs.number(value)) if is_metric else value
            for index in wanted[key]:
                found[run][index] = shown
    return found


def _fill(found: dict[int, list[Cell]], index: int, rows: Sequence[tuple[int, Cell]]) -> None:
    for run, value in rows:
        found[run][index] = value


def _attribute(connection: Connection, listed: str, name: str) -> list[tuple[int, Cell]]:
    return connection.execute(
        f"SELECT r.n, {ATTRIBUTES[name]} FROM json_each(?) AS j "
        "CROSS JOIN run AS r ON r.n = j.value",
        (listed,),
    ).fetchall()


def _aggregated(
    connection: Connection, listed: str, column: Column, key: int
) -> list[tuple[int, Cell]]:
    text, values = aggregate(column, key)
    text = text.replace(
        "WHERE m.key = ?", "WHERE m.run IN (SELECT value FROM json_each(?)) AND m.key = ?", 1
    )
    rows = connection.execute(f"SELECT m.run, {text}", (listed, *values)).fetchall()
    return [(run, number(logs.number(value))) for run, value in rows if value is not None]
