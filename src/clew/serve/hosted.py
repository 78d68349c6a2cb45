"""A model that answers requests: rows are batched, answered, kept in the journal, and counted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from clew.errors import InvalidParameter, WrongType
from clew.lineage.ulid import ulid_of
from clew.serve.batch import Batcher, BatchLimit, LatencyFit
from clew.serve.cache import PredictionCache, row_key
from clew.serve.compile import Compiled
from clew.serve.journal.frame import Batch, Decision
from clew.serve.journal.write import JournalWriter, Ulids
from clew.serve.outputs import Answer
from clew.serve.signature import Row

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one row.

    Parameters
    ----------
    number : int
        The prediction's ULID, as a number.
    confidence : float or None
        In the answer of a deployment, from 0 to 1.
    decision : Decision or None
        How a deployment came to it, for all rows that were decided together.
    version : str
        Which version of a deployment answered.
    """

    number: int
    prediction: Any
    probabilities: list[float] | None
    confidence: float | None = None
    decision: Decision | None = None
    version: str = ""

    @property
    def id(self) -> str:
        """The prediction's ULID."""
        return ulid_of(self.number)


class Answering(Protocol):
    """What answers requests under a name: a model, or a deployment of several."""

    name: str
    decides: ClassVar[bool]

    @property
    def version(self) -> str:
        """Of the model, or of the champion."""

    @property
    def content(self) -> str:
        """Content id of the model, or of the champion."""

    @property
    def compiled(self) -> Compiled:
        """What says how rows are read."""

    @property
    def batcher(self) -> Batcher[Values, Answered]:
        """The queue."""

    @property
    def cache(self) -> PredictionCache | None:
        """Answers that are remembered."""

    async def answer(
        self, rows: Sequence[Any], context: Mapping[str, Any] | None = None
    ) -> Sequence[Answered]:
        """Return the answer to each row, in order; see `Hosted.answer` and `Router.answer`."""


class Hosted:
    """One version of a model, ready to answer. Used from one event loop.

    Parameters
    ----------
    name, version : str
        What it is called.
    content : str
        Content id of the model.
    journal : JournalWriter or None
        Where answers are kept before they are given; None: they are not kept.
    cache_size : int
        How many answers are remembered by their rows; 0: none.
    limit : BatchLimit, optional
        How many rows a batch may hold.
    most_rows : int
        Rows of one request.
    """

    decides: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        version: str,
        content: str,
        compiled: Compiled,
        *,
        journal: JournalWriter | None = None,
        cache_size: int = 0,
        limit: BatchLimit | None = None,
        most_rows: int = 10_000,
    ) -> None:
        self.name, self.version, self.content = name, version, content
        self.compiled = compiled
        self.most_rows = most_rows
        signature = compiled.signature
        self.columns = tuple(column.name for column in signature.columns)
        self.names = self.columns or tuple(f"x{i}" for i in range(signature.n_features))
        self._model = content.encode()
        self._journal = journal
        self._ulids = Ulids()
        self.cache = PredictionCache(cache_size) if cache_size else None
        self.batcher: Batcher[Values, Answered] = Batcher(self._score, limit or LatencyFit())

    async def answer(
        self, rows: Sequence[Row | Sequence[float]], context: Mapping[str, Any] | None = None
    ) -> Sequence[Answered]:
        """Return the answer to each row, in order.

        Parameters
        ----------
        context : mapping, optional
            What is known of the request besides; one model has no use for it.

        Raises
        ------
        InvalidParameter, WrongType
            When a row is not what the model reads.
        Overloaded
            When too many rows wait.
        """
        values = self.values_of(rows)
        if self.cache is None:
            return await self.batcher.submit(values)
        return await self._remembered(self.cache, values)

    def values_of(self, rows: Sequence[Row | Sequence[float]]) -> list[Values]:
        """Return the values of rows in the order of the model's columns."""
        if not rows:
            raise InvalidParameter("there are no rows", expected="one row at least")
        if len(rows) > self.most_rows:
            raise InvalidParameter(
                "too many rows in one request", got=str(len(rows)), expected=f"≤ {self.most_rows}"
            )
        names = self.columns
        if not names:
            return [tuple(row) for row in self.compiled.signature.matrix_of(rows).tolist()]
        try:
            return [tuple([row[name] for name in names]) for row in rows]  # type: ignore[call-overload]
        except (KeyError, TypeError, IndexError):
            self.compiled.signature.columns_of(rows)  # type: ignore[arg-type]
            raise WrongType("rows are not mappings of columns to values") from None

    async def _remembered(self, cache: PredictionCache, rows: list[Values]) -> Sequence[Answered]:
        """Answer what is known at once, here on the event loop; let the rest wait for a batch."""
        try:
            keys = [row_key(self._model, values) for values in rows]
        except OverflowError:
            return await self.batcher.submit(rows)  # it names the row and column that it refuses
        found = [cache.get(key) for key in keys]
        known = [at for at, answer in enumerate(found) if answer is not None]
        if len(known) == len(rows):
            return self._kept(rows, found)  # type: ignore[arg-type]
        fresh = [at for at, answer in enumerate(found) if answer is None]
        scored = await self.batcher.submit([rows[at] for at in fresh])
        for at, answer in zip(fresh, scored, strict=True):
            cache.put(keys[at], answer)
        again = self._kept([rows[at] for at in known], [a for a in found if a is not None])
        answers = dict(zip([*fresh, *known], [*scored, *again], strict=True))
        return [answers[at] for at in range(len(rows))]

    def _score(self, rows: Sequence[Values]) -> list[Answered]:
        began_s = time.perf_counter()
        signature = self.compiled.signature
        if self.columns:
            columns = map(list, zip(*rows, strict=True))
            asked = dict(zip(self.columns, columns, strict=True))
            answer = self.compiled.score(signature.checked(asked))
        else:
            answer = self.compiled.answer(np.array(rows))
        labels, probabilities = plain(answer)
        seconds = time.perf_counter() - began_s
        decision = self._decided(len(rows), seconds)
        return self._written(rows, labels, probabilities, seconds, decision)

    def _kept(self, rows: Sequence[Values], known: Sequence[Answered]) -> list[Answered]:
        """Give answers that are known to rows that were asked again: new predictions each."""
        if not rows:
            return []
        shared = known[0].probabilities is not None
        probabilities = [a.probabilities or [] for a in known] if shared else None
        return self._written(rows, [a.prediction for a in known], probabilities, 0.0)

    def _written(
        self,
        rows: Sequence[Values],
        labels: list[Any],
        probabilities: list[list[float]] | None,
        seconds: float,
        decision: Decision | None = None,
    ) -> list[Answered]:
        """Keep a batch in the journal, then say what its rows' answers are."""
        time_ms, first = self._ulids.take(len(rows))
        if self._journal is not None:
            entry = Batch(
                time_ms,
                first.to_bytes(16),
                self.name,
                self.version,
                self.content,
                self.names,
                list(rows),
                labels,
                probabilities,
                seconds,
                decision,
            )
            self._journal.append(entry)
        each = probabilities if probabilities is not None else [None] * len(labels)
        return [
            Answered(first + at, label, share)
            for at, (label, share) in enumerate(zip(labels, each, strict=True))
        ]

    def _decided(self, n_rows: int, seconds: float) -> Decision | None:
        """Return what else is to be kept of a batch that was just answered."""
        return None


def plain(answer: Answer) -> tuple[list[Any], list[list[float]] | None]:
    """Return an answer as lists of Python's own values."""
    probabilities = None if answer.probabilities is None else answer.probabilities.tolist()
    return answer.predictions.tolist(), probabilities
