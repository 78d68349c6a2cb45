"""The stream of changes: one look at the store for all who listen."""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections.abc import AsyncIterator

import msgspec

from clew.api.rest.contract.events import (
    EventsQuery,
    ExperimentEvent,
    Hello,
    LatestMetric,
    MetricsEvent,
    ModelEvent,
    RunEvent,
    StreamEvent,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities.number import number
from clew.entities.overview import News
from clew.errors import ClewError

_LOOK_EVERY_S = 0.5
_SAY_SOMETHING_EVERY_S = 15.0
_MOST_WAITING = 1000


class Feed:
    """Looks at a store while somebody listens, and hands what changed to all who do."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._listeners: set[asyncio.Queue[StreamEvent | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    @contextlib.asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[StreamEvent | None]]:
        """Give a queue of what changes from now on; None at its end."""
        queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(_MOST_WAITING)
        if self._stopped:
            queue.put_nowait(None)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            # First the number, then the state: what is written between the two is seen twice.
            seen = self._served.changes.version()
            await asyncio.to_thread(self._served.changes.start)
            self._task = asyncio.create_task(self._look(seen))
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def stop(self) -> None:
        """End all streams."""
        self._stopped = True
        for queue in self._listeners:
            _end(queue)

    async def _look(self, seen: int) -> None:
        while self._listeners and not self._stopped:
            await asyncio.sleep(_LOOK_EVERY_S)
            with contextlib.suppress(ClewError):
                now = self._served.changes.version()
                if now != seen:
                    seen = now
                    self._tell(await asyncio.to_thread(self._events))

    def _events(self) -> list[StreamEvent]:
        return told(self._served, self._served.changes.news())

    def _tell(self, events: list[StreamEvent]) -> None:
        for queue in self._listeners:
            for event in events:
                try:
                    queue.put_nowait(event)
                except asyncio.QueueFull:
                    # Who does not read is cut off, and begins anew by itself.
                    _end(queue)
                    break


def _end(queue: asyncio.Queue[StreamEvent | None]) -> None:
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def told(served: Served, news: News) -> list[StreamEvent]:
    """Return what changed as events."""
    changes = {
        **dict.fromkeys(news.started, "started"),
        **dict.fromkeys(news.updated, "updated"),
        **dict.fromkeys(news.finished, "finished"),
    }
    events: list[StreamEvent] = [
        RunEvent(change=changes[row.id], run=row)  # type: ignore[arg-type]
        for row in served.run_pages.rows(list(changes))
    ]
    events += [
        MetricsEvent(
            run_id=one.run_id,
            experiment_id=one.experiment_id,
            metrics=[
                LatestMetric(key=key, value=number(value), step=step, time_ms=time_ms)
                for key, value, step, time_ms in one.metrics
            ],
        )
        for one in news.metrics
    ]
    events += [ModelEvent(name=name) for name in news.models]
    events += [ExperimentEvent(id=id) for id in news.experiments]
    return events


def wanted(query: EventsQuery, event: StreamEvent) -> bool:
    """Tell whether a listener asked for an event."""
    kind = msgspec.inspect.type_info(type(event)).tag  # type: ignore[attr-defined]
    if query.topic and kind not in query.topic:
        return False
    match event:
        case MetricsEvent():
            return not query.run or event.run_id in query.run
        case RunEvent():
            return not query.experiment or event.run.experiment_id in query.experiment
        case ExperimentEvent():
            return not query.experiment or event.id in query.experiment
        case _:
            return True


_feeds: weakref.WeakKeyDictionary[Served, Feed] = weakref.WeakKeyDictionary()


def feed(served: Served) -> Feed:
    """Return the one feed of a served store."""
    found = _feeds.get(served)
    if found is None:
        found = _feeds[served] = Feed(served)
    return found


async def stream(served: Served, query: EventsQuery) -> AsyncIterator[bytes]:
    """Tell of changes as they happen."""
    async with feed(served).listen() as queue:
        yield b"retry: 2000\n\n" + _framed(Hello(time_ms=time.time_ns() // 1_000_000))
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), _SAY_SOMETHING_EVERY_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if event is None:
                return
            if wanted(query, event):
                yield _framed(event)


def _framed(event: StreamEvent) -> bytes:
    name = str(msgspec.inspect.type_info(type(event)).tag)  # type: ignore[attr-defined]
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(event))


HANDLERS: dict[str, Handler] = {"events.stream": stream}
