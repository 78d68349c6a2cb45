"""A report as one HTML page: no script, nothing loaded, plots as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from clew.debug.reports.tables import tables

_SIDE = 260
_STYLE = """\
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0}td,th{text-align:left;padding:.15rem .8rem .15rem 0;
border-bottom:1px solid #8884;font-variant-numeric:tabular-nums}figure{display:inline-block;
margin:0 1.5rem 1rem 0}svg{background:#8881}h2{margin-top:2rem}:root{color-scheme:light dark}
.line{fill:none;stroke:#3a7bd5;stroke-width:2}.base{stroke:#888;stroke-dasharray:4}
.right{fill:#3a7bd5}.wrong{fill:#d9482b}"""


def html(document: Mapping[str, Any]) -> str:
    """Return a report's document as a page."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    title = f"{document['model'] or 'Model'}: {document['target']}"
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
    yield f"<style>{_STYLE}</style><h1>{escape(title)}</h1>"
    yield f"<p>{escape(document['task'])}, judged on {escape(document['judged'])}</p>"
    for table in tables(document):
        yield f"<h2>{escape(table.title)}</h2>"
        if table.note:
            yield f"<p>{escape(table.note)}</p>"
        if table.rows:
            yield "<table>" + _row("th", table.columns)
            yield from (_row("td", row) for row in table.rows)
            yield "</table>"
        if table.title == "Confusion matrix":
            yield from _cells(document["confusion"]["cells"])
    yield from _plots(document)


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _cells(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the rows of each cell of wrong answers, closed at first."""
    for one in cells:
        if one["rows"]:
            said = f"{one['truth']}, answered {one['answer']}: {one['count']} rows"
            rows = ", ".join(map(str, one["rows"]))
            more = " …" if one["count"] > len(one["rows"]) else ""
            yield f"<details><summary>{escape(said)}</summary>{escape(rows)}{more}</details>"


def _plots(document: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Plots</h2>"
    curves = document.get("curves") or {}
    if curves:
        yield _line("ROC: true against false positives", curves["roc"], diagonal=True)
        yield _line("Precision against recall", curves["precision_recall"])
    if document.get("calibration"):
        points = [[one["predicted"], one["seen"]["value"]] for one in document["calibration"]]
        yield _line("Calibration: what came true", points, diagonal=True)
    if "qq" in document:
        yield _line("Residuals' quantiles against normal ones", document["qq"], fit=True)
        marks = [{**one, "error": 0} for one in document["residuals"]]
        yield _points("Residual against prediction", marks)
    for view in document["views"]:
        yield _points(f"Rows by their {view['of']}, {view['method']}", view["points"])


def _line(
    title: str, points: Sequence[Sequence[float]], *, diagonal: bool = False, fit: bool = False
) -> str:
    place = _Place([(x, y) for x, y in points], unit=not fit)
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place.at(a, b) for a, b in points))
    base = f"<line class=base x1=0 y1={_SIDE} x2={_SIDE} y2=0 />" if diagonal else ""
    return _figure(title, f"{base}<polyline class=line points='{drawn}' />")


def _points(title: str, points: Sequence[Mapping[str, Any]]) -> str:
    place = _Place([(one["x"], one["y"]) for one in points])
    bar = sorted(one["error"] for one in points)[int(0.9 * (len(points) - 1))] if points else 0
    drawn = []
    for one in points:
        x, y = place.at(one["x"], one["y"])
        kind = "wrong" if one["error"] > 0 and one["error"] >= min(bar, 1) else "right"
        drawn.append(
            f"<circle class={kind} cx={x:.1f} cy={y:.1f} r=2>"
            f"<title>row {escape(str(one['row']))}</title></circle>"
        )
    return _figure(title, "".join(drawn))


def _figure(title: str, inside: str) -> str:
    return (
        f"<figure><svg width={_SIDE} height={_SIDE} role=img aria-label='{escape(title)}'>"
        f"{inside}</svg><figcaption>{escape(title)}</figcaption></figure>"
    )


class _Place:
    """Where points lie in a picture."""

    def __init__(self, points: Sequence[tuple[float, float]], *, unit: bool = False) -> None:
        xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
        self.low = (0.0, 0.0) if unit else (min(xs), min(ys))
        high = (1.0, 1.0) if unit else (max(xs), max(ys))
        self.size = [(b - a) or 1.0 for a, b in zip(self.low, high, strict=True)]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point, in pixels."""
        inside = _SIDE - 8
        across = 4 + inside * (x - self.low[0]) / self.size[0]
        return across, 4 + inside * (1 - (y - self.low[1]) / self.size[1])
