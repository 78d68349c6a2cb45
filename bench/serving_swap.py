"""A deployment under load while its champion is swapped, and while its process ends or is killed.

`serving.swap_failures`: 64 clients ask over keep-alive connections. The alias that the champion
follows is moved to and fro, then the process is told to end (SIGTERM). A request fails that was
sent and got no answer, or not 200; a refused connection is no request. Then the process is killed
(kill -9), again under load: only requests that were sent before it was dead may be lost.

`serving.chaos_lost`: the same clients give feedback to each prediction and write down what was
acknowledged; the process is killed several times. In the end every acknowledged prediction must be
in the store with its answer, and every acknowledged feedback with it.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clew
from bench.figure import Figure
from bench.place import fresh_store
from bench.serving import pipeline, rows
from bench.tracking_servers import free_port

CLIENTS = 64
NAME = "adult"


@clew.step
def table() -> Any:
    X, y = rows()
    return X.assign(target=y)[:5000]


@clew.step
def fit(data: Any, strength: float) -> Any:
    X = data.drop(columns="target")
    return pipeline().set_params(logisticregression__C=strength).fit(X, data["target"])


@clew.flow
def train(strength: float = 1.0):
    return fit(table(), strength)


def swap_failures(quick: bool) -> Figure:
    swaps, rest_s = (2, 3.0) if quick else (6, 4.0)
    with world() as (store, sent), Server(store) as server:
        clients = begin(server.port, sent)
        for at in range(swaps):
            time.sleep(rest_s)
            point_champion(1 + (at + 1) % 2)
        time.sleep(rest_s)
        server.stop(signal.SIGTERM)
        failed, answered = end(clients)
        versions = {version for client in clients for version in client.versions}
        server.start()
        clients = begin(server.port, sent)
        time.sleep(rest_s)
        server.stop(signal.SIGKILL)
        dead_s = time.monotonic()
        lost, more = end(clients)
        worse = any(begun_s > dead_s for client in clients for begun_s in client.failures)
    return Figure(
        "serving.swap_failures",
        failed,
        "count",
        failed,
        answered,
        f"{swaps} swaps and a SIGTERM, of so many requests; kill -9 of {more}: {lost} in flight",
        versions == {"1", "2"} and not worse and answered > 1000,
    )


def chaos_lost(quick: bool) -> Figure:
    deaths, life_s = (2, 2.0) if quick else (8, 3.0)
    with world() as (store, sent), Server(store) as server:
        clients = begin(server.port, sent, feedback=True)
        for _ in range(deaths):
            time.sleep(life_s)
            server.stop(signal.SIGKILL)
            server.start()
        time.sleep(life_s)
        server.stop(signal.SIGTERM)
        end(clients)
        lost, kept = missing(store, clients)
    return Figure(
        "serving.chaos_lost",
        lost,
        "count",
        lost,
        kept,
        f"{deaths} kills, acknowledged predictions and feedback",
        kept > 1000,
    )


FIGURES = {"serving.swap_failures": swap_failures, "serving.chaos_lost": chaos_lost}


@contextmanager
def world() -> Iterator[tuple[Path, list[bytes]]]:
    """Make a store with two versions and a deployment; give its folder and requests."""
    from clew.registry import register
    from clew.serve import Deployment, deploy

    with fresh_store() as store:
        for strength in (0.01, 1.0):
            run = train.run(strength=strength)
            logged = clew.log_model(run.result, NAME, run=run.id)
            register(logged, NAME, alias="champion" if strength == 0.01 else None)
        deploy(Deployment(name=NAME, arms={"champion": f"{NAME}@champion"}))
        asked = rows()[0][:2000].to_dict("records")
        yield store, [json.dumps({"rows": [row]}).encode() for row in asked]


def point_champion(version: int) -> None:
    from clew.registry import promote

    promote(NAME, version, reason="a swap")


class Server:
    """`clew serve` in a process, on one port however often it is started."""

    def __init__(self, store: Path, *, grpc_port: int | None = None) -> None:
        self.port = free_port()
        self.grpc_port = grpc_port
        self._environment = {**os.environ, "CLEW_STORE": str(store)}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop(signal.SIGKILL)

    def start(self) -> None:
        command = [sys.executable, "-m", "clew", "serve", NAME, "--port", str(self.port)]
        if self.grpc_port is not None:
            command += ["--grpc-port", str(self.grpc_port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=self._environment
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("clew serves"):
            raise RuntimeError("clew serve did not start")

    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def memory_mb(self) -> float:
        """Return the memory that the process holds, in MB."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def stop(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(30)


class Client(threading.Thread):
    """Asks again and again; the server may be gone at any moment."""

    def __init__(
        self,
        number: int,
        port: int,
        sent: Sequence[bytes],
        halt: threading.Event,
        *,
        feedback: bool,
    ) -> None:
        super().__init__(daemon=True)
        self._at, self._port, self._sent, self.halt = number * 31, port, sent, halt
        self._feedback = feedback
        self.answered = 0
        self.failures: list[float] = []
        self.versions: set[str] = set()
        self.predictions: dict[str, Any] = {}
        self.said: dict[str, str] = {}

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self.halt.is_set():
            try:
                connection.connect() if connection.sock is None else None
            except OSError:  # refused: nothing was asked
                connection.close()
                time.sleep(0.05)
                continue
            begun_s = time.monotonic()
            try:
                self._ask(connection)
            except (OSError, http.client.HTTPException, RuntimeError):
                self.failures.append(begun_s)
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        self._at += 1
        answer = post(connection, "predict", self._sent[self._at % len(self._sent)])
        self.answered += 1
        (given,) = answer["predictions"]
        self.versions.add(given["version"])
        if not self._feedback:
            return
        self.predictions[given["id"]] = given["prediction"]
        if connection.sock is None:
            return  # the server closes: what follows is asked of the next one
        told = {"feedback": [{"id": given["id"], "truth": given["prediction"]}]}
        (id,) = post(connection, "feedback", json.dumps(told).encode())["ids"]
        self.said[id] = given["id"]


def post(connection: http.client.HTTPConnection, verb: str, body: bytes) -> Any:
    connection.request("POST", f"/v2/models/{NAME}/{verb}", body)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {content[:200]!r}")
    return json.loads(content)


def begin(port: int, sent: Sequence[bytes], *, feedback: bool = False) -> list[Client]:
    halt = threading.Event()
    clients = [Client(at, port, sent, halt, feedback=feedback) for at in range(CLIENTS)]
    for client in clients:
        client.start()
    return clients


def end(clients: Sequence[Client]) -> tuple[int, int]:
    """Stop clients; return how many of their requests failed, and how many were answered."""
    clients[0].halt.set()
    for client in clients:
        client.join()
    return sum(len(client.failures) for client in clients), sum(
        client.answered for client in clients
    )


def missing(store: Path, clients: Sequence[Client]) -> tuple[int, int]:
    """Return how much of what was acknowledged is not in the store, and how much was."""
    from clew.lineage.ulid import ulid_of
    from clew.serve.journal import Journal
    from clew.serve.journal.frame import Batch, Said

    predictions: dict[str, Any] = {}
    said: dict[str, str] = {}
    for entry in Journal(store / "predictions"):
        if isinstance(entry, Batch):
            first = int.from_bytes(entry.first)
            predictions |= {ulid_of(first + at): label for at, label in enumerate(entry.labels)}
        elif isinstance(entry, Said):
            said[entry.id] = entry.prediction
    acknowledged = lost = 0
    for client in clients:
        acknowledged += len(client.predictions) + len(client.said)
        lost += sum(predictions.get(id) != label for id, label in client.predictions.items())
        lost += sum(said.get(id) != of for id, of in client.said.items())
    return lost, acknowledged
