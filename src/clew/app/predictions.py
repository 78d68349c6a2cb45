"""Predictions found by what was asked, what was answered, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from clew.serve.journal import Journal, Prediction

MOST_SCANNED = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which predictions; see `clew.api.rest.contract.predictions.PredictionsQuery`."""

    model: str = ""
    version: str = ""
    arm: str = ""
    answer: str | None = None
    judged: Literal["any", "given", "none", "wrong"] = "any"
    columns: Mapping[str, str] = field(default_factory=dict)
    least_confidence: float | None = None
    most_confidence: float | None = None
    since_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some predictions with their feedback, newest first.

    Parameters
    ----------
    scanned : int
        How many were looked at.
    next : str or None
        Where the search goes on; None at its end.
    """

    items: tuple[Prediction, ...]
    scanned: int
    next: str | None


def search(journal: Journal, wanted: Wanted, *, limit: int = 50, before: str | None = None) -> Page:
    """Return the newest predictions that are wanted; at most `MOST_SCANNED` are looked at."""
    found: list[Prediction] = []
    scanned = 0
    for row in journal.backwards(model=wanted.model or None, before=before):
        scanned += 1
        if wanted.since_ms is not None and row.time_ms < wanted.since_ms:
            return Page(tuple(found), scanned, None)
        if _is_wanted(row, wanted):
            judged = journal.judged(row)
            if _is_judged(judged, wanted.judged):
                found.append(judged)
        if len(found) == limit or scanned == MOST_SCANNED:
            return Page(tuple(found), scanned, row.id)
    return Page(tuple(found), scanned, None)


def _is_wanted(row: Prediction, wanted: Wanted) -> bool:
    decision = row.decision
    arms = tuple(decision.votes or decision.arms) if decision else (f"{row.model}/{row.version}",)
    confidence = row.confidence
    return (
        wanted.version in ("", row.version)
        and (wanted.arm == "" or wanted.arm in arms)
        and wanted.answer in (None, str(row.answer))
        and (wanted.until_ms is None or row.time_ms <= wanted.until_ms)
        and all(str(row.row.get(name)) == value for name, value in wanted.columns.items())
        and (
            wanted.least_confidence is None
            or (confidence is not None and confidence >= wanted.least_confidence)
        )
        and (
            wanted.most_confidence is None
            or (confidence is not None and confidence <= wanted.most_confidence)
        )
    )


def _is_judged(row: Prediction, how: str) -> bool:
    if how == "any":
        return True
    if how == "wrong":
        return any(f.truth is not None and f.truth != row.answer for f in row.feedback)
    return bool(row.feedback) == (how == "given")
