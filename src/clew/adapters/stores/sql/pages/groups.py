"""Runs that hold the same in some columns, with the spread of their metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.pages.cells import cells
from clew.adapters.stores.sql.pages.select import NEWEST, selected
from clew.entities.overview import Cell, RunGroup, Selection, Spread
from clew.errors import InvalidParameter
from clew.track.columns import parse, parse_order

_TRACES = 100


def groups(
    connection: Connection,
    selection: Selection,
    by: Sequence[str],
    columns: Sequence[str],
    order: Sequence[str],
) -> list[RunGroup]:
    """Return all groups in order."""
    keys, wanted = [parse(name) for name in by], [parse(name) for name in columns]
    if any(key.kind == "metrics" for key in keys):
        raise InvalidParameter(
            "runs are not grouped by a metric",
            got=", ".join(by),
            expected="columns of params, tags or attributes",
        )
    query = selected(connection, selection)
    listed = connection.execute(
        f"SELECT r.n, r.id {query.text()} ORDER BY {NEWEST}", query.values
    ).fetchall()
    held = cells(connection, [n for n, _ in listed], [*keys, *wanted])
    members: dict[tuple[Cell, ...], list[tuple[str, list[Cell]]]] = {}
    for n, id in listed:
        row = held[n]
        members.setdefault(tuple(row[: len(keys)]), []).append((id, row[len(keys) :]))
    found = [
        RunGroup(
            key=[None if part is None else str(part) for part in key],
            count=len(runs),
            spreads=[spread([row[i] for _, row in runs]) for i in range(len(wanted))],
            run_ids=[id for id, _ in runs[:_TRACES]],
        )
        for key, runs in members.items()
    ]
    return _sorted(found, by, columns, order)


def spread(values: Sequence[Cell]) -> Spread:
    """Return mean, deviation and range of the finite numbers among some cells."""
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if not numbers:
        return Spread(count=0, mean=None, std=None, min=None, max=None)
    mean = math.fsum(numbers) / len(numbers)
    std = None
    if len(numbers) > 1:
        std = math.sqrt(math.fsum((n - mean) ** 2 for n in numbers) / (len(numbers) - 1))
    return Spread(count=len(numbers), mean=mean, std=std, min=min(numbers), max=max(numbers))


def _sorted(
    found: list[RunGroup], by: Sequence[str], columns: Sequence[str], order: Sequence[str]
) -> list[RunGroup]:
    found.sort(key=lambda group: (-group.count, [part or "" for part in group.key]))
    for text in reversed(order):
        name, ascending = parse_order(text)
        if name == "count":
            found.sort(key=lambda group: group.count, reverse=not ascending)
        elif name in columns:
            index = columns.index(name)
            there = [g for g in found if g.spreads[index].mean is not None]
            there.sort(key=lambda g, i=index: g.spreads[i].mean, reverse=not ascending)  # type: ignore[misc]
            found = [*there, *(g for g in found if g.spreads[index].mean is None)]
        elif name in by:
            index = by.index(name)
            there = [g for g in found if g.key[index] is not None]
            there.sort(key=lambda g, i=index: _natural(g.key[i]), reverse=not ascending)  # type: ignore[misc]
            found = [*there, *(g for g in found if g.key[index] is None)]
        else:
            raise InvalidParameter(
                "no such order of groups", got=repr(name), expected="count, or a column asked for"
            )
    return found


def _natural(text: str | None) -> tuple[int, float, str]:
    """Return what sorts numbers by value, before other texts."""
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    return (1, 0.0, text or "") if math.isnan(value) else (0, value, "")
