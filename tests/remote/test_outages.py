"""Servers and clients that die: what was acknowledged is there, and the rest is computed again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.adapters.blobs.remote import RemoteBlobs
from clew.adapters.claims import FileClaims, LeasedClaims
from clew.adapters.stores.remote import Channel, Connection, RemoteStore
from clew.app.leases import ClientLeases
from clew.app.served import Served
from clew.errors import InvalidParameter, StoreError
from clew.testing.claims import claim_id
from clew.testing.records import make_node

FLOW = """
    import os, pathlib, time
    import clew

    # The user's word covers the log, which is not part of the result.
    @clew.step(reuse=True)
    def one(n: int) -> int:
        with open(os.environ["CALLS"], "a") as calls:
            calls.write(f"{n}\\n")
        time.sleep(float(os.environ.get("SLEEP", "0.05")))
        return n

    @clew.flow
    def many(count: int = 20):
        return [one(n) for n in range(count)]
"""


class Process:
    """A server in a process of its own, at a port that stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "clew", "--store", str(self.folder), "server"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.address = re.search(r"http://\S+", line)[0]  # type: ignore[index]
        self.port = int(self.address.rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path / "server")
    yield made
    made.kill()


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "flow.py"
    path.write_text(textwrap.dedent(FLOW))
    return path


def start(flow: Path, server: Process, **more: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "CLEW_STORE": server.address,
        "CALLS": str(flow.with_name("calls")),
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "clew", "run", f"{flow}:many"],
        env=environment,
        cwd=flow.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def calls(flow: Path) -> list[str]:
    path = flow.with_name("calls")
    return path.read_text().split() if path.exists() else []


def wait_for(flow: Path, count: int) -> None:
    while len(calls(flow)) < count:
        time.sleep(0.01)


def test_two_clients_compute_each_step_once(server: Process, flow: Path) -> None:
    both = [start(flow, server) for _ in range(2)]
    told = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert sorted(calls(flow), key=int) == [str(n) for n in range(20)]


def test_a_flow_goes_on_after_its_server_was_gone(server: Process, flow: Path) -> None:
    running = start(flow, server)
    wait_for(flow, 8)
    server.kill()
    _, said = running.communicate()
    assert running.returncode == 1
    assert "does not answer" in said
    assert "it goes on from there" in said
    assert "Traceback" not in said
    done = calls(flow)
    server.start()
    again = start(flow, server)
    _, said = again.communicate()
    assert again.returncode == 0, said
    # The last one or two had not been acknowledged.
    assert len(calls(flow)) - len(done) <= 20 - len(done) + 2


def test_a_server_that_restarts_is_waited_for(server: Process, flow: Path) -> None:
    running = start(flow, server)
    wait_for(flow, 5)
    server.kill()
    server.start()
    _, said = running.communicate()
    assert running.returncode == 0, said
    assert len(calls(flow)) == 20


def test_a_client_that_dies_frees_its_placeholder(tmp_path: Path) -> None:
    claims = FileClaims(tmp_path / "claims")
    leases = ClientLeases(claims, lease_s=0.2)
    id = claim_id("x")
    assert leases.take(id, "dead")
    assert leases.take(id, "dead")  # The same question again: its answer was lost.
    assert not leases.take(id, "alive")
    with claims.hold(id, wait=False) as free:
        assert not free
    assert leases.renew(["dead"]) == ()
    with claims.hold(id):  # Nobody asks the server, and it ends all the same.
        pass
    assert leases.renew(["dead"]) == ("dead",)
    assert leases.take(id, "alive")
    leases.release(["alive", "unknown"])
    with claims.hold(id, wait=False) as free:
        assert free


def test_a_lease_is_renewed_while_it_is_held(served: Served, channel: Channel) -> None:
    served.exchange.leases.lease_s = 0.3
    blobs = RemoteBlobs(channel)
    blobs._about = blobs.about.__class__((), True, "", 0.3)
    claims = LeasedClaims(channel, blobs)
    with claims.hold(claim_id("x")) as free:
        assert free
        time.sleep(1)
        with claims.hold(claim_id("x"), wait=False) as other:
            assert not other
        # The server forgot it all: it is taken again.
        served.exchange.leases.release(list(claims._held))
        time.sleep(0.5)
        with claims.hold(claim_id("x"), wait=False) as other:
            assert not other


@pytest.mark.slow
def test_a_killed_client_holds_nobody_up(server: Process, flow: Path) -> None:
    first = start(flow, server, SLEEP="60")
    wait_for(flow, 1)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    second = start(flow, server)
    _, said = second.communicate()
    assert second.returncode == 0, said
    assert len(calls(flow)) == 21


def test_what_waits_is_sent_when_the_server_is_back(served: Served, listening) -> None:
    channel = Channel(Connection(listening.address, patience_s=0))
    store = RemoteStore(channel)
    address, channel.connection._port = channel.connection._port, 1
    channel.connection.close()
    node = make_node("m:step", ["a"], ["b"])
    store.record([node])
    with pytest.raises(StoreError, match="does not answer"):
        store.node(node.id)
    channel.connection._port = address
    assert store.node(node.id) == node


def test_one_refused_message_stops_no_other(served: Served, listening) -> None:
    from dataclasses import replace

    store = RemoteStore(Channel(Connection(listening.address)))
    good, bad = make_node("m:good", ["a"], ["b"]), make_node("m:bad", ["a"], ["b"])
    store.record([replace(bad, id=good.id)])
    store.record([good])
    with pytest.raises(InvalidParameter):
        store.runs()
    assert store.node(good.id) == good


def test_another_programs_server_is_told_apart(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://\S+:\d+", process.stdout.readline())[0]  # type: ignore[index]
        try:
            with pytest.raises(StoreError, match="no clew server"):
                Channel(Connection(address)).ask("steps.about", {})
        finally:
            process.kill()
