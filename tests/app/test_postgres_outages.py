"""A database that dies under flows and servers: nothing acknowledged is lost, and they go on."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from clew.app.settings import load
from clew.app.tracking import open_tracking
from tests.remote.test_outages import Process, calls, start, wait_for
from tests.remote.test_outages import flow as flow
from tests.services import postgres

pytestmark = pytest.mark.slow


@pytest.fixture
def own() -> Iterator[postgres.Server]:
    """Run a server of PostgreSQL that the test may end."""
    pytest.importorskip("psycopg", reason="needs the extra `postgres`")
    try:
        with postgres.server() as server:
            yield server
    except postgres.CannotRun as error:
        pytest.skip(f"needs PostgreSQL's server: {error}")


class Client(threading.Thread):
    """Logs one point after the other to a server, and knows which were acknowledged."""

    def __init__(self, server: Process, run: str, key: str) -> None:
        super().__init__(daemon=True)
        self._server, self._id, self.key = server, run, key
        self.stopping = threading.Event()
        self.acknowledged: list[int] = []
        self.refused: list[tuple[int, str]] = []

    def run(self) -> None:
        step = 0
        while not self.stopping.is_set():
            step += 1
            body = {"run_id": self._id, "key": self.key, "value": step, "step": step}
            try:
                status, told = post(
                    self._server, "runs/log-metric", {**body, "timestamp": 1000 + step}
                )
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)  # The server is being started again.
                continue
            if status == 200:
                self.acknowledged.append(step)
            else:
                self.refused.append((status, told))
                time.sleep(0.01)


def post(server: Process, path: str, body: dict[str, object]) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        sent = json.dumps(body)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"/api/2.0/mlflow/{path}", sent, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def wait_for_more(clients: list[Client]) -> None:
    """Wait until every client was acknowledged ten times more."""
    before = [len(client.acknowledged) for client in clients]
    while any(len(c.acknowledged) < n + 10 for c, n in zip(clients, before, strict=True)):
        assert not any(c.refused and c.refused[-1][0] != 503 for c in clients), [
            c.refused[-1:] for c in clients
        ]
        assert all(client.is_alive() for client in clients)
        time.sleep(0.01)


def test_what_was_acknowledged_outlives_database_and_server(own: postgres.Server) -> None:
    run = open_tracking(load(store=own.address)).runs.create("0").id
    server = Process(own.address)  # type: ignore[arg-type]
    clients = [Client(server, run, f"k{number}") for number in range(4)]
    try:
        for client in clients:
            client.start()
        for _ in range(3):
            wait_for_more(clients)
            refused = len(clients[0].refused)
            own.stop()
            while len(clients[0].refused) == refused:
                time.sleep(0.01)
            own.start()
        wait_for_more(clients)
        server.kill()
        server.start()
        wait_for_more(clients)
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join()
        server.kill()
    for status, told in (refusal for client in clients for refusal in client.refused):
        assert status == 503 and "database" in told, told
    kept = open_tracking(load(store=own.address)).histories
    for client in clients:
        history = kept.history(run, client.key).items
        assert set(client.acknowledged) <= {point.step for point in history}


def test_a_flow_goes_on_after_its_database_was_gone(own: postgres.Server, flow: Path) -> None:
    running = start(flow, own)  # type: ignore[arg-type]
    wait_for(flow, 8)
    own.stop()
    _, said = running.communicate()
    assert running.returncode == 1
    assert "database" in said and "Traceback" not in said, said
    done = len(calls(flow))
    own.start()
    again = start(flow, own)  # type: ignore[arg-type]
    _, said = again.communicate()
    assert again.returncode == 0, said
    assert len(calls(flow)) <= 20 + 2, done  # The last ones had not been acknowledged.


def test_two_machines_compute_each_step_once(database: str, flow: Path) -> None:
    place = SimpleNamespace(address=database)
    both = [start(flow, place) for _ in range(2)]  # type: ignore[arg-type]
    told = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert sorted(calls(flow), key=int) == [str(n) for n in range(20)]
