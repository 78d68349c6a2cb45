"""Short steps of a flow are committed together: what others see, and what a kill leaves."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

import clew
from clew.adapters.stores.sql import SqliteStore

FLOW = """
import os, sys, time
from pathlib import Path
import clew

def note(what, item):
    line = f"{what} {item} {os.getpid()} {time.monotonic_ns()}\\n"
    with open("log", "ab", buffering=0) as log:
        log.write(line.encode())

@clew.step(reuse=True)
def short(item: int) -> int:
    note("begin", item)
    time.sleep(0.003)
    note("end", item)
    return item * item

@clew.flow
def flow(first: int, count: int) -> list[int]:
    return short.map(range(first, first + count))

def main(name):
    clew.open()
    flow.run(1000, 1)
    Path(name).touch()
    while not Path("go").exists():
        time.sleep(0.001)
    for first in range(0, 120, 20):
        assert flow.run(first, 20).result == [item * item for item in range(first, first + 20)]
        note("ack", first)

if __name__ == "__main__":
    main(sys.argv[1])
"""


def _start(folder: Path, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "short.py", name], cwd=folder)


def _log(folder: Path) -> list[tuple[str, int, int, int]]:
    lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    return [(what, int(item), int(pid), int(at)) for what, item, pid, at in lines]


def _spans(folder: Path, killed: dict[int, int]) -> dict[int, list[tuple[int, int]]]:
    """Return when each item was executed; an execution that was killed ended then."""
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    begun: dict[tuple[int, int], int] = {}
    for what, item, pid, at in _log(folder):
        if what == "begin":
            begun[item, pid] = at
        elif what == "end":
            spans[item].append((begun.pop((item, pid)), at))
    for (item, pid), at in begun.items():
        spans[item].append((at, killed[pid]))
    return spans


def test_processes_that_run_one_flow_at_once_share_every_execution(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(FLOW)
    workers = [_start(tmp_path, name) for name in ("a", "b")]
    while not all((tmp_path / name).exists() for name in ("a", "b")):
        assert all(worker.poll() is None for worker in workers)
    (tmp_path / "go").touch()
    assert [worker.wait() for worker in workers] == [0, 0]
    assert {item: len(spans) for item, spans in _spans(tmp_path, {}).items()} == dict.fromkeys(
        (*range(120), 1000), 1
    )


@pytest.mark.slow
def test_what_a_flow_acknowledged_survives_kills(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(FLOW)
    (tmp_path / "go").touch()
    chance = random.Random(0)
    killed: dict[int, int] = {}
    workers = {name: _start(tmp_path, name) for name in ("a", "b")}
    finished = 0
    while finished < 2:
        time.sleep(chance.uniform(0.7, 1.2))
        name = chance.choice(sorted(workers))
        worker = workers[name]
        if worker.poll() is None and len(killed) < 8:
            killed[worker.pid] = time.monotonic_ns()
            worker.kill()
            worker.wait()
            workers[name] = _start(tmp_path, name)
        finished = sum(worker.poll() == 0 for worker in workers.values())
        assert all(worker.poll() in (None, 0) for worker in workers.values())
    for spans in _spans(tmp_path, killed).values():
        ordered = sorted(spans)
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(ordered)), "twice at once"
    acknowledged: set[int] = set()
    for what, item, _, _ in _log(tmp_path):
        if what == "ack":
            acknowledged.update(range(item, item + 20))
        assert what != "begin" or item not in acknowledged, "computed again, so it was lost"


def test_a_step_that_calls_what_the_flow_has_just_computed_is_answered() -> None:
    ran: list[int] = []

    @clew.step(reuse=True)
    def inner(x: int) -> int:
        ran.append(x)
        return x + 1

    @clew.step(reuse=True)
    def outer(x: int) -> int:
        return inner(x) * 2

    @clew.flow
    def flow(x: int) -> tuple[int, int]:
        return inner(x), outer(x)

    assert flow.run(1).result == (2, 4)
    assert ran == [1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_was_computed_before_an_error_is_kept(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")

    @clew.step(reuse=True)
    def step(x: int) -> int:
        if x == 5 and "BROKEN" in os.environ:
            raise error
        return x

    @clew.flow
    def flow() -> list[int]:
        return step.map(range(8))

    with pytest.raises(error):
        flow.run()
    with SqliteStore(clew.open().path / "clew.db") as other:
        done = [use.decision for use in other.uses(other.runs()[0].id)]
    assert done[:5] == ["computed"] * 5
    monkeypatch.delenv("BROKEN")
    run = flow.run()
    assert run.result == list(range(8))
    assert len(run.computed) == 3
