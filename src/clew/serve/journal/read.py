"""Reading the journal: one prediction, the newest ones, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clew.errors import NotFound
from clew.lineage.ulid import ulid_number, ulid_of
from clew.serve.journal.frame import Batch, Said, entries
from clew.serve.journal.write import SUFFIX

_SLACK_MS = 60_000
"""A segment is named a moment after the first of its rows."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row that was answered.

    Parameters
    ----------
    id : str
        A ULID.
    content : str
        Content id of the model.
    row : dict
        What was asked, by column.
    answer : object
        What was answered.
    feedback : tuple of Said
        What came of it, oldest first.
    """

    id: str
    time_ms: int
    model: str
    version: str
    content: str
    row: dict[str, Any]
    answer: Any
    probabilities: list[float] | None
    batch_rows: int
    seconds: float
    feedback: tuple[Said, ...] = ()


class Journal:
    """The predictions of a store, whichever processes made them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, id: str) -> Prediction:
        """Return a prediction with its feedback.

        Raises
        ------
        NotFound
            When there is none of that id.
        """
        number = ulid_number(id)
        found: Prediction | None = None
        said: list[Said] = []
        for segment in self._segments():
            begun_ms = ulid_number(segment.stem) >> 80
            if found is None and begun_ms > (number >> 80) + _SLACK_MS:
                break
            for entry in entries(segment):
                if isinstance(entry, Said):
                    said += [entry] if entry.prediction == id else []
                elif found is None:
                    found = _row(entry, number - int.from_bytes(entry.first))
        if found is None:
            raise NotFound("no such prediction", got=id, hint="`clew predictions` lists the newest")
        return replace(found, feedback=tuple(said))

    def newest(self, limit: int = 50, *, model: str | None = None) -> list[Prediction]:
        """Return the newest predictions first, of one model if given, without their feedback."""
        found: list[Prediction] = []
        for segment in reversed(self._segments()):
            batches = [e for e in entries(segment) if isinstance(e, Batch)]
            for batch in reversed(batches):
                if model in (None, batch.model):
                    rows = (_row(batch, at) for at in reversed(range(len(batch.rows))))
                    found += [row for row in rows if row is not None]
                if len(found) >= limit:
                    break
            if len(found) >= limit:
                break
        return sorted(found, key=lambda row: row.id, reverse=True)[:limit]

    def __iter__(self) -> Iterator[Batch | Said]:
        """Yield every entry, segment by segment."""
        for segment in self._segments():
            yield from entries(segment)

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))


def _row(batch: Batch, at: int) -> Prediction | None:
    if not 0 <= at < len(batch.rows):
        return None
    return Prediction(
        id=ulid_of(int.from_bytes(batch.first) + at),
        time_ms=batch.time_ms,
        model=batch.model,
        version=batch.version,
        content=batch.content,
        row=dict(zip(batch.columns, batch.rows[at], strict=True)),
        answer=batch.labels[at],
        probabilities=None if batch.probabilities is None else batch.probabilities[at],
        batch_rows=len(batch.rows),
        seconds=batch.seconds,
    )
