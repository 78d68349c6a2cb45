"""Reports on versions of registered models: how good, where wrong, and what is wrong with data."""

from __future__ import annotations

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.route import Route
from clew.entities.number import Number


class ReportQuery(Query, frozen=True, kw_only=True):
    """Which report of a version: the node that holds it; the newest when it is empty."""

    node: str = ""


class ReportRow(Answer, frozen=True, kw_only=True):
    """One report, by its node."""

    node: str
    created_ms: int
    judged: str
    against: str
    findings: int


class ReportTable(Answer, frozen=True, kw_only=True):
    """A titled table of a report, as texts."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]


class ReportCell(Answer, frozen=True, kw_only=True):
    """A cell of the confusion matrix, with the ids of some of its rows."""

    truth: str
    answer: str
    count: int
    rows: list[str]


class ReportPoint(Answer, frozen=True, kw_only=True):
    """A point of a plot; of a view the id of its row and its error."""

    x: Number
    y: Number
    row: str
    error: Number


class ReportPlot(Answer, frozen=True, kw_only=True):
    """A curve, or rows as points."""

    title: str
    across: str
    up: str
    is_curve: bool
    points: list[ReportPoint]


class Report(Answer, frozen=True, kw_only=True):
    """A report as pages show it."""

    node: str
    created_ms: int
    task: str
    target: str
    judged: str
    against: str
    tables: list[ReportTable]
    cells: list[ReportCell]
    plots: list[ReportPlot]


class Reports(Answer, frozen=True, kw_only=True):
    """The reports on a version, the newest first, and one of them in full."""

    rows: list[ReportRow]
    shown: Report | None


ROUTES = (
    Route(
        "reports.get",
        "GET",
        "/models/{name}/versions/{version}/reports",
        "List the reports on a version, and return one",
        Reports,
        ReportQuery,
    ),
)
