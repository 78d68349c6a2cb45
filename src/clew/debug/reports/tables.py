"""A report's document as titled tables: what Markdown and HTML both show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SWEEP = 5


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of texts, with a sentence before it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def shown(found: Mapping[str, Any] | None, digits: int = 4) -> str:
    """Return a number with its interval as text."""
    if found is None or found["value"] is None:
        return ""
    text = f"{found['value']:.{digits}g}"
    if found["low"] is None or found["high"] is None:
        return text
    return f"{text} ({found['low']:.{digits}g} to {found['high']:.{digits}g})"


def tables(document: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of a document in the order of reading."""
    yield _findings(document)
    yield _scores(document)
    if document["champion"] is not None:
        yield _champion(document)
    if "confusion" in document:
        yield _confusion(document["confusion"])
        yield _classes(document["classes"])
    if "moments" in document:
        yield _moments(document["moments"])
    if document.get("calibration"):
        yield _calibration(document["calibration"])
    if "thresholds" in document:
        yield _thresholds(document["thresholds"])
    yield _slices(document["slices"])
    yield _explanation(document["explanation"])
    if document["shift"]:
        yield _shift(document["shift"])
    if document["label_errors"] and document["label_errors"]["rows"]:
        yield _labels(document["label_errors"])
    yield _cost(document)
    if document.get("thread"):
        yield _thread(document["thread"])


def _findings(document: Mapping[str, Any]) -> Table:
    rows = tuple((one["kind"], one["reason"]) for one in document["findings"])
    note = "" if rows else "Nothing stands out."
    return Table("What to look at", ("what", "why"), rows, note)


def _scores(document: Mapping[str, Any]) -> Table:
    parts = [one for one in document["parts"] if one["name"] in document["scores"]]
    flagged = {(gap["score"], gap["part"]) for gap in document["gaps"] if gap["flag"]}
    names = list(dict.fromkeys(name for one in document["scores"].values() for name in one))
    rows = [
        (
            name,
            *(
                shown(document["scores"][part["name"]].get(name))
                + (" (gap)" if (name, part["name"]) in flagged else "")
                for part in parts
            ),
        )
        for name in names
    ]
    columns = ("score", *(f"{one['name']}, {one['labelled']} rows" for one in parts))
    note = f"With intervals of {document['confidence']:.0%}."
    unlabelled = [one["name"] for one in document["parts"] if not one["labelled"]]
    if unlabelled:
        note += f" No labels: {', '.join(unlabelled)}."
    return Table("Scores", columns, tuple(rows), note)


def _champion(document: Mapping[str, Any]) -> Table:
    rows = []
    for part, differences in document["champion"].items():
        for score, one in differences.items():
            more = f"{one['wins']} won, {one['losses']} lost" if "wins" in one else ""
            rows.append((part, score, shown(one), more))
    note = "On the same rows: this model's score minus the champion's."
    return Table("Against the champion", ("part", "score", "difference", "rows"), tuple(rows), note)


def _confusion(found: Mapping[str, Any]) -> Table:
    rows = tuple(
        (name, *map(str, counts))
        for name, counts in zip(found["classes"], found["matrix"], strict=True)
    )
    return Table("Confusion matrix", ("true", *found["classes"]), rows, "Columns: the answer.")


def _classes(found: list[dict[str, Any]]) -> Table:
    names = ("precision", "recall", "f1", "roc_auc")
    rows = tuple(
        (one["class"], *(shown(one.get(name)) for name in names), str(one["support"]))
        for one in found
    )
    return Table("Classes", ("class", *names, "support"), rows)


def _moments(found: Mapping[str, Any]) -> Table:
    rows = tuple((name, shown(one["mean"]), shown(one["stddev"])) for name, one in found.items())
    return Table("Response, prediction, residual", ("of", "mean", "stddev"), rows)


def _calibration(found: list[dict[str, Any]]) -> Table:
    rows = tuple(
        (f"{one['predicted']:.3f}", shown(one["seen"], 3), str(one["rows"]), "yes" * one["off"])
        for one in found
    )
    return Table("Calibration", ("predicted", "came true", "rows", "off"), rows)


def _thresholds(found: Mapping[str, Any]) -> Table:
    sweep = [one for at, one in enumerate(found["sweep"]) if at % _SWEEP == 0]
    best = found["best"]
    rows = tuple(
        (
            f"{one['threshold']:.2f}" + (" (cheapest)" if one is best else ""),
            shown(one["cost"]),
            shown(one["precision"]),
            shown(one["recall"]),
        )
        for one in sorted({id(one): one for one in (*sweep, best)}.values(), key=_threshold)
    )
    costs = ", ".join(f"{name} {value:g}" for name, value in found["costs"].items())
    note = f"Of {found['positive']!r}, cost a row: {costs}."
    return Table("Thresholds", ("threshold", "cost", "precision", "recall"), rows, note)


def _threshold(one: Mapping[str, Any]) -> float:
    return float(one["threshold"])


def _slices(found: Mapping[str, Any]) -> Table:
    rows = tuple(
        (one["where"], str(one["rows"]), f"{one['mean']:.4g}", f"{one['score']:.3f}")
        for one in found["found"]
    )
    note = f"Mean error of all rows: {found['mean']:.4g}."
    return Table("Worst slices", ("slice", "rows", "mean error", "score"), rows, note)


def _explanation(found: Mapping[str, Any]) -> Table:
    rows = tuple(
        (one["where"], str(one["rows"]), f"{one['share']:.4f}", f"{one['learned']:.4f}")
        for one in found["rules"]
    )
    note = f"What tells {found['of']} from the others; {found['left']:.4f} nats a row are left."
    return Table("Explanation", ("rule", "rows", "share", "learned"), rows, note)


def _shift(found: list[dict[str, Any]]) -> Table:
    rows = tuple(
        (
            one["part"],
            f"{one['area']:.3f}",
            f"{one['p_value']:.2g}",
            ", ".join(column["column"] for column in one["columns"]),
        )
        for one in found
    )
    note = "How well a classifier tells a part's rows from the training's: one half is chance."
    return Table("Shift", ("part", "area", "p", "columns"), rows, note)


def _labels(found: Mapping[str, Any]) -> Table:
    rows = tuple(
        (str(one["row"]), one["label"], one["suggested"], f"{one['margin']:.3f}")
        for one in found["rows"][:20]
    )
    note = f"{found['count']} labels are suspected; about {found['share']:.1%} are confused."
    return Table("Labels that are probably wrong", ("row", "label", "rather", "margin"), rows, note)


def _cost(document: Mapping[str, Any]) -> Table:
    cost = document["cost"]
    rows = []
    if cost.get("latency_ms") is not None:
        rows.append(("one row, median", f"{cost['latency_ms']:.3g} ms"))
    if cost.get("rows_per_s") is not None:
        rows.append(("many rows", f"{cost['rows_per_s']:,.0f} a second"))
    if cost.get("size_bytes") is not None:
        rows.append(("stored size", f"{cost['size_bytes']:,} bytes"))
    return Table("Cost", ("of", "is"), tuple(rows), "" if rows else "Answers were stored.")


def _thread(found: list[dict[str, Any]]) -> Table:
    rows = tuple((one["operation"], one["node"][:12]) for one in found)
    return Table("Thread", ("operation", "node"), rows, "What the model came from, nearest first.")
