"""Four processes on one store, each killed at a fifth of its steps and started again.

Every process asks for the same steps, two and two in the same order. The parent sends SIGKILL up
to some milliseconds after a step was acknowledged, so that deaths fall into computing, writing and
reading alike. Each execution writes down when it began and ended; a killed one ended when it was
killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import multiprocessing
import os
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import clew
from bench.figure import Figure
from bench.place import fresh_store

PROCESSES = 4
KILLED = 0.2
LONGEST_WAIT_S = 0.008
LOG = "CLEW_BENCH_LOG"


# The user's word (`reuse=True`) covers the log, which is not part of the result.
@clew.step(reuse=True)
def compute(item: int) -> str:
    note("begin", item)
    time.sleep(0.002)
    text = expected(item)
    note("end", item)
    return text


def expected(item: int) -> str:
    return hashlib.sha256(str(item).encode()).hexdigest() * 40


def note(what: str, item: int) -> None:
    """Append a line to the log, in one write."""
    line = f"{what} {item} {os.getpid()} {time.monotonic_ns()}\n"
    with open(os.environ[LOG], "ab", buffering=0) as log:  # noqa: PTH123
        log.write(line.encode())


def figures(quick: bool) -> Iterator[Figure]:
    steps = 50 if quick else 500
    with fresh_store(), tempfile.TemporaryDirectory() as folder:
        os.environ[LOG] = str(Path(folder) / "log")
        kills = run(steps)
        acknowledged, wrong, executions = read(Path(os.environ[LOG]), kills)
        lost, corrupt = verify(acknowledged)
        corrupt += wrong
        double = sum(map(overlapping, executions.values()))
    done = len(acknowledged) == steps
    killed = sum(map(len, kills.values()))
    for name, count in (("lost", lost), ("corrupt", corrupt), ("double", double)):
        yield Figure(f"chaos.{name}", count, "count", count, killed, "processes killed", done)


@dataclass
class Worker:
    """A process that is started again whenever it was killed."""

    number: int
    steps: int
    done: set[int] = field(default_factory=set)
    process: multiprocessing.Process | None = None

    def start(self) -> None:
        left = [item for item in order(self.number, self.steps) if item not in self.done]
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=work, args=(left,))
        self.process.start()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.join()

    @property
    def finished(self) -> bool:
        return len(self.done) == self.steps

    @property
    def pid(self) -> int:
        assert self.process is not None
        assert self.process.pid is not None
        return self.process.pid


def order(number: int, steps: int) -> list[int]:
    # Two and two share an order, so that they want the same step at the same time.
    return Random(number // 2).sample(range(steps), steps)


def work(items: list[int]) -> None:
    """Ask for steps, and acknowledge each."""
    for item in items:
        if compute(item) != expected(item):
            note("corrupt", item)
        note("ack", item)


def run(steps: int) -> dict[int, list[int]]:
    """Run all workers to their end; return when each killed process was killed."""
    random = Random(0)
    log = Path(os.environ[LOG])
    log.touch()
    workers = [Worker(number, steps) for number in range(PROCESSES)]
    kills: dict[int, list[int]] = defaultdict(list)
    try:
        for worker in workers:
            worker.start()
        for what, item, pid in follow(log, workers):
            worker = next((w for w in workers if w.pid == pid), None)
            if what != "ack" or worker is None:
                continue
            worker.done.add(item)
            if random.random() < KILLED and not worker.finished:
                time.sleep(random.uniform(0, LONGEST_WAIT_S))
                kills[worker.pid].append(time.monotonic_ns())
                worker.kill()
                collect(worker, log)
                worker.start()
    finally:
        for worker in workers:
            worker.kill()
    return kills


def follow(log: Path, workers: list[Worker]) -> Iterator[tuple[str, int, int]]:
    """Yield what the log says, line by line, until all workers have finished."""
    begun = ""
    with log.open() as lines:
        while not all(worker.finished for worker in workers):
            begun += lines.readline()
            if begun.endswith("\n"):
                what, item, pid, _ = begun.split()
                begun = ""
                yield what, int(item), int(pid)
                continue
            for worker in workers:
                if worker.process.exitcode and not worker.finished:
                    raise RuntimeError(f"a worker ended with status {worker.process.exitcode}")
            time.sleep(0.001)


def collect(worker: Worker, log: Path) -> None:
    """Note what a killed process had acknowledged besides."""
    for line in log.read_text().splitlines():
        what, item, pid, _ = line.split()
        if what == "ack" and int(pid) == worker.pid:
            worker.done.add(int(item))


def read(
    log: Path, kills: dict[int, list[int]]
) -> tuple[set[int], int, dict[int, list[list[int]]]]:
    """Return what was acknowledged, how much was wrong, and when each step was executed."""
    acknowledged: set[int] = set()
    wrong = 0
    executions: dict[int, list[list[int]]] = defaultdict(list)
    open_ones: dict[tuple[int, int], list[int]] = {}
    for line in log.read_text().splitlines():
        what, item, pid, moment = line.split()
        key = (int(item), int(pid))
        if what == "begin":
            ended = kills.get(int(pid), [int(moment)])[-1]
            open_ones[key] = [int(moment), ended]
            executions[int(item)].append(open_ones[key])
        elif what == "end":
            open_ones[key][1] = int(moment)
        elif what == "ack":
            acknowledged.add(int(item))
        elif what == "corrupt":
            wrong += 1
    return acknowledged, wrong, executions


def overlapping(spans: list[list[int]]) -> int:
    """Return how many executions of a step began before an earlier one had ended."""
    spans = sorted(spans)
    return sum(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans))


def verify(acknowledged: set[int]) -> tuple[int, int]:
    """Return how many acknowledged results are gone, and how many are wrong."""
    lost = corrupt = 0
    for item in sorted(acknowledged):
        found = compute(item)
        assert compute.last is not None
        lost += compute.last.decision != "reused"
        corrupt += found != expected(item)
    return lost, corrupt
