"""Claims by advisory locks: over threads, processes and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.errors import StoreError
from clew.lineage.ports import Claims
from clew.testing.claims import ClaimsSuite, claim_id

pytestmark = pytest.mark.slow

HOLDER = """
import sys, time
from clew.adapters.claims.postgres import PostgresClaims
from clew.testing.claims import claim_id

with PostgresClaims(sys.argv[1]).hold(claim_id("a"), wait=False) as free:
    print(free, flush=True)
    time.sleep(float(sys.argv[2]))
"""

COUNTER = """
import sys
from pathlib import Path
from clew.adapters.claims.postgres import PostgresClaims
from clew.testing.claims import claim_id

claims, count = PostgresClaims(sys.argv[1]), Path(sys.argv[2])
for _ in range(50):
    with claims.hold(claim_id("a")):
        count.write_text(str(int(count.read_text()) + 1))
"""


@pytest.fixture
def claims(database: str) -> Iterator[Claims]:
    from clew.adapters.claims.postgres import PostgresClaims

    made = PostgresClaims(database)
    yield made
    made.close()


class TestPostgresClaims(ClaimsSuite):
    pass


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True
    )


def ask_elsewhere(database: str) -> str:
    return start(HOLDER, database, "0").communicate()[0].strip()


def test_a_killed_holder_frees_its_claim(claims: Claims, database: str) -> None:
    holder = start(HOLDER, database, "600")
    assert holder.stdout is not None and holder.stdout.readline() == "True\n"
    with claims.hold(claim_id("a"), wait=False) as free:
        assert not free
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with claims.hold(claim_id("a")):  # The server notices the closed connection, soon.
        assert ask_elsewhere(database) == "False"
    assert ask_elsewhere(database) == "True"


def test_schemas_of_one_database_are_apart(claims: Claims, database: str) -> None:
    with claims.hold(claim_id("a")):
        assert ask_elsewhere(f"{database}x") == "True"


def test_processes_take_turns(database: str, tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")
    workers = [start(COUNTER, database, str(count)) for _ in range(3)]
    for worker in workers:
        worker.communicate()
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert count.read_text() == "150"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_hold_its_parents_claim(claims: Claims, database: str) -> None:
    with claims.hold(claim_id("a")):
        pid = os.fork()
        if pid == 0:
            with claims.hold(claim_id("a"), wait=False) as free:
                os._exit(1 if free else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert ask_elsewhere(database) == "False"


def test_a_server_that_is_not_there_is_an_error() -> None:
    from clew.adapters.claims.postgres import PostgresClaims

    lost = PostgresClaims("postgresql://clew@127.0.0.1:1/nowhere")
    with pytest.raises(StoreError, match="cannot be reached"), lost.hold(claim_id("a")):
        pass
