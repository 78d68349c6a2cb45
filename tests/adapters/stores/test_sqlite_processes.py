"""Many processes, forks and kills: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clew.adapters.stores.sql import SqliteStore
from clew.errors import StoreError
from clew.lineage.records import Reason, Run, Use
from clew.testing.records import make_node, stored_value

FORKS = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
"""Later Pythons warn of a fork beside threads: that it works is what is tested here."""

WRITER = """
import sys
from clew.adapters.stores.sql import SqliteStore
from clew.lineage.records import Reason, Run, Use
from clew.testing.records import make_node, stored_value

store = SqliteStore(sys.argv[1])
first, count, run = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
store.start(Run(run, "m:flow", "running", 1))
for n in range(first, first + count):
    node = make_node("m:f", [str(n)], [f"r{n}"])
    use = Use(n, f"f[{n}]", node.id, "computed", Reason("first-run", ""))
    store.record([node], [stored_value(f"r{n}")], run=run, uses=[use])
    print(n, flush=True)
"""


def start_writer(path: Path, first: int, count: int, run: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first), str(count), run],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_add_the_same_nodes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"  # made by whoever comes first
    writers = [start_writer(path, 0, 40, f"01RUN{n}") for n in range(4)]
    for writer in writers:
        assert writer.communicate(timeout=60)[0].split() == [str(n) for n in range(40)]
        assert writer.returncode == 0
    with SqliteStore(path) as store:
        assert len(store.history("m:f", 1000)) == 40
        assert store.damage() == store.dangling() == ()
        assert [len(store.uses(f"01RUN{n}")) for n in range(4)] == [40] * 4


def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    writers = [start_writer(path, 10_000 * n, 10_000, f"01RUN{n}") for n in range(2)]
    acknowledged: list[int] = []
    for writer in writers:
        assert writer.stdout is not None
        acknowledged += [int(writer.stdout.readline()) for _ in range(60)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.communicate()[0].split("\n") if line]
    with SqliteStore(path) as store:
        assert store.damage() == store.dangling() == ()
        used = {use.seq for n in range(2) for use in store.uses(f"01RUN{n}")}
        assert set(acknowledged) <= used
        for n in acknowledged:
            node = make_node("m:f", [str(n)], [f"r{n}"])
            assert store.node(node.id) == node
            assert stored_value(f"r{n}").id in store.describe([stored_value(f"r{n}").id])


@FORKS
def test_a_forked_child_uses_the_store(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "clew.db")
    mine, childs = make_node("m:f", ["mine"]), make_node("m:f", ["child"])
    store.add([mine], [])
    pid = os.fork()
    if pid == 0:
        ok = store.node(mine.id) == mine
        store.add([childs], [])
        store.close()
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    store.add([make_node("m:f", ["after"])], [])
    assert len(store.history("m:f", 10)) == 3
    assert store.damage() == ()
    store.close()


@FORKS
def test_a_fork_while_another_thread_writes_does_not_hang(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "clew.db")
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store._database.writing():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(30)
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        leave.set()  # in the child only: there is no such thread here
        try:
            SqliteStore(store.path, lock_timeout_s=0.2).add([make_node("m:f")], [])
        except StoreError:
            os._exit(0)  # the parent holds the lock, and the child says so
        os._exit(1)
    status = os.waitpid(pid, 0)[1]
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    store.close()


def test_a_rolled_back_name_is_not_remembered(tmp_path: Path) -> None:
    """The number of a word that was rolled back is given to another word."""
    store = SqliteStore(tmp_path / "clew.db")
    with pytest.raises(AttributeError):
        store.add([make_node("m:broken", ["a"]), None], [])  # type: ignore[list-item]
    other, same = make_node("m:other", ["a"]), make_node("m:broken", ["b"])
    store.add([other], [])
    store.add([same], [])
    assert store.node(other.id) == other
    assert store.node(same.id) == same
    store.close()


def test_the_global_generator_is_left_alone(tmp_path: Path) -> None:
    state = random.getstate()
    test_waiting_for_a_writer_ends_with_an_explanation(tmp_path)
    assert random.getstate() == state


def test_waiting_for_a_writer_ends_with_an_explanation(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "clew.db", lock_timeout_s=0.05)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.add([make_node("m:f")], [])
    other.execute("ROLLBACK")
    other.close()
    store.add([make_node("m:f")], [])
    store.close()


def test_readers_do_not_wait_for_writers(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "clew.db") as store:
        node = make_node("m:f")
        store.add([node], [])
        with store._database.writing():
            assert store.node(node.id) == node


def test_many_threads_read_and_write(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "clew.db") as store:
        store.start(Run("01RUN", "m:flow", "running", 1))
        failures: list[BaseException] = []

        def work(thread: int) -> None:
            try:
                for n in range(30):
                    node = make_node(f"m:f{thread}", [str(n)], [f"{thread}-{n}"])
                    use = Use(n, f"{thread}[{n}]", node.id, "computed", Reason("first-run", ""))
                    store.record([node], [], run="01RUN", uses=[use])
                    assert store.variants([node.call]) == {node.call: (node,)}
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(store.uses("01RUN")) == 240


def test_power_loss_durability_waits_for_the_disk(tmp_path: Path) -> None:
    for durability, level in (("process", 1), ("power-loss", 2)):
        with (
            SqliteStore(tmp_path / durability, durability=durability) as store,  # type: ignore
            store._database.writing() as connection,
        ):
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
