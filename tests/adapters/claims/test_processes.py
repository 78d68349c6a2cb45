"""Claims between processes: one at a time, and free when the holder dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from clew.adapters.claims import FileClaims
from clew.errors import StoreError
from clew.testing.claims import claim_id

HOLDER = """
import sys, time
from clew.adapters.claims import FileClaims
from clew.testing.claims import claim_id

with FileClaims(sys.argv[1]).hold(claim_id("a")) as free:
    print(free, flush=True)
    time.sleep(float(sys.argv[2]))
"""

COUNTER = """
import sys
from pathlib import Path
from clew.adapters.claims import FileClaims
from clew.testing.claims import claim_id

claims, count = FileClaims(sys.argv[1]), Path(sys.argv[2])
for _ in range(50):
    with claims.hold(claim_id("a")):
        count.write_text(str(int(count.read_text()) + 1))
"""


def start_holder(path: Path, seconds: float) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "True\n"
    return holder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claims.lock"


def test_another_process_waits_and_is_told(path: Path) -> None:
    holder = start_holder(path, 0.3)
    claims = FileClaims(path)
    with claims.hold(claim_id("a"), wait=False) as free:
        assert not free
    with claims.hold(claim_id("b"), wait=False) as free:
        assert free
    with claims.hold(claim_id("a")) as free:
        assert not free
    with claims.hold(claim_id("a")) as free:
        assert free
    holder.communicate(timeout=30)
    assert holder.returncode == 0


def test_a_killed_holder_frees_its_claim(path: Path) -> None:
    holder = start_holder(path, 600)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with FileClaims(path).hold(claim_id("a"), wait=False) as free:
        assert free


def test_processes_take_turns(path: Path, tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")
    command = [sys.executable, "-c", COUNTER, str(path), str(count)]
    workers = [subprocess.Popen(command) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert count.read_text() == "150"


def test_two_objects_on_one_file_are_one(path: Path) -> None:
    """Closing or dropping one must not free what the other holds."""
    outer = FileClaims(path)
    with outer.hold(claim_id("a")):
        inner = FileClaims(path.parent / "." / path.name)
        with inner.hold(claim_id("a"), wait=False) as free:
            assert not free
        with inner.hold(claim_id("b")):
            pass
        del inner
        assert ask_elsewhere(path) == "False"
    assert ask_elsewhere(path) == "True"


def ask_elsewhere(path: Path) -> str:
    script = HOLDER.replace('claim_id("a"))', 'claim_id("a"), wait=False)')
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), "0"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_hold_its_parents_claim(path: Path) -> None:
    claims = FileClaims(path)
    with claims.hold(claim_id("a")):
        pid = os.fork()
        if pid == 0:
            with claims.hold(claim_id("a"), wait=False) as free:
                os._exit(1 if free else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert ask_elsewhere(path) == "False"


def test_ctrl_c_ends_the_waiting(path: Path) -> None:
    holder = start_holder(path, 600)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), FileClaims(path).hold(claim_id("a")):
        pass
    assert time.monotonic() - started < 60
    holder.kill()
    holder.communicate()
    with FileClaims(path).hold(claim_id("a"), wait=False) as free:
        assert free


def test_a_lock_file_that_was_replaced_is_opened_again(path: Path) -> None:
    claims = FileClaims(path)
    with claims.hold(claim_id("a")):
        pass
    path.unlink()
    with claims.hold(claim_id("a")):
        assert ask_elsewhere(path) == "False"


def test_a_lock_file_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="lock file"):
        FileClaims(tmp_path / "file" / "claims.lock")
