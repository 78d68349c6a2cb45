"""Histories of metrics, search, and the datasets that runs read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from clew.entities import Dataset, DatasetSummary, Experiment, LoggedModel, Metric, Page, Run, View
from clew.lineage.canonical import ValueId


class Histories(Protocol):
    """All values of metrics, not only the latest."""

    def history(
        self, run_id: str, key: str, *, limit: int | None = None, page_token: str | None = None
    ) -> Page[Metric]:
        """Return a metric's points by time, then step, then value; none for an unknown key.

        Parameters
        ----------
        limit : int, optional
            All by default.
        """

    def sampled(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        steps: tuple[int, int] | None = None,
        limit: int = 320,
    ) -> Mapping[str, tuple[Metric, ...]]:
        """Return up to `limit` of each run's points, evenly spread by step: for charts.

        The first and the last point are among them; of a `limit` of 1 the last.

        Parameters
        ----------
        steps : (int, int), optional
            Only from the first to the last of these, both included.
        """


class Search(Protocol):
    """Find by MLflow's filter strings and order_by clauses (`clew.track.query`).

    A filter is ``metrics.auc > 0.9 and params.`max depth` = '3' and tags.stage ILIKE '%prod%'``.
    Numbers go with metrics and numeric attributes, quoted strings with the rest. Ties are broken by
    start, newest first, then id, so that pages neither repeat nor miss a row; what was not logged
    sorts last in both directions.
    """

    def runs(
        self,
        experiment_ids: Sequence[str],
        *,
        filter: str = "",
        view: View = "active",
        order_by: Sequence[str] = (),
        limit: int = 1000,
        page_token: str | None = None,
    ) -> Page[Run]:
        """Return runs with all that they logged, newest first by default; `limit` ≤ 50,000.

        An empty `experiment_ids` finds nothing (as in MLflow).
        """

    def experiments(
        self,
        *,
        filter: str = "",
        view: View = "active",
        order_by: Sequence[str] = (),
        limit: int = 1000,
        page_token: str | None = None,
    ) -> Page[Experiment]:
        """Return experiments, newest first by default; `limit` ≤ 50,000."""

    def models(
        self,
        experiment_ids: Sequence[str],
        *,
        filter: str = "",
        datasets: Sequence[Mapping[str, str]] = (),
        order_by: Sequence[Mapping[str, object]] = (),
        limit: int = 100,
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        """Return active logged models, newest first by default.

        Parameters
        ----------
        datasets : sequence of mapping
            ``{"dataset_name": …, "dataset_digest": …}``: metrics in the filter count only where
            they were measured on one of these.
        order_by : sequence of mapping
            ``{"field_name": "metrics.auc", "ascending": False, "dataset_name": …}``.
        """

    def models_of(self, contents: Sequence[ValueId]) -> tuple[LoggedModel, ...]:
        """Return the active logged models with these contents, oldest first."""

    def datasets(self, experiment_ids: Sequence[str]) -> tuple[DatasetSummary, ...]:
        """Return up to 1,000 distinct (dataset, context) pairs of these experiments."""


class Datasets(Protocol):
    """Datasets that runs read."""

    def get(self, experiment_id: str, name: str, digest: str) -> Dataset:
        """Return a dataset; `NotFound` when no run of the experiment read it."""

    def versions(self, name: str | None = None) -> tuple[Dataset, ...]:
        """Return every dataset (or those of a name), newest first, equal ones once."""

    def readers(self, name: str, digest: str, *, limit: int = 100) -> tuple[str, ...]:
        """Return the ids of active runs that read a dataset, newest first."""
