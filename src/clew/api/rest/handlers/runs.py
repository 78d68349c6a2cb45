"""Runs as a table, as CSV, their columns and groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from clew.api.asgi import Reply
from clew.api.rest.contract.runs import (
    ColumnCatalogue,
    ColumnsQuery,
    GroupsQuery,
    GroupsTable,
    RunsQuery,
    RunsTable,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities.overview import Cell, ColumnInfo, RunRow, Selection

AUTO = "auto"
_AUTO_EACH = 6
_FIXED = ("run", "name", "experiment", "status", "user", "flow", "started_ms", "ended_ms")
_AT_ONCE = 500


def selection(query: RunsQuery | ColumnsQuery | GroupsQuery) -> Selection:
    """Return which runs a request means."""
    return Selection(
        experiments=tuple(query.experiment),
        filter=query.filter,
        text=query.text,
        view=query.view,
    )


def table(served: Served, query: RunsQuery) -> RunsTable:
    """Search runs."""
    columns = _columns(served, query)
    total, rows = served.run_pages.table(
        selection(query),
        columns=columns,
        order=query.order,
        offset=query.offset,
        limit=query.limit,
    )
    return RunsTable(total=total, offset=query.offset, columns=columns, rows=list(rows))


def _columns(served: Served, query: RunsQuery) -> list[str]:
    """Return the columns asked for, ``auto`` replaced by those that say most."""
    if AUTO not in query.columns:
        return query.columns
    _, known = served.run_pages.columns(selection(query))
    chosen = [name for name in query.columns if name != AUTO]
    chosen += [name for name in _telling(known) if name not in chosen]
    return chosen


def _telling(known: Sequence[ColumnInfo]) -> list[str]:
    """Return the most frequent metrics, and the params in which most runs differ."""
    metrics = [one.column for one in known if one.kind == "metrics"]
    params = [one for one in known if one.kind == "params" and one.distinct > 1]
    # A param that is different in every run (a seed, a path) tells less than one with few values.
    params.sort(key=lambda one: (one.distinct == one.runs and one.runs > 3, -one.runs))
    return [*metrics[:_AUTO_EACH], *(one.column for one in params[:_AUTO_EACH])]


def columns(served: Served, query: ColumnsQuery) -> ColumnCatalogue:
    """List the columns that runs have."""
    total, found = served.run_pages.columns(selection(query))
    return ColumnCatalogue(runs=total, columns=list(found))


def groups(served: Served, query: GroupsQuery) -> GroupsTable:
    """Group runs, with mean and spread."""
    total, found = served.run_pages.groups(
        selection(query),
        by=query.by,
        columns=query.columns,
        order=query.order,
        offset=query.offset,
        limit=query.limit,
    )
    return GroupsTable(total=total, by=query.by, columns=query.columns, groups=list(found))


def as_csv(served: Served, query: RunsQuery) -> Reply:
    """Search runs, as CSV."""
    wanted = _columns(served, query)
    if query.order:
        total, _ = served.run_pages.table(selection(query), columns=[], limit=0)
        rows = _pages(served, query, wanted, total)
    else:
        rows = served.run_pages.scan(selection(query), columns=wanted)
    headers = [
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"content-disposition", b'attachment; filename="runs.csv"'),
        (b"cache-control", b"no-store"),
    ]
    return Reply(200, headers, _lines(rows, wanted))


def _pages(served: Served, query: RunsQuery, wanted: Sequence[str], total: int) -> Iterator[RunRow]:
    for offset in range(0, total, _AT_ONCE):
        _, rows = served.run_pages.table(
            selection(query), columns=wanted, order=query.order, offset=offset, limit=_AT_ONCE
        )
        yield from rows


def _lines(rows: Iterator[RunRow], wanted: Sequence[str]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*_FIXED, *wanted])
    for count, row in enumerate(rows, 1):
        fixed: list[Cell] = [
            row.id,
            row.name,
            row.experiment_name,
            row.status,
            row.user,
            row.flow,
            row.started_ms,
            row.ended_ms,
        ]
        writer.writerow([_inert(cell) for cell in (*fixed, *row.cells)])
        if count % _AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _inert(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        try:
            float(cell)
        except ValueError:
            return "'" + cell
    return cell


HANDLERS: dict[str, Handler] = {
    "runs.table": table,
    "runs.csv": as_csv,
    "runs.columns": columns,
    "runs.groups": groups,
}
