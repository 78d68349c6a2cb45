"""Wide views of runs and of a whole store, for pages. They only read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from clew.entities import View
from clew.entities.overview import (
    ColumnInfo,
    DatasetRow,
    DatasetRun,
    ExperimentRow,
    Hit,
    MetricSummary,
    News,
    RecentModel,
    ReuseSummary,
    RunGroup,
    RunRow,
    Selection,
    Totals,
    VersionRow,
)

Points = tuple[Sequence[int], Sequence[int], Sequence[float]]
"""Steps, times in milliseconds and values of a history, by step, then time."""


class RunPages(Protocol):
    """Tables of runs.

    A column is ``params.KEY``, ``tags.KEY``, ``metrics.KEY`` (the last value), ``metrics.KEY@max``,
    ``@min``, ``@first``, ``@mean`` or ``@step:N`` (the value at that step or the latest one before
    it), or ``attributes.NAME`` with a name of ``id name status user flow experiment started ended
    duration``. A metric that is not finite is told by name. An unknown column is
    `InvalidParameter`.
    """

    def table(
        self,
        selection: Selection,
        *,
        columns: Sequence[str],
        order: Sequence[str] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, tuple[RunRow, ...]]:
        """Return how many runs are selected, and some of them.

        Parameters
        ----------
        order : sequence of str
            ``COLUMN`` or ``COLUMN DESC``; newest first by default. What a run does not have comes
            last either way, behind what is no number.
        """

    def scan(self, selection: Selection, *, columns: Sequence[str]) -> Iterator[RunRow]:
        """Yield all selected runs, newest first, few at a time."""

    def rows(self, ids: Sequence[str], *, columns: Sequence[str] = ()) -> tuple[RunRow, ...]:
        """Return runs by id, deleted ones too, in the order of the ids; unknown ones left out."""

    def children(self, id: str, *, limit: int = 1000) -> tuple[RunRow, ...]:
        """Return the runs that are nested in a run, oldest first."""

    def columns(self, selection: Selection) -> tuple[int, tuple[ColumnInfo, ...]]:
        """Return how many runs are selected and what they have, the most frequent first."""

    def groups(
        self,
        selection: Selection,
        *,
        by: Sequence[str],
        columns: Sequence[str],
        order: Sequence[str] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, tuple[RunGroup, ...]]:
        """Return the number of groups and some of them, the largest first by default.

        Parameters
        ----------
        by : sequence of str
            Columns of params, tags and attributes.
        order : sequence of str
            ``count``, a column of `by` or `columns` (its mean), with `` DESC`` or without.
        """

    def summaries(self, id: str) -> tuple[MetricSummary, ...]:
        """Return the metrics of a run, by name."""

    def points(
        self, id: str, keys: Sequence[str], *, steps: tuple[int | None, int | None] = (None, None)
    ) -> Mapping[str, Points]:
        """Return the histories of a run, whole, without keys that it does not have."""


class StorePages(Protocol):
    """Sums and lists over a whole store."""

    def experiments(
        self,
        *,
        text: str = "",
        filter: str = "",
        view: View = "active",
        order: str = "updated",
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, tuple[ExperimentRow, ...]]:
        """Return how many experiments match, and some of them (`order`: updated name runs created).

        `updated` counts the newest run as well.
        """

    def experiment(self, id: str) -> ExperimentRow:
        """Return one experiment, deleted or not; `NotFound` when there is none."""

    def reuse(self, since_ms: int) -> ReuseSummary:
        """Return what runs that started since then computed and reused."""

    def totals(self) -> Totals:
        """Return what the store holds."""

    def recent_models(self, limit: int) -> tuple[RecentModel, ...]:
        """Return the newest versions of registered models."""

    def find(self, text: str, limit: int) -> tuple[Hit, ...]:
        """Return runs, experiments, models, versions and datasets, all words of `text` in them."""

    def datasets(
        self, *, text: str = "", offset: int = 0, limit: int = 100
    ) -> tuple[int, tuple[DatasetRow, ...]]:
        """Return how many datasets there are by name, and some of them, last used first."""

    def dataset(
        self, name: str, digest: str | None = None
    ) -> tuple[tuple[VersionRow, ...], tuple[DatasetRun, ...]]:
        """Return the versions of a dataset, last used first, and the newest runs that read it.

        `NotFound` when there is none of that name (and digest).
        """


class Changes(Protocol):
    """What any process changed in the store since it was last asked. Not thread-safe: one asks."""

    def version(self) -> int:
        """Return a number that another write anywhere changes; costs microseconds."""

    def start(self) -> None:
        """Take what is there now as known."""

    def news(self) -> News:
        """Return what changed since `start` or the last call."""
