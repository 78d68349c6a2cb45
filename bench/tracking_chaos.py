"""The server is killed in the middle of 64 clients' logging, and started again, ten times.

Each client writes down what the server acknowledged. After every death the server must be back
within two seconds (of CPU time: the clients use the same machine), and in the end all that was
acknowledged must be there.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bench.figure import Figure
from bench.tracking_servers import Server, clew_server, free_port

FIGURES = ("tracking.chaos_lost",)
CLIENTS = 64
RESTART_S = 2.0
API = "/api/2.0/mlflow/"


def figures(quick: bool) -> Iterator[Figure]:
    deaths, seconds = (2, 1.0) if quick else (10, 3.0)
    random = Random(0)
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        folder, port = Path(base) / "store", free_port()
        server = clew_server(folder, port)
        experiment = call(connect(port), "experiments/create", {"name": "chaos"})["experiment_id"]
        stop = threading.Event()
        clients = [Client(number, port, experiment, stop) for number in range(CLIENTS)]
        restarts, used = [], []
        try:
            for client in clients:
                client.start()
            for _ in range(deaths):
                time.sleep(random.uniform(seconds / 2, seconds))
                server.kill()
                server = clew_server(folder, port)
                restarts.append(server.start_s)
                used.append(server.start_cpu_s)
            stop.set()
            for client in clients:
                client.join()
            lost = sum(missing(server, client) for client in clients)
        finally:
            stop.set()
            server.stop()
    acknowledged = sum(client.acknowledged for client in clients)
    met = max(used) <= RESTART_S and acknowledged > CLIENTS
    name = f"{deaths} kills, {acknowledged} writes; restart at most {max(restarts):.2f} s"
    name += f", {max(used):.2f} s of CPU"
    yield Figure(FIGURES[0], lost, "count", lost, acknowledged, name, met)


@dataclass
class Kept:
    """What the server acknowledged of one run."""

    metrics: dict[int, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Client(threading.Thread):
    """Logs to runs of its own until it is told to stop; the server may be gone at any moment."""

    def __init__(self, number: int, port: int, experiment: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.kept: dict[str, Kept] = {}
        self.acknowledged = 0
        self._number, self._port, self._experiment = number, port, experiment
        self._halt = stop
        self._random = Random(number)

    def run(self) -> None:
        connection = connect(self._port)
        run, step = "", 0
        while not self._halt.is_set():
            try:
                if not run or self._random.random() < 0.02:
                    answer = call(connection, "runs/create", {"experiment_id": self._experiment})
                    run = answer["run"]["info"]["run_id"]
                    self.kept[run] = Kept()
                else:
                    step += 1
                    self._log(connection, run, step)
                self.acknowledged += 1
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.2)
                connection = connect(self._port)
        connection.close()

    def _log(self, connection: http.client.HTTPConnection, run: str, step: int) -> None:
        kept, value = self.kept[run], step / 7
        kind = self._random.choice(["metric", "param", "tag", "batch"])
        name, text = f"{kind}{step}", f"{self._number}-{step}"
        point = {"key": "m", "value": value, "timestamp": 1_700_000_000_000 + step, "step": step}
        if kind == "metric":
            call(connection, "runs/log-metric", {"run_id": run, **point})
            kept.metrics[step] = value
        elif kind == "param":
            call(connection, "runs/log-parameter", {"run_id": run, "key": name, "value": text})
            kept.params[name] = text
        elif kind == "tag":
            call(connection, "runs/set-tag", {"run_id": run, "key": name, "value": text})
            kept.tags[name] = text
        else:
            pair = [{"key": name, "value": text}]
            batch = {"run_id": run, "metrics": [point], "params": pair, "tags": pair}
            call(connection, "runs/log-batch", batch)
            kept.metrics[step] = value
            kept.params[name] = kept.tags[name] = text


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def call(connection: http.client.HTTPConnection, path: str, body: dict[str, Any]) -> Any:
    """Send one request; what is not acknowledged is an error."""
    return answer(connection, "POST", API + path, json.dumps(body).encode())


def answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None
) -> Any:
    connection.request(method, path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
    return json.loads(content)


def missing(server: Server, client: Client) -> int:
    """Return how much of what a client had acknowledged is not there as it was sent."""
    connection, lost = connect(server.port), 0
    for run, kept in client.kept.items():
        try:
            data = answer(connection, "GET", f"{API}runs/get?run_id={run}")["run"]["data"]
        except RuntimeError:
            lost += 1 + len(kept.metrics) + len(kept.params) + len(kept.tags)
            continue
        params = {pair["key"]: pair["value"] for pair in data.get("params", [])}
        tags = {pair["key"]: pair["value"] for pair in data.get("tags", [])}
        lost += sum(params.get(key) != value for key, value in kept.params.items())
        lost += sum(tags.get(key) != value for key, value in kept.tags.items())
        path = f"{API}metrics/get-history?run_id={run}&metric_key=m&max_results=25000"
        points = answer(connection, "GET", path).get("metrics", [])
        values = {int(point.get("step", 0)): point["value"] for point in points}
        lost += sum(values.get(step) != value for step, value in kept.metrics.items())
    connection.close()
    return lost
