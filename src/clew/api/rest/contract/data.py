"""Datasets that runs read, and their versions."""

from __future__ import annotations

from typing import Literal

from clew.api.rest.contract.basis import Answer, Limit, Number, Offset, Query, Text
from clew.api.rest.contract.route import Route


class DatasetsQuery(Query, frozen=True, kw_only=True):
    """Which datasets; `text` is a part of the name."""

    text: Text = ""
    offset: Offset = 0
    limit: Limit = 100


class DatasetRow(Answer, frozen=True, kw_only=True):
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


class DatasetsTable(Answer, frozen=True, kw_only=True):
    """A part of the datasets; `total` match in all."""

    total: int
    rows: list[DatasetRow]


class VersionRow(Answer, frozen=True, kw_only=True):
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


class DatasetVersions(Answer, frozen=True, kw_only=True):
    """The versions of a dataset, last used first."""

    name: str
    versions: list[VersionRow]


class Bar(Answer, frozen=True, kw_only=True):
    """One bar of a histogram: a range of numbers, or one word."""

    label: str
    low: float | None
    high: float | None
    count: int


class ColumnProfile(Answer, frozen=True, kw_only=True):
    """One column of a dataset, as far as it was recorded.

    Parameters
    ----------
    shape : list of int
        Of each element, for tensors; empty for a plain column.
    statistics : dict
        ``mean``, ``std``, ``min``, ``max``, ``missing``, ``distinct`` ...
    """

    name: str
    type: str
    nullable: bool | None
    role: Literal["input", "target"]
    shape: list[int]
    statistics: dict[str, Number]
    histogram: list[Bar]


class DatasetRun(Answer, frozen=True, kw_only=True):
    """A run that read a dataset, and as what (``training``, ``evaluation`` ...)."""

    run_id: str
    run_name: str
    experiment_id: str
    started_ms: int
    context: str | None


class DatasetVersion(Answer, frozen=True, kw_only=True):
    """One version of a dataset.

    Parameters
    ----------
    figures : dict
        What is known of it as a whole: ``rows``, ``elements`` ...
    schema_text, profile_text : str or None
        The JSON that was logged.
    """

    name: str
    digest: str
    source_type: str
    source: str
    content: str | None
    columns: list[ColumnProfile]
    figures: dict[str, Number]
    schema_text: str | None
    profile_text: str | None
    runs: list[DatasetRun]


ROUTES = (
    Route("data.list", "GET", "/datasets", "List datasets", DatasetsTable, DatasetsQuery),
    Route(
        "data.versions",
        "GET",
        "/datasets/{name}",
        "List the versions of a dataset",
        DatasetVersions,
    ),
    Route(
        "data.get",
        "GET",
        "/datasets/{name}/{digest}",
        "Return a version of a dataset",
        DatasetVersion,
    ),
)
