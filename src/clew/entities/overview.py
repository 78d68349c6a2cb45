"""Rows of wide views: tables of runs, columns, groups, experiments, datasets; sums over a store.

What a page shows of many things at once, read by few queries. Numbers that may be NaN or infinite
are told by name (`Number`).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from clew.entities.experiment import Lifecycle, View
from clew.entities.number import Number
from clew.entities.run import RunStatus

Cell = float | str | None
"""What a column holds in one row: a metric, a text, or nothing."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs.

    Parameters
    ----------
    experiments : tuple of str
        Ids; all active experiments when there are none.
    filter : str
        MLflow's filter string.
    text : str
        Only runs whose name, flow or user holds each of these words, or whose id begins so.
    """

    experiments: tuple[str, ...] = ()
    filter: str = ""
    text: str = ""
    view: View = "active"


class StepCounts(msgspec.Struct, frozen=True, kw_only=True):
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


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
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


class ColumnInfo(msgspec.Struct, frozen=True, kw_only=True):
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
    min, max : float or None
        The least and greatest finite one, of a numeric column.
    examples : list of str
        Some values of a column of text, the most frequent first.
    """

    column: str
    kind: Literal["metrics", "params", "tags", "attributes"]
    key: str
    runs: int
    distinct: int
    numeric: bool
    min: float | None
    max: float | None
    examples: list[str]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
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


class RunGroup(msgspec.Struct, frozen=True, kw_only=True):
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


class MetricSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of one run: the last value and what its history holds.

    Parameters
    ----------
    value : Number
        The last one: that of the highest step.
    count : int
        Points in the history.
    min, max : float or None
        Over the finite points.
    """

    key: str
    value: Number
    step: int
    time_ms: int
    count: int
    min: float | None
    max: float | None
    model_id: str | None
    dataset_name: str | None


class ExperimentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment.

    Parameters
    ----------
    note : str
        Markdown; "" when there is none.
    runs, running : int
        Active runs, and those of them that run now.
    last_run_ms : int or None
        Start of its newest run.
    """

    id: str
    name: str
    lifecycle: Lifecycle
    created_ms: int
    updated_ms: int
    note: str
    tags: dict[str, str]
    runs: int
    running: int
    last_run_ms: int | None
    artifact_location: str | None


class ReuseDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day (UTC, ``2026-11-25``) of computing and reuse."""

    day: str
    computed: int
    reused: int
    pruned: int
    computed_s: float
    saved_s: float


class ReuseSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What reuse saved within the days asked for.

    Parameters
    ----------
    computed, reused, pruned, failed : int
        Steps; pruned ones were needed by nobody.
    computed_s, saved_s : float
        Seconds spent on computing, and saved by reuse.
    pruned_s : float
        Seconds that the pruned steps would have taken, as far as it is known what they cost.
    days : list of ReuseDay
        Only days on which something happened, oldest first.
    """

    computed: int
    reused: int
    pruned: int
    failed: int
    computed_s: float
    saved_s: float
    pruned_s: float
    days: list[ReuseDay]


class RecentModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model version, newest first."""

    name: str
    version: int
    created_ms: int
    user: str | None
    aliases: list[str]
    run_id: str | None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds."""

    experiments: int
    runs: int
    running: int
    nodes: int
    values: int
    stored_bytes: int
    datasets: int
    models: int
    versions: int
    studies: int


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found.

    Parameters
    ----------
    id : str
        Id or name; ``NAME@VERSION`` for a version, ``NAME@DIGEST`` for a dataset.
    title, detail : str
        What to show.
    time_ms : int or None
        When it began or was changed.
    """

    kind: Literal[
        "run", "experiment", "model", "version", "dataset", "study", "node", "value", "operation"
    ]
    id: str
    title: str
    detail: str
    time_ms: int | None


class DatasetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset, by name.

    Parameters
    ----------
    versions : int
        How many digests of that name there are.
    runs : int
        Active runs that read one of them.
    """

    name: str
    versions: int
    latest: str
    source_type: str
    runs: int
    last_used_ms: int | None


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One digest of a dataset; `content` is its id on the lineage graph."""

    digest: str
    source_type: str
    source: str
    content: str | None
    runs: int
    first_used_ms: int | None
    last_used_ms: int | None
    rows: int | None
    columns: int | None


class DatasetRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that read a dataset, and as what (``training``, ``evaluation`` ...)."""

    run_id: str
    run_name: str
    experiment_id: str
    started_ms: int
    context: str | None


class LoggedMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The last values of metrics that a run logged meanwhile: ``(key, value, step, time_ms)``."""

    run_id: str
    experiment_id: str
    metrics: tuple[tuple[str, float, int, int], ...]


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What changed meanwhile: ids of runs and experiments, names of registered models.

    Parameters
    ----------
    updated : tuple of str
        Runs that were renamed, deleted, restored, or resumed.
    """

    started: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    metrics: tuple[LoggedMetrics, ...] = ()
    models: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()
