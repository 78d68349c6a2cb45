"""What steps cost where nothing is ever reused: a flow of short steps, against plain calls.

CPU seconds of the process, storing included (a write does not wait for the disk unless durability
is set to "power-loss"). Steps and plain calls alternate, one by one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import clew
from bench.figure import Figure
from bench.place import fresh_store


def work(item: int, rounds: int) -> int:
    """Keep the processor busy; the result depends on both arguments."""
    total = item
    for i in range(rounds):
        total = (total * 31 + i) & 0xFFFFFFFF
    return total


step = clew.step(work)


@clew.flow
def many(count: int, rounds: int) -> list[int]:
    return step.map(range(count), rounds=rounds)


def figures(quick: bool) -> Iterator[Figure]:
    times = 1 if quick else 2
    plain_s, clew_s, agrees = measure(100 if quick else 1_000, 10e-3, times)
    share = clew_s / plain_s - 1
    yield Figure("steps.overhead_10ms", share, "share", clew_s, plain_s, "plain calls", agrees)
    count = 1_000 if quick else 10_000
    plain_s, clew_s, agrees = measure(count, 1e-3, times)
    each_ms = (clew_s - plain_s) / count * 1000
    name = "steps.overhead_ms_per_step"
    yield Figure(name, each_ms, "ms", clew_s, plain_s, "plain calls", agrees)


def measure(count: int, each_s: float, times: int) -> tuple[float, float, bool]:
    """Return the seconds of plain calls, those of the flow, and whether the results agree."""
    rounds = calibrate(each_s)
    with fresh_store():
        many.run(2, 1)  # imports what a first run imports
    rows = [alternate(count, rounds) for _ in range(times)]
    plain_s, clew_s, _ = min(rows, key=lambda row: row[1] / row[0])
    return plain_s, clew_s, all(agrees for _, _, agrees in rows)


def alternate(count: int, rounds: int) -> tuple[float, float, bool]:
    """Make a plain call after each step of a flow; return the seconds of both, and agreement.

    What else the machine does slows a minute of work more than the overhead asked for, but it slows
    a call and the step beside it alike.
    """
    results: list[int] = []
    plain_s = 0.0

    def plain(_: object) -> None:
        nonlocal plain_s
        began = time.process_time()
        results.append(work(len(results), rounds))
        plain_s += time.process_time() - began

    arguments = {"count": count, "rounds": rounds}
    with fresh_store():
        run, seconds = timed(lambda: many.start(arguments, listeners=[plain]))
    agrees = run.result == results and len(run.computed) == count
    return plain_s, seconds - plain_s, agrees


def calibrate(each_s: float) -> int:
    """Return the rounds of `work` that take about `each_s`."""
    rounds = 10_000
    best_s = min(timed(lambda: work(1, rounds))[1] for _ in range(20))
    return max(1, round(rounds * each_s / best_s))


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """Return a call's result and its seconds."""
    began = time.process_time()
    return function(), time.process_time() - began
