"""Datasets that runs read, and their versions."""

from __future__ import annotations

from typing import Literal

from clew.api.rest.contract.basis import Answer, Limit, Offset, Query, Text
from clew.api.rest.contract.route import Route
from clew.entities.number import Number
from clew.entities.overview import DatasetRow, DatasetRun, VersionRow


class DatasetsQuery(Query, frozen=True, kw_only=True):
    """Which datasets; `text` is a part of the name."""

    text: Text = ""
    offset: Offset = 0
    limit: Limit = 100


class DatasetsTable(Answer, frozen=True, kw_only=True):
    """A part of the datasets; `total` match in all."""

    total: int
    rows: list[DatasetRow]


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
