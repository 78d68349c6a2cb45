"""A run that failed, was interrupted or took too long goes on from where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import clew
from clew.errors import ClewError, StepTimeout
from clew.steps import checkpoint


def test_a_failed_flow_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    switch = tmp_path / "broken.txt"
    switch.touch()

    @clew.step
    def load(x: int) -> int:
        return x

    @clew.step
    def fit(x: int, switch: Path) -> int:
        if switch.exists():
            raise ValueError("cannot fit")
        return x + 1

    @clew.flow
    def flow() -> int:
        return fit(load(1), switch)

    with pytest.raises(ValueError, match="cannot fit"):
        flow()
    failed = clew.open().run()
    uses = {use.label: use.decision for use in clew.open().uses(failed.id)}
    assert (failed.status, uses) == ("failed", {"load": "computed", "fit": "failed"})
    switch.unlink()
    run = flow.run()
    assert (run.result, run.computed) == (2, ("fit",))


def test_a_message_that_is_no_text_of_a_database_is_kept() -> None:
    @clew.step
    def fit() -> int:
        raise ValueError("no\0text")

    @clew.flow
    def flow() -> int:
        return fit()

    with pytest.raises(ValueError, match="no\0text"):
        flow()
    failed = clew.open().run()
    assert failed.error == "ValueError: no\\0text"
    (use,) = clew.open().uses(failed.id)
    assert "\0" not in use.reason.text


def test_steps_that_do_not_depend_on_the_failed_one_are_kept() -> None:
    good = clew.step(lambda x: x)

    @clew.step
    def bad(x: int) -> int:
        raise ValueError("bad")

    @clew.flow
    def flow() -> object:
        return [*good.map(range(3)), bad(1)]

    with pytest.raises(ValueError, match="bad"):
        flow()
    assert good(2) == 2
    assert good.last.decision == "reused"


SCRIPT = """
import sys, time
from pathlib import Path
import clew

@clew.step
def quick(x: int) -> int:
    return x * 10

@clew.step(depends_on=["the switch"])
def slow(x: int, folder: str) -> int:
    mark = Path(folder)
    if not (mark / "fast").exists():
        (mark / "begun").touch()
        time.sleep(60)
    return x + 1

@clew.flow
def flow(folder: str) -> int:
    return slow(quick(2), folder)
"""


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "clew", "run", "work.py:flow", f"folder={folder}"]


@pytest.mark.parametrize("engine", ["inline", "processes"])
def test_ctrl_c_leaves_a_run_that_can_go_on(tmp_path: Path, engine: str, monkeypatch) -> None:
    monkeypatch.setenv("CLEW_ENGINE", engine)
    (tmp_path / "work.py").write_text(SCRIPT)
    place = tmp_path / "place"
    place.mkdir()
    run = subprocess.Popen(
        command(place), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for _ in range(6000):
        if (place / "begun").exists() or run.poll() is not None:
            break
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "run the same command to go on" in said
    record = clew.open().run()
    assert record.status == "interrupted"
    assert [use.label for use in clew.open().uses(record.id)] == ["quick"]
    (place / "fast").touch()
    done = subprocess.run(command(place), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "21" in done.stdout
    decisions = {use.label: use.decision for use in clew.open().uses()}
    assert decisions["slow"] == "computed"
    assert decisions["quick"] != "computed"


def test_a_run_whose_process_was_killed_is_called_lost(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SCRIPT)
    place = tmp_path / "place"
    place.mkdir()
    run = subprocess.Popen(command(place), cwd=tmp_path, stdout=subprocess.DEVNULL)
    for _ in range(6000):
        if (place / "begun").exists() or run.poll() is not None:
            break
        time.sleep(0.01)
    assert clew.open().run().status == "running"
    run.kill()
    run.wait(timeout=60)
    assert [problem.kind for problem in clew.open().fsck(repair=True).problems] == ["lost-run"]
    assert clew.open().run().status == "lost"


def test_a_step_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    counted = tmp_path / "counted.txt"

    @clew.step(reuse=True)
    def count(n: int) -> int:
        saved = checkpoint()
        done = saved.load(0)
        while done < n:
            with open(counted, "a") as log:
                log.write(f"{done} ")
            done += 1
            saved.save(done)
            if done == 3 and counted.read_text().count(" ") == 3:
                raise KeyboardInterrupt
        return done

    with pytest.raises(KeyboardInterrupt):
        count(5)
    assert count(5) == 5
    assert counted.read_text() == "0 1 2 3 4 "
    assert list((Path(clew.open().path) / "checkpoints").iterdir()) == []


def test_checkpoints_of_other_inputs_are_other_checkpoints() -> None:
    @clew.step
    def remember(x: int) -> object:
        saved = checkpoint()
        found = saved.load()
        saved.save(x)
        if found is None:
            raise LookupError
        return found

    for x in (1, 2):
        with pytest.raises(LookupError):
            remember(x)
    assert (remember(1), remember(2)) == (1, 2)


def test_a_checkpoint_needs_a_step() -> None:
    with pytest.raises(ClewError, match="checkpoint"):
        checkpoint()


def spin(seconds: float, *, catching: bool = False) -> int:
    until = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < until:
        try:
            turns += 1
            time.sleep(0.001)
        except Exception:
            if not catching:
                raise
    return turns


@pytest.mark.parametrize("catching", [False, True])
@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_step_that_takes_too_long_is_stopped(where: str, catching: bool) -> None:
    step = clew.step(timeout_s=0.05)(lambda: spin(30, catching=catching))
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            step()
        except BaseException as error:
            errors.append(error)

    if where == "main":
        attempt()
    else:
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    (error,) = errors
    assert isinstance(error, StepTimeout)
    assert isinstance(error, TimeoutError)
    assert "0.05 s" in str(error)


def test_a_time_limit_is_gone_when_the_step_is() -> None:
    step = clew.step(timeout_s=0.05)(lambda: 1)

    @clew.flow
    def flow() -> int:
        return step()

    before_s, _ = signal.getitimer(signal.ITIMER_REAL)  # the test runner may have set one
    assert step() == 1
    assert flow.start({}, engine="threads", workers=2).result == 1
    time.sleep(0.1)
    after_s, interval_s = signal.getitimer(signal.ITIMER_REAL)
    assert interval_s == 0
    assert (after_s > 1) == (before_s > 1)
    assert not 0 < after_s <= 1


def test_an_inner_limit_leaves_the_outer_one_in_force() -> None:
    inner = clew.step(timeout_s=20)(lambda: 1)

    @clew.step(timeout_s=0.05)
    def outer() -> int:
        return inner() + spin(30)

    with pytest.raises(StepTimeout, match="outer"):
        outer()


def test_each_try_has_the_whole_time(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    @clew.step(timeout_s=0.3, retry=1)
    def second_time(mark: str) -> int:
        if not os.path.exists(mark):
            Path(mark).touch()
            spin(30)
        return 7

    assert second_time(str(mark)) == 7
