"""Where steps run makes no difference to what they give."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import clew
from clew.errors import InvalidParameter, WorkerLost

ENGINES = ["inline", "threads", "processes"]


@clew.step
def square(x: int) -> np.ndarray:
    return np.arange(x) ** 2


@clew.step
def total(parts: list[np.ndarray]) -> float:
    return float(sum(part.sum() for part in parts))


@clew.step(seed=5)
def drawn(count: int) -> list[float]:
    first = np.random.random()
    time.sleep(0.005)
    return [first, *np.random.random(count).tolist()]


@clew.step
def halves(x: int) -> tuple[int, int]:
    clew.log_metric("halved", x)
    return x // 2, x - x // 2


@clew.flow
def work(n: int = 4) -> dict[str, object]:
    left, right = halves(n)
    return {
        "total": total(square.map(range(n))),
        "drawn": drawn.map([2, 3]),
        "left": left,
        "right": square(right),
    }


def in_own_store(engine: str, place: Path, monkeypatch, flow=work, **arguments: object):
    monkeypatch.setenv("CLEW_STORE", str(place / engine))
    return flow.start(arguments, engine=engine, workers=2)


def test_engines_agree_on_results_and_on_nodes(tmp_path: Path, monkeypatch) -> None:
    runs = [in_own_store(engine, tmp_path, monkeypatch) for engine in ENGINES]
    shown = [repr(run.result) for run in runs]
    nodes = [{use.label: use.node for use in run.uses} for run in runs]
    assert shown[0] == shown[1] == shown[2]
    assert nodes[0] == nodes[1] == nodes[2]
    assert [run.metrics for run in runs] == [{"halved": 4.0}] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_what_one_engine_computed_another_reuses(engine: str) -> None:
    work.start({}, engine="inline")
    run = work.start({}, engine=engine, workers=2)
    assert run.computed == ()
    assert run.metrics == {"halved": 4.0}


def test_threads_run_steps_at_the_same_time() -> None:
    barrier = threading.Barrier(2, timeout=20)

    @clew.step(reuse=False)
    def meet(x: int) -> int:
        barrier.wait()
        return x

    @clew.flow
    def flow() -> list[int]:
        return meet.map([1, 2])

    assert flow.start({}, engine="threads", workers=2).result == [1, 2]


def test_declared_resources_are_not_exceeded(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "clew.toml").write_text("[resources]\ngpu = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLEW_STORE")
    lock, present, most = threading.Lock(), [0], [0]

    @clew.step(reuse=False, resources={"gpu": 1})
    def train(x: int) -> int:
        with lock:
            present[0] += 1
            most[0] = max(most[0], present[0])
        time.sleep(0.01)
        with lock:
            present[0] -= 1
        return x

    @clew.flow
    def flow() -> list[int]:
        return train.map(range(4))

    assert flow.start({}, engine="threads", workers=4).result == [0, 1, 2, 3]
    assert most == [1]


def test_more_than_there_is_runs_alone(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "clew.toml").write_text("[resources]\ngpu = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLEW_STORE")
    greedy = clew.step(resources={"gpu": 8})(lambda x: x)

    @clew.flow
    def flow() -> list[int]:
        return greedy.map(range(3))

    assert flow.start({}, engine="threads", workers=2).result == [0, 1, 2]


@clew.step
def dies_once(path: str) -> str:
    mark = Path(path)
    if not mark.exists():
        mark.write_text("died")
        os._exit(9)
    return "survived"


@clew.step(reuse=False)
def dies() -> None:
    os._exit(9)


@clew.flow
def mortal(path: str) -> str:
    return dies_once(path)


@clew.flow
def doomed() -> None:
    dies()


def test_a_step_whose_worker_was_killed_is_sent_again(tmp_path: Path) -> None:
    run = mortal.start({"path": str(tmp_path / "mark")}, engine="processes", workers=1)
    assert run.result == "survived"


@pytest.mark.slow
def test_a_step_that_kills_every_worker_fails(tmp_path: Path) -> None:
    with pytest.raises(WorkerLost):
        doomed.start({}, engine="processes", workers=1)
    assert clew.open().run().status == "failed"


@clew.step
def fails(x: int) -> int:
    if x == 1:
        raise LookupError("one is not allowed")
    return x


@clew.flow
def failing() -> list[int]:
    return fails.map([0, 1, 2])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_users_exception_comes_through_with_its_traceback(engine: str) -> None:
    with pytest.raises(LookupError, match="one is not allowed") as caught:
        failing.start({}, engine=engine, workers=2)
    assert any("in step fails#2 of run" in note for note in caught.value.__notes__)
    run = clew.open().run()
    assert run.status == "failed"
    assert "one is not allowed" in (run.error or "")
    if engine != "processes":
        assert caught.traceback[-1].name == "fails"
    else:
        assert "fails" in "".join(map(str, [caught.value.__cause__]))


def await_file(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


@clew.step
def fails_beside(place: Path) -> int:
    await_file(place / "other began")
    (place / "about to fail").touch()
    raise ValueError("beside")


@clew.step(reuse=False)
def outlasts_a_failure(place: Path) -> int:
    (place / "other began").touch()
    await_file(place / "about to fail")
    time.sleep(1)
    return 1


@clew.flow
def failing_beside_another(place: Path = Path()) -> list[int]:
    return [outlasts_a_failure(place), fails_beside(place)]


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_a_failure_waits_for_what_runs_beside_it(engine: str, tmp_path: Path) -> None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            failing_beside_another.start({"place": tmp_path}, engine=engine, workers=2)
        except ValueError as error:
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert [str(error) for error in caught] == ["beside"]


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="engine") as caught:
        work.start({}, engine="cluster")
    assert "threads" in str(caught.value)
    assert clew.open().runs() == []


@clew.step
def local_factor(x: int) -> int:
    return x


def test_functions_made_on_the_spot_travel_to_processes() -> None:
    factor = 7

    @clew.step
    def times(x: int) -> int:
        return x * factor

    @clew.flow
    def flow() -> list[int]:
        return times.map([1, 2])

    assert flow.start({}, engine="processes", workers=1).result == [7, 14]
    assert flow.run().computed == ()


def test_results_that_cannot_be_stored_travel_by_value() -> None:
    @clew.step
    def build() -> object:
        return (x for x in [1, 2, 3])

    @clew.step
    def read(values: object) -> list[int]:
        return list(values)

    @clew.flow
    def flow() -> list[int]:
        return read(build())

    assert flow.start({}, engine="processes", workers=1).result == [1, 2, 3]
