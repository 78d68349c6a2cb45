"""The queue in front of a model.

What arrives while a batch runs is the next batch: nobody waits for a window to close, and a lone
request is answered at once. A cheap model runs on the event loop itself, since a hop to another
thread costs more than the model; a dear one runs in a thread, so that the loop goes on reading.

Clients that wait for their answers ask again a moment after a batch. A dear model that began at
once would leave them to the batch after the next, and the crowd would fall into two halves that
each pay the fixed cost of a batch. So a dear batch begins once no request has come for a
sixteenth of what a batch takes, and after half of that at the latest.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from clew.errors import ClewError
from clew.serve.batch.limit import BatchLimit, LatencyFit

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHEAP_S = 2e-3
"""A batch that takes less runs on the event loop."""

_LULL, _PATIENCE = 1 / 16, 1 / 2
"""Shares of a batch's seconds: without a request, a dear batch begins; so long it waits at most."""


class Overloaded(ClewError, RuntimeError):
    """More rows wait than may wait; the caller is to try again after `retry_after_s`."""

    def __init__(self, waiting: int, most: int, retry_after_s: float) -> None:
        super().__init__(
            "too many rows wait for this model",
            got=f"{waiting} rows",
            expected=f"{most} at the most",
            hint=f"try again in {retry_after_s:.1f} s",
        )
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class Counts:
    """What a batcher has done since it began."""

    batches: int = 0
    rows: int = 0
    refused: int = 0
    busy_s: float = 0.0
    largest: int = 0


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    items: Sequence[Item]
    future: asyncio.Future[Sequence[Result]]
    since_s: float = field(default_factory=time.perf_counter)


class Batcher(Generic[Item, Result]):
    """Answers requests in batches. Used from one event loop.

    Parameters
    ----------
    run : callable
        Takes items and returns a result for each, in order; raises when it cannot.
    limit : BatchLimit, optional
        How many items a batch may hold; by default what keeps 20 ms.
    most_waiting : int
        Items that may wait; beyond them `Overloaded` is raised, so that the queue never grows
        without bound.
    wait_s : float, default 0
        How long a request may wait for others (delayed batching); 0 is best unless a batch of one
        costs nearly as much as a large one and requests come one by one.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        limit: BatchLimit | None = None,
        *,
        most_waiting: int = 10_000,
        wait_s: float = 0.0,
    ) -> None:
        self._run = run
        self.limit: BatchLimit = limit if limit is not None else LatencyFit()
        self.most_waiting = most_waiting
        self.wait_s = wait_s
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._waiting = 0
        self._scheduled = False
        self._arrived = 0
        self._typical_s = 0.0
        self._thread: ThreadPoolExecutor | None = None
        self.counts = Counts()

    @property
    def waiting(self) -> int:
        """How many items wait now."""
        return self._waiting

    async def submit(self, items: Sequence[Item]) -> Sequence[Result]:
        """Return the results of some items; they travel in one batch.

        Raises
        ------
        Overloaded
            When too many wait.
        """
        if self._waiting + len(items) > self.most_waiting:
            self.counts.refused += len(items)
            pace_s = self.counts.busy_s / max(self.counts.rows, 1)
            raise Overloaded(self._waiting, self.most_waiting, max(self._waiting * pace_s, 0.1))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[Result]] = loop.create_future()
        self._queue.append(_Waiting(items, future))
        self._waiting += len(items)
        self._arrived += 1
        self._schedule(loop)
        return await future

    def warm(self, items: Sequence[Item]) -> None:
        """Run some items before any request: a dear model's first batch runs in a thread then."""
        began_s = time.perf_counter()
        self._run(items)
        self._typical_s = time.perf_counter() - began_s

    async def drain(self) -> None:
        """Wait until nothing waits and nothing runs."""
        while self._scheduled or self._queue:
            await asyncio.sleep(0.001)
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next batch begin once everything that is ready to arrive has arrived."""
        if self._scheduled or not self._queue:
            return
        self._scheduled = True
        if self.wait_s and self._waiting < self.limit.rows(0.0):
            waited_s = time.perf_counter() - self._queue[0].since_s
            loop.call_later(max(self.wait_s - waited_s, 0.0), self._begin, loop)
        elif self._typical_s >= _CHEAP_S:
            self._await_lull(loop, loop.time() + self._typical_s * _PATIENCE)
        else:
            loop.call_soon(self._begin, loop)

    def _await_lull(self, loop: asyncio.AbstractEventLoop, latest_s: float) -> None:
        """Begin the next batch after a moment without requests."""
        lull_s = self._typical_s * _LULL
        loop.call_later(lull_s, self._look, loop, latest_s, self._arrived, 2)

    def _look(
        self, loop: asyncio.AbstractEventLoop, latest_s: float, arrived: int, turns: int
    ) -> None:
        """Tell whether requests came; what lies in the sockets is read within two more turns."""
        if self._waiting >= self.limit.rows(0.0) or loop.time() >= latest_s:
            self._begin(loop)
        elif self._arrived != arrived:
            self._await_lull(loop, latest_s)
        elif turns:
            loop.call_soon(self._look, loop, latest_s, arrived, turns - 1)
        else:
            self._begin(loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        batch = self._next()
        if not batch:
            self._scheduled = False
        elif self._typical_s < _CHEAP_S:
            self._finish(loop, batch, self._timed(batch))
        else:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "clew-batch")
            running = loop.run_in_executor(self._thread, self._timed, batch)
            running.add_done_callback(lambda done: self._finish(loop, batch, done.result()))

    def _next(self) -> list[_Waiting[Item, Result]]:
        batch: list[_Waiting[Item, Result]] = []
        rows, most = 0, None
        while self._queue:
            first = self._queue[0]
            if first.future.cancelled():
                self._waiting -= len(self._queue.popleft().items)
                continue
            if most is None:
                most = self.limit.rows(time.perf_counter() - first.since_s)
            if batch and rows + len(first.items) > most:
                break
            batch.append(self._queue.popleft())
            rows += len(first.items)
        self._waiting -= rows
        return batch

    def _timed(
        self, batch: list[_Waiting[Item, Result]]
    ) -> tuple[list[Sequence[Result] | Exception], float]:
        """Run a batch; where it fails, each request alone, so that one spoils no other."""
        began_s = time.perf_counter()
        items = [item for waiting in batch for item in waiting.items]
        answers: list[Sequence[Result] | Exception] = []
        try:
            results = self._run(items)
            start = 0
            for waiting in batch:
                answers.append(results[start : start + len(waiting.items)])
                start += len(waiting.items)
        except Exception as error:
            answers = [error] if len(batch) == 1 else [self._alone(w.items) for w in batch]
        return answers, time.perf_counter() - began_s

    def _alone(self, items: Sequence[Item]) -> Sequence[Result] | Exception:
        try:
            return self._run(items)
        except Exception as error:
            return error

    def _finish(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[_Waiting[Item, Result]],
        done: tuple[list[Sequence[Result] | Exception], float],
    ) -> None:
        answers, seconds = done
        rows = sum(len(waiting.items) for waiting in batch)
        self.limit.observe(rows, seconds)
        self._typical_s = _blend(self._typical_s, seconds) if self._typical_s else seconds
        self.counts.batches += 1
        self.counts.rows += rows
        self.counts.busy_s += seconds
        self.counts.largest = max(self.counts.largest, rows)
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.future.done():
                continue
            if isinstance(answer, Exception):
                waiting.future.set_exception(answer)
            else:
                waiting.future.set_result(answer)
        self._scheduled = False
        self._schedule(loop)


def _blend(old: float, new: float) -> float:
    return 0.8 * old + 0.2 * new
