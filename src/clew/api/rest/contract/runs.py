"""Runs as a table: its rows, columns and groups."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import (
    Answer,
    Cell,
    Limit,
    Number,
    Offset,
    Query,
    Text,
)
from clew.api.rest.contract.route import Route
from clew.entities import Lifecycle, RunStatus, View


class RunsQuery(Query, frozen=True, kw_only=True):
    """Which runs, in which order, with which columns.

    Parameters
    ----------
    experiment : list of str
        Ids of experiments; all active ones when none is named.
    filter : str
        MLflow's filter string: ``metrics.auc > 0.9 and params.depth = '3'``.
    text : str
        Only runs whose name, flow, user or id contains this.
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


class StepCounts(Answer, frozen=True, kw_only=True):
    """How a flow's run came to its results: how many steps were computed, reused, pruned, failed.

    Parameters
    ----------
    saved_s : float
        Seconds that reuse saved.
    """

    computed: int
    reused: int
    pruned: int
    failed: int
    saved_s: float


class RunRow(Answer, frozen=True, kw_only=True):
    """One run in a table.

    Parameters
    ----------
    cells : list
        What the table's `columns` hold for it, in their order.
    parent_id : str or None
        The run in which it is nested.
    children : int
        How many runs are nested in it.
    steps : StepCounts or None
        For a flow's run.
    has_note : bool
        Whether it has a Markdown note.
    """

    id: str
    name: str
    experiment_id: str
    experiment_name: str
    status: RunStatus
    lifecycle: Lifecycle
    user: str
    flow: str | None
    started_ms: int
    ended_ms: int | None
    parent_id: str | None
    children: int
    steps: StepCounts | None
    has_note: bool
    cells: list[Cell]


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


class ColumnInfo(Answer, frozen=True, kw_only=True):
    """A column that a table of runs can show.

    Parameters
    ----------
    column : str
        Its name in a request: ``metrics.auc``.
    runs : int
        How many of the runs have a value.
    distinct : int
        How many different values there are.
    numeric : bool
        Whether all values are numbers.
    min, max : Number or None
        The least and greatest, of a numeric column.
    examples : list of str
        Some values of a column of text, the most frequent first.
    """

    column: str
    kind: Literal["metrics", "params", "tags", "attributes"]
    key: str
    runs: int
    distinct: int
    numeric: bool
    min: Number | None
    max: Number | None
    examples: list[str]


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


class Spread(Answer, frozen=True, kw_only=True):
    """A column's numbers over the runs of a group.

    Parameters
    ----------
    count : int
        How many runs have a finite value; the other figures are over these.
    std : float or None
        Standard deviation of the sample; null for fewer than two.
    """

    count: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


class RunGroup(Answer, frozen=True, kw_only=True):
    """Runs that hold the same in the columns `by`.

    Parameters
    ----------
    key : list of str or None
        What they hold, in the order of `by`; null where nothing was logged.
    spreads : list of Spread
        One for each of the table's `columns`.
    run_ids : list of str
        Up to 100 of the runs, newest first: the single traces.
    """

    key: list[str | None]
    count: int
    spreads: list[Spread]
    run_ids: list[str]


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
