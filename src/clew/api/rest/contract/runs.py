"""Runs as a table: its rows, columns and groups."""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Limit, Offset, Query, Text
from clew.api.rest.contract.route import Route
from clew.entities import View
from clew.entities.overview import ColumnInfo, RunGroup, RunRow


class RunsQuery(Query, frozen=True, kw_only=True):
    """Which runs, in which order, with which columns.

    Parameters
    ----------
    experiment : list of str
        Ids of experiments; all active ones when none is named.
    filter : str
        MLflow's filter string: ``metrics.auc > 0.9 and params.depth = '3'``.
    text : str
        Only runs whose name, flow or user holds each of these words, or whose id begins so.
    order : list of str
        ``COLUMN`` or ``COLUMN DESC``, most significant first; newest first by default. Runs without
        a value come last either way.
    columns : list of str
        ``params.KEY``, ``tags.KEY``, ``metrics.KEY`` (the last value), ``metrics.KEY@max``,
        ``@min``, ``@first``, ``@mean`` or ``@step:N`` (the value at that step, or the latest one
        before it). ``auto`` lets the server choose a dozen that say most.
    """

    experiment: list[str] = []
    filter: Text = ""
    text: Text = ""
    view: View = "active"
    order: list[str] = []
    columns: list[str] = []
    offset: Offset = 0
    limit: Limit = 100


class RunsTable(Answer, frozen=True, kw_only=True):
    """A part of the table of runs.

    Parameters
    ----------
    total : int
        How many runs match in all.
    columns : list of str
        What `cells` hold, in order.
    """

    total: int
    offset: int
    columns: list[str]
    rows: list[RunRow]


class ColumnsQuery(Query, frozen=True, kw_only=True):
    """Of which runs the columns are asked; see `RunsQuery`."""

    experiment: list[str] = []
    filter: Text = ""
    text: Text = ""
    view: View = "active"


class ColumnCatalogue(Answer, frozen=True, kw_only=True):
    """All columns of some runs, the most frequent first within each kind."""

    runs: int
    columns: list[ColumnInfo]


class GroupsQuery(Query, frozen=True, kw_only=True):
    """Runs grouped by what some columns hold; `columns` are the metrics to summarise.

    Parameters
    ----------
    by : list of str
        ``params.KEY``, ``tags.KEY``, ``attributes.status``, ``attributes.user``,
        ``attributes.experiment``, ``attributes.flow``.
    order : list of str
        ``count``, a column of `by` or of `columns` (its mean), with `` DESC``.
    """

    by: Annotated[list[str], msgspec.Meta(min_length=1, max_length=5)]
    experiment: list[str] = []
    filter: Text = ""
    text: Text = ""
    view: View = "active"
    order: list[str] = []
    columns: list[str] = []
    offset: Offset = 0
    limit: Limit = 100


class GroupsTable(Answer, frozen=True, kw_only=True):
    """A part of the table of groups; `total` groups in all."""

    total: int
    by: list[str]
    columns: list[str]
    groups: list[RunGroup]


ROUTES = (
    Route("runs.table", "GET", "/runs", "Search runs", RunsTable, RunsQuery),
    Route(
        "runs.csv",
        "GET",
        "/runs.csv",
        "Search runs, as CSV (all that match; `limit` and `offset` do not count)",
        None,
        RunsQuery,
        media="text/csv",
    ),
    Route(
        "runs.columns",
        "GET",
        "/runs/columns",
        "List the columns that runs have",
        ColumnCatalogue,
        ColumnsQuery,
    ),
    Route(
        "runs.groups",
        "GET",
        "/runs/groups",
        "Group runs, with mean and spread",
        GroupsTable,
        GroupsQuery,
    ),
)
