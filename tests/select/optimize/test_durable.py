"""Studies with a name: they resume, and processes share them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clew
from clew.errors import CorruptValue, InvalidParameter, InvalidState
from clew.select import Optimization, choice, integer, optimize, real
from clew.select.trials.durable import TRIAL
from clew.steps import runtime

SPACE = {"x": real(-5, 5), "n": integer(1, 40)}
WORKER = """
import os, sys, time, json
from clew.select import integer, optimize, real

log, count, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])

def objective(trial):
    with open(os.environ["LOG_OF_TEST"] + ".begun", "a") as file:
        file.write(f"{trial.number}\\n")
    time.sleep(float(os.environ["PAUSE_OF_TEST"]))
    return (trial["x"] - 2) ** 2 + trial["n"]

def ended(study, trial):
    with open(os.environ["LOG_OF_TEST"], "a") as file:
        file.write(f"{trial.number} {os.getpid()}\\n")

os.environ["LOG_OF_TEST"], os.environ["PAUSE_OF_TEST"] = log, str(pause)
space = {"x": real(-5, 5), "n": integer(1, 40)}
study = optimize(objective, count, space=space, study="shared", seed=4, callbacks=[ended])
print(json.dumps([[t.number, dict(t.configuration), t.values] for t in study.trials]))
"""


def bowl(trial) -> float:
    return (trial["x"] - 2) ** 2 + trial["n"]


def shown(study) -> list:
    return [(t.number, t.configuration, t.values, t.budget, t.rung, t.state) for t in study.trials]


def kept() -> int:
    """Count the trials in the store."""
    asked = f"SELECT count(*) FROM nodes WHERE operation = '{TRIAL}'"
    return int(clew.open().sql(asked).rows[0][0])


def worker(log: Path, count: int, pause: float) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(log), str(count), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_study_resumes_and_no_trial_runs_again() -> None:
    calls: list[int] = []

    def noted(study, trial) -> None:
        calls.append(trial.number)

    whole = optimize(bowl, 30, space=SPACE, seed=1)
    first = optimize(bowl, 12, space=SPACE, seed=1, study="s")
    assert shown(first) == shown(whole)[:12]
    assert kept() == 12
    again = optimize(bowl, 30, space=SPACE, seed=1, study="s", callbacks=[noted])
    assert shown(again) == shown(whole)
    assert calls == list(range(30))  # callbacks hear of what was known, too
    seconds = [t.seconds for t in again.trials[:12]]
    assert seconds == [t.seconds for t in first.trials]


@settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    split=st.integers(0, 30),
    options=st.sampled_from(
        [
            {"sampler": "tpe"},
            {"sampler": "evolution", "lag": 4},
            {"scheduler": "asha", "budget": (1, 9)},
            {"scheduler": "bohb", "budget": (1, 9), "seed": 3},
        ]
    ),
    space=st.sampled_from([SPACE, {"n": integer(1, 6)}]),
)
def test_what_is_kept_gives_what_memory_gives(split, options, space) -> None:
    def objective(trial):
        trial.report(trial["n"], 1)
        trial.note("who", [trial.number, None, "x"])
        trial.constrain("c", trial["n"] - 5)
        return trial["n"] + trial.get("x", 0.0) ** 2 + 1 / trial.budget

    name = repr((split, sorted(options), sorted(space)))
    memory = optimize(objective, 30, space=space, **options)
    optimize(objective, split, space=space, study=name, **options)
    kept = optimize(objective, 30, space=space, study=name, **options)
    assert shown(kept) == shown(memory)
    for one, other in zip(kept.trials, memory.trials, strict=True):
        assert dict(one.reports) == dict(other.reports)
        assert dict(one.attributes) == dict(other.attributes) or one.copied_from is not None
        assert dict(one.constraints) == dict(other.constraints)
        assert one.copied_from == other.copied_from


def test_objectives_that_name_their_domains_resume() -> None:
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b", None])
        x = trial.suggest_float("x", 0.1, 10, log=True)
        return x if kind == "a" else x + trial.suggest_int("n", 1, 5)

    whole = optimize(objective, 25)
    optimize(objective, 10, study="free")
    assert shown(optimize(objective, 25, study="free")) == shown(whole)


@pytest.mark.parametrize(
    "change",
    [
        {"objective": lambda trial: bowl(trial) + 1},
        {"space": {**SPACE, "n": integer(1, 41)}},
        {"seed": 2},
        {"direction": "maximize"},
        {"sampler": "random"},
        {"enqueue": [{"x": 0.0, "n": 3}]},
        {"study": "t"},
    ],
)
def test_what_decides_a_study_makes_another_one(change) -> None:
    given = {"objective": bowl, "space": SPACE, "seed": 1, "study": "s"}

    def count(of) -> int:
        optimize(n_trials=8, **of)
        return kept()

    assert count(given) == 8
    assert count(given) == 8
    assert count({**given, **change}) == 16


def test_a_global_that_the_objective_reads_decides_too() -> None:
    scope: dict = {"shift": 1.0}
    exec("def objective(trial):\n    return trial['x'] + shift", scope)
    one = optimize(scope["objective"], 5, space=SPACE, study="g")
    scope["shift"] = 2.0
    other = optimize(scope["objective"], 5, space=SPACE, study="g")
    assert other.trials[0].value == one.trials[0].value + 1


def test_two_processes_share_one_study(tmp_path) -> None:
    log = tmp_path / "log"
    both = [worker(log, 60, 0.01), worker(log, 60, 0.01)]
    results = [json.loads(process.communicate(timeout=120)[0]) for process in both]
    assert results[0] == results[1]
    alone = optimize(bowl, 60, space=SPACE, seed=4)
    assert [[n, c, list(v)] for n, c, v, *_ in shown(alone)] == results[0]
    begun = Counter(lines(Path(f"{log}.begun")))
    assert max(begun.values()) == 1
    assert len(begun) == len({json.dumps(c) for _, c, _ in results[0]})


@pytest.mark.slow
@pytest.mark.parametrize("after", [5, 17, 31])
def test_a_killed_process_loses_only_what_it_was_at(tmp_path, after) -> None:
    log = tmp_path / "log"
    one, other = worker(log, 60, 0.02), worker(log, 60, 0.02)
    while len(lines(log)) < 2 * after:
        assert one.poll() is None
        time.sleep(0.005)
    os.kill(one.pid, signal.SIGKILL)
    known = {line.split()[0] for line in lines(log)}
    begun = Counter(lines(Path(f"{log}.begun")))
    one.communicate()
    rest = json.loads(other.communicate(timeout=120)[0])
    assert [number for number, *_ in rest] == list(range(60))
    after_all = Counter(lines(Path(f"{log}.begun")))
    repeated = {number for number, times in after_all.items() if times > 1}
    assert len(repeated) <= 1
    assert not repeated & known
    assert begun.total() <= after_all.total()


def test_damaged_and_collected_trials_are_evaluated_again() -> None:
    first = optimize(bowl, 10, space=SPACE, study="s")
    place = runtime.current()
    nodes = place.store.history(TRIAL, 20)
    assert len(nodes) == 10
    lost = {node.output("result") for node in nodes[:4]}

    class Damaged:
        def get(self, id):
            if id in lost:
                lost.discard(id)
                raise CorruptValue("damaged")
            return place.vault.get(id)

        prepare = staticmethod(place.vault.prepare)

    with runtime.using(replace(place, vault=Damaged())):
        again = optimize(bowl, 10, space=SPACE, study="s")
    assert not lost
    assert shown(again) == shown(first)
    assert shown(optimize(bowl, 10, space=SPACE, study="s")) == shown(first)


def test_what_cannot_be_kept_is_refused_with_a_hint() -> None:
    with open(os.devnull) as handle, pytest.raises(InvalidParameter, match="no content id"):
        optimize(lambda t: 1.0, 2, space={"o": choice(handle, 1)}, study="s")
    with open(os.devnull) as handle, pytest.raises(InvalidParameter, match="no content id"):
        optimize(lambda t: handle.fileno(), 2, space=SPACE, study="s")
    with open(os.devnull) as handle, pytest.raises(InvalidParameter, match="cannot be stored"):
        optimize(lambda t: t.note("file", (x for x in ())) or 1.0, 2, space=SPACE, study="s")


def test_processes_that_enqueue_different_things_later_are_told() -> None:
    one, other = Optimization(SPACE, study="s"), Optimization(SPACE, study="s")
    one.run(bowl, 2)
    other.run(bowl, 2)
    one.enqueue({"x": 1.0, "n": 1})
    one.run(bowl, 3)
    other.enqueue({"x": 2.0, "n": 2})
    with pytest.raises(InvalidState, match="planned otherwise"):
        other.run(bowl, 4)


def test_ask_and_tell_resume() -> None:
    def asked(count: int) -> Optimization:
        study = Optimization(SPACE, study="a", lag=1)
        while len(study.trials) < count:
            trial = study.ask()
            study.tell(trial, bowl(trial))
        return study

    asked(5)
    assert shown(asked(9)) == shown(optimize(bowl, 9, space=SPACE, lag=1))
