"""Reading the journal: one prediction, the newest ones, and what came of them."""

from __future__ import annotations

import heapq
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clew.errors import NotFound
from clew.lineage.ulid import ulid_number, ulid_of
from clew.serve.journal.frame import Batch, Decision, Entry, Said, Shadowed, entries
from clew.serve.journal.index import Index
from clew.serve.journal.write import FEEDBACK, SUFFIX

_SLACK_MS = 60_000
"""A segment is named a moment after the first of its rows, and changed a moment after the last."""
_MOST_INDEXES = 256


@dataclass(frozen=True, slots=True)
class Shadow:
    """What an arm in the shadow answered to the same row.

    Parameters
    ----------
    error : str
        Why it did not answer; "" when it did.
    """

    arm: str
    content: str
    answer: Any
    probabilities: list[float] | None
    seconds: float
    error: str


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
    seconds : float
        How long the batch ran.
    feedback : tuple of Said
        What came of it, oldest first.
    decision : Decision or None
        How a deployment of several arms came to it; its `confidence`, `contexts` and `votes` are
        this row's alone.
    shadows : tuple of Shadow
        What arms in the shadow answered.
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
    decision: Decision | None = None
    shadows: tuple[Shadow, ...] = ()

    @property
    def confidence(self) -> float | None:
        """The confidence in the answer, or the probability of the likeliest class."""
        if self.decision is not None and self.decision.confidence:
            return self.decision.confidence[0]
        return max(self.probabilities) if self.probabilities else None


class Journal:
    """The predictions of a store, whichever processes made them. May be used by several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._indexes: OrderedDict[Path, Index] = OrderedDict()

    def get(self, id: str) -> Prediction:
        """Return a prediction with its feedback.

        Raises
        ------
        NotFound
            When there is none of that id.
        """
        found = self.find(id)
        if found is None:
            raise NotFound("no such prediction", got=id, hint="`clew predictions` lists the newest")
        return self.judged(found)

    def find(self, id: str) -> Prediction | None:
        """Return a prediction without its feedback; None when there is none of that id."""
        number = ulid_number(id)
        found: Prediction | None = None
        shadows: list[Shadow] = []
        for entry in self._about(number >> 80, SUFFIX):
            if isinstance(entry, Batch):
                found = found or _row(entry, number - int.from_bytes(entry.first))
            elif isinstance(entry, Shadowed):
                shadow = _shadow(entry, number - int.from_bytes(entry.first))
                shadows += [] if shadow is None else [shadow]
        return None if found is None else replace(found, shadows=tuple(shadows))

    def judged(self, prediction: Prediction) -> Prediction:
        """Return a prediction together with its feedback."""
        time_ms = ulid_number(prediction.id) >> 80
        said = [
            entry
            for suffix in (SUFFIX, FEEDBACK)
            for entry in self._about(time_ms, suffix)
            if isinstance(entry, Said) and entry.prediction == prediction.id
        ]
        return replace(prediction, feedback=tuple(sorted(said, key=lambda one: one.time_ms)))

    def newest(self, limit: int = 50, *, model: str | None = None) -> list[Prediction]:
        """Return the newest predictions first, of one model if given, without their feedback."""
        found: list[Prediction] = []
        for row in self.backwards(model=model):
            found.append(row)
            if len(found) == limit:
                break
        return found

    def backwards(
        self, *, model: str | None = None, before: str | None = None
    ) -> Iterator[Prediction]:
        """Yield predictions without their feedback, the newest first.

        Parameters
        ----------
        before : str, optional
            A ULID: only predictions with a smaller one.
        """
        last = ulid_number(before) if before else 1 << 128
        held: list[Prediction] = []
        time_ms = -1
        for at_ms, entry in self._merged(last >> 80):
            if not isinstance(entry, Batch) or model not in (None, entry.model):
                continue
            if at_ms != time_ms:
                yield from sorted(held, key=lambda row: row.id, reverse=True)
                held, time_ms = [], at_ms
            first = int.from_bytes(entry.first)
            rows = (_row(entry, at) for at in range(len(entry.rows)) if first + at < last)
            held += [row for row in rows if row is not None]
        yield from sorted(held, key=lambda row: row.id, reverse=True)

    def __iter__(self) -> Iterator[Entry]:
        """Yield every entry, segment by segment."""
        for suffix in (SUFFIX, FEEDBACK):
            for segment in self._segments(suffix):
                yield from entries(segment)

    def _about(self, time_ms: int, suffix: str) -> Iterator[Entry]:
        """Yield the entries about predictions of one millisecond."""
        for segment in self._segments(suffix):
            begun_ms = ulid_number(segment.stem) >> 80
            if begun_ms > time_ms + _SLACK_MS and suffix == SUFFIX:
                break
            if segment.stat().st_mtime_ns // 1_000_000 < time_ms - _SLACK_MS:
                continue
            with self._lock:
                found = self._index(segment).at(time_ms)
            yield from found

    def _merged(self, until_ms: int) -> Iterator[tuple[int, Entry]]:
        """Yield the entries of all segments of predictions, the latest first.

        A segment is opened when what it may hold is due: it holds nothing later than its change.
        """
        waiting = [
            (segment.stat().st_mtime_ns // 1_000_000 + _SLACK_MS, segment)
            for segment in self._segments(SUFFIX)
            if ulid_number(segment.stem) >> 80 <= until_ms + _SLACK_MS
        ]
        waiting.sort()
        opened: list[tuple[int, int, Entry, Iterator[tuple[int, Entry]]]] = []
        while waiting or opened:
            while waiting and (not opened or waiting[-1][0] >= -opened[0][0]):
                _push(opened, len(waiting), Index(waiting.pop()[1]).backwards(until_ms))
            if opened:
                time_ms, order, entry, rest = heapq.heappop(opened)
                yield -time_ms, entry
                _push(opened, order, rest)

    def _index(self, segment: Path) -> Index:
        index = self._indexes.pop(segment, None) or Index(segment)
        self._indexes[segment] = index
        while len(self._indexes) > _MOST_INDEXES:
            self._indexes.popitem(last=False)
        return index

    def _segments(self, suffix: str) -> list[Path]:
        return sorted(self.folder.glob(f"*{suffix}"))


def _push(
    heap: list[tuple[int, int, Entry, Iterator[tuple[int, Entry]]]],
    order: int,
    rest: Iterator[tuple[int, Entry]],
) -> None:
    following = next(rest, None)
    if following is not None:
        heapq.heappush(heap, (-following[0], order, following[1], rest))


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
        decision=None if batch.decision is None else _decided(batch.decision, at),
    )


def _decided(decision: Decision, at: int) -> Decision:
    """Return a decision as it concerns one row."""
    return Decision(
        decision.deployment,
        decision.policy,
        decision.arms,
        decision.chances,
        decision.confidence[at : at + 1],
        decision.contexts[at : at + 1],
        {arm: labels[at : at + 1] for arm, labels in decision.votes.items()},
        decision.late,
        decision.latency_s,
        decision.note,
    )


def _shadow(entry: Shadowed, at: int) -> Shadow | None:
    if not 0 <= at < len(entry.labels):
        return None
    shares = None if entry.probabilities is None else entry.probabilities[at]
    return Shadow(entry.arm, entry.content, entry.labels[at], shares, entry.seconds, entry.error)
