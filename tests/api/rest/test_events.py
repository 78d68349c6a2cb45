"""The stream tells what any process changes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from clew.api.rest.contract.events import EventsQuery
from clew.api.rest.handlers.events import feed, stream
from clew.entities import Metric


async def read(source) -> tuple[str, dict]:
    """Return the next event's name and data."""
    while True:
        frame = (await anext(source)).decode()
        lines = dict(line.split(": ", 1) for line in frame.splitlines() if ": " in line)
        if "data" in lines:
            return lines["event"], json.loads(lines["data"])


def collect(served, query: EventsQuery, change, count: int) -> list[tuple[str, dict]]:
    async def listen():
        source = stream(served, query)
        assert (await read(source))[0] == "hello"
        await asyncio.to_thread(change)
        found = [await read(source) for _ in range(count)]
        await source.aclose()
        return found

    return asyncio.run(listen())


def test_a_run_is_told_from_start_to_end(served) -> None:
    tracking = served.tracking
    made = []

    def start():
        made.append(tracking.runs.create("0", name="live").id)

    ((name, event),) = collect(served, EventsQuery(), start, 1)
    assert (name, event["change"], event["run"]["name"]) == ("run", "started", "live")

    def log():
        tracking.logging.log(made[0], metrics=[Metric("loss", float("nan"), 5, 2)])

    ((name, event),) = collect(served, EventsQuery(topic=["metrics"]), log, 1)
    assert event["metrics"] == [{"key": "loss", "value": "NaN", "step": 2, "time_ms": 5}]

    def end():
        tracking.logging.log(made[0], metrics=[Metric("loss", 0.5, 6, 3)])
        tracking.runs.update(made[0], status="finished", ended_ms=9)

    told = dict(collect(served, EventsQuery(), end, 2))
    assert told["run"]["change"] == "finished"
    assert told["metrics"]["metrics"][0]["value"] == 0.5


def test_edits_of_runs_that_ended_are_told(served) -> None:
    tracking = served.tracking
    run = tracking.runs.create("0", name="done", status="finished").id
    other = tracking.runs.create("0", name="other").id
    edits = [
        lambda: tracking.logging.log(run, tags={"checked": "yes"}),
        lambda: tracking.logging.log(run, tags={"checked": "no"}),
        lambda: tracking.logging.delete_tag(run, "checked"),
        lambda: tracking.runs.update(run, name="renamed"),
        lambda: tracking.runs.delete(run),
        lambda: tracking.runs.restore(run),
    ]
    for edit in edits:
        ((name, event),) = collect(served, EventsQuery(topic=["run"]), edit, 1)
        assert (name, event["change"], event["run"]["id"]) == ("run", "updated", run)
    tag = lambda: tracking.logging.log(other, tags={"live": "yes"})  # noqa: E731
    ((_, event),) = collect(served, EventsQuery(topic=["run"]), tag, 1)
    assert (event["change"], event["run"]["id"]) == ("updated", other)


def test_other_processes_are_heard_and_listeners_choose(served) -> None:
    script = (
        "from clew.app.tracking import open_tracking\n"
        "t = open_tracking()\n"
        "t.experiments.create('other')\n"
        "t.registered.create('m')\n"
        "t.runs.create('0', name='theirs')\n"
    )

    def change():
        subprocess.run([sys.executable, "-c", script], check=True)

    query = EventsQuery(topic=["model", "experiment"])
    told = collect(served, query, change, 2)
    assert {name for name, _ in told} == {"model", "experiment"}


def test_streams_end_when_the_server_stops(served) -> None:
    async def listen():
        source = stream(served, EventsQuery())
        await read(source)
        feed(served).stop()
        return [frame async for frame in source]

    assert asyncio.run(listen()) == []
