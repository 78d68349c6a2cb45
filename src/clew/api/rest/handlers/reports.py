"""Reports on the versions of registered models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clew.api.rest.contract.reports import (
    Report,
    ReportCell,
    ReportPlot,
    ReportPoint,
    ReportQuery,
    ReportRow,
    Reports,
    ReportTable,
)
from clew.api.rest.dispatch import Handler
from clew.app.debugging.report import kept
from clew.app.served import Served
from clew.debug.reports.tables import tables
from clew.entities.number import number
from clew.errors import NotFound

_POINTS = 600


def get(served: Served, name: str, version: int, query: ReportQuery) -> Reports:
    """List the reports on a version, and return one."""
    served.tracking.versions.get(name, version)
    found = kept(served.store, f"{name}/{version}")
    rows = [
        ReportRow(
            node=node,
            created_ms=created_ms,
            judged=document["judged"],
            against=document["against"],
            findings=len(document["findings"]),
        )
        for node, created_ms, document in found
    ]
    chosen = [one for one in found if one[0].startswith(query.node)]
    if query.node and not chosen:
        raise NotFound("this version has no such report", got=query.node)
    return Reports(rows=rows, shown=_report(*chosen[0]) if chosen else None)


def _report(node: str, created_ms: int, document: dict[str, Any]) -> Report:
    return Report(
        node=node,
        created_ms=created_ms,
        task=document["task"],
        target=document["target"],
        judged=document["judged"],
        against=document["against"],
        tables=[
            ReportTable(
                title=one.title,
                note=one.note,
                columns=list(one.columns),
                rows=[list(row) for row in one.rows],
            )
            for one in tables(document)
        ],
        cells=[
            ReportCell(
                truth=one["truth"],
                answer=one["answer"],
                count=one["count"],
                rows=[str(row) for row in one["rows"]],
            )
            for one in document.get("confusion", {}).get("cells", ())
            if one["rows"]
        ],
        plots=list(_plots(document)),
    )


def _plots(document: dict[str, Any]) -> Iterator[ReportPlot]:
    curves = document.get("curves") or {}
    if curves:
        yield _curve("ROC", "false positives", "true positives", curves["roc"])
        yield _curve("Precision", "recall", "precision", curves["precision_recall"])
    bins = document.get("calibration")
    if bins:
        seen = [[one["predicted"], one["seen"]["value"]] for one in bins]
        yield _curve("Calibration", "predicted", "came true", seen)
    if "qq" in document:
        yield _curve("Quantiles of residuals", "normal", "seen", document["qq"])
        yield _rows("Residuals", "prediction", "residual", document["residuals"])
    for view in document["views"]:
        title = f"Rows by their {view['of']}, {view['method']}"
        yield _rows(title, "first", "second", view["points"])


def _curve(title: str, across: str, up: str, points: list[list[float]]) -> ReportPlot:
    found = [ReportPoint(x=number(x), y=number(y), row="", error=0) for x, y in points]
    return ReportPlot(title=title, across=across, up=up, is_curve=True, points=found)


def _rows(title: str, across: str, up: str, points: list[dict[str, Any]]) -> ReportPlot:
    found = [
        ReportPoint(
            x=number(one["x"]),
            y=number(one["y"]),
            row=str(one["row"]),
            error=number(one.get("error", 0)),
        )
        for one in points[:_POINTS]
    ]
    return ReportPlot(title=title, across=across, up=up, is_curve=False, points=found)


HANDLERS: dict[str, Handler] = {"reports.get": get}
