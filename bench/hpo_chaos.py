"""Two processes on one study, one killed in the middle of a trial, again and again."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.figure import Figure
from bench.place import fresh_store

_WORKER = """
import sys, time
from clew.select import optimize, real

def objective(trial):
    time.sleep(0.02)
    return (trial["x"] - 2) ** 2

def ended(study, trial):
    with open(sys.argv[1], "a") as file:
        file.write(f"{trial.number} {trial.values[0]!r}\\n")

study = optimize(
    objective, int(sys.argv[2]), space={"x": real(-5, 5)}, study="shared", seed=4,
    sampler="random", callbacks=[ended],
)
print(len(study.trials))
"""


def lost(quick: bool) -> Figure:
    """Trials lost, or with two results, of a study of two processes, one killed now and then.

    A process writes down what it has been told of: its own trials and the other's. A trial that
    a killed process was at is taken over; a finished one has one node in the store.
    """
    trials, kills = (40, 2) if quick else (200, 8)
    from clew.select import optimize, real

    with fresh_store(), tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"log{i}" for i in range(kills + 1)]
        steady = _start(logs[0], trials)
        for log in logs[1:]:
            other = _start(log, trials)
            _wait_for(log)
            other.kill()
            other.wait()
        done = steady.wait() == 0
        nodes = Counter(_numbers())
        whole = optimize(_never, trials, space={"x": real(-5, 5)}, seed=4, sampler="random")
        right = {t.number: (t.configuration["x"] - 2) ** 2 for t in whole.trials}
        told = {}
        for log in logs:
            for line in log.read_text().splitlines() if log.exists() else ():
                number, _, value = line.partition(" ")
                told[int(number)] = float(value)
    missing = sum(number not in nodes for number in {*told, *range(trials)})
    twice = sum(count - 1 for count in nodes.values())
    agrees = done and all(abs(told[n] - right[n]) < 1e-12 for n in told)
    return Figure(
        "hpo.chaos_lost", missing + twice, "count", len(nodes), kills, "kills of a process", agrees
    )


FIGURES = {"hpo.chaos_lost": lost}


def _never(trial: object) -> float:
    return 0.0


def _start(log: Path, trials: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(log), str(trials)], stdout=subprocess.DEVNULL
    )


def _wait_for(log: Path) -> None:
    """Wait until a process has been told of a trial, and a moment more."""
    until = time.monotonic() + 60
    while not log.exists() and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(0.05)


def _numbers() -> list[int]:
    """Return the numbers of the trials that the store has, one for each node."""
    import clew
    from clew.select.trials.durable import TRIAL

    store = clew.open().runtime
    found = []
    for node in store.store.history(TRIAL, 100_000):
        result = node.output("result")
        assert result is not None
        found.append(int(store.vault.get(result)["number"]))
    return found
