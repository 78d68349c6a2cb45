"""The same step in several processes and threads at once: computed once, waited for by the rest."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import clew

STEP = """
import sys, time
from pathlib import Path
import clew

@clew.step(reuse=True)
def slow(x: int, folder: str) -> int:
    with open(Path(folder) / "executions", "a") as log:
        log.write("x")
    time.sleep(0.3)
    return x * 2

@clew.flow
def flow(x: int, folder: str) -> int:
    return slow(x, folder)

def main(how: str, folder: str) -> None:
    clew.open()
    Path(folder, sys.argv[3]).touch()
    while not Path(folder, "go").exists():
        time.sleep(0.002)
    print(slow(4, folder) if how == "step" else flow.start({"x": 4, "folder": folder}).result)

main(*sys.argv[1:3])
"""


@pytest.mark.parametrize("how", ["step", "flow"])
def test_processes_that_ask_at_once_share_one_execution(tmp_path: Path, how: str) -> None:
    (tmp_path / "asker.py").write_text(STEP)
    command = [sys.executable, "asker.py", how, str(tmp_path)]
    askers = [
        subprocess.Popen([*command, name], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for name in ("a", "b", "c")
    ]
    while not all((tmp_path / name).exists() for name in ("a", "b", "c")):
        assert all(asker.poll() is None for asker in askers)
    (tmp_path / "go").touch()
    assert [asker.communicate(timeout=60)[0].strip() for asker in askers] == ["8"] * 3
    assert (tmp_path / "executions").read_text() == "x"
    decisions = [use.decision for run in clew.open().runs() for use in clew.open().uses(run.id)]
    if how == "flow":
        assert sorted(decisions) == ["computed", "reused", "reused"]


def test_threads_that_ask_at_once_share_one_execution(tmp_path: Path) -> None:
    log = tmp_path / "log"

    @clew.step(reuse=True)
    def slow(x: int, log: str) -> int:
        import time

        with open(log, "a") as file:
            file.write("x")
        time.sleep(0.1)
        return x

    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(slow(1, str(log)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1] * 4
    assert log.read_text() == "x"


def test_who_waits_for_a_process_that_dies_computes(tmp_path: Path) -> None:
    (tmp_path / "asker.py").write_text(STEP.replace("0.3", "60 if sys.argv[3] == 'first' else 0"))
    command = [sys.executable, "asker.py", "step", str(tmp_path)]
    (tmp_path / "go").touch()
    first = subprocess.Popen([*command, "first"], cwd=tmp_path)
    while not (tmp_path / "executions").exists():
        assert first.poll() is None
    second = subprocess.Popen([*command, "second"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "second").exists():
        assert second.poll() is None
    first.kill()
    first.wait()
    assert second.communicate(timeout=60)[0].strip() == "8"
    assert (tmp_path / "executions").read_text() == "xx"
