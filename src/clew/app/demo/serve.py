"""The demo's last act: the champion is deployed, asked over HTTP, told the truth, and explained."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clew.errors import ClewError

CLIENTS = 16
_BATCH = 500
"""Predictions that one request gives feedback to."""


@dataclass(frozen=True, slots=True)
class Act:
    """What serving the test rows gave.

    Parameters
    ----------
    form : str
        In which form the model serves.
    rows_per_s, p50_ms, p99_ms : float
        One row a request, over `CLIENTS` connections from this machine.
    accuracy : float
        By the feedback, as the deployment counts it.
    prediction : str
        The one that was explained.
    explained : str
        What `clew explain prediction` printed.
    """

    form: str
    requests: int
    rows_per_s: float
    p50_ms: float
    p99_ms: float
    accuracy: float
    prediction: str
    explained: str


def act(
    folder: Path,
    environment: dict[str, str],
    command: Callable[..., str],
    rows: Sequence[dict[str, Any]],
    truths: Sequence[Any],
    say: Callable[[str], None],
) -> Act:
    """Serve the champion, send it rows, and follow one answer back.

    Parameters
    ----------
    command : callable
        Runs a `clew` command in the folder and returns what it printed.
    rows, truths : sequence
        What is asked, one row a request, and what was right.
    """
    command("deploy", "adult", "--champion", "adult@champion", "--reward", "accuracy")
    say("\n$ clew serve adult")
    with serving(folder, environment) as (address, told):
        say(f"  {told}")
        began_s = time.perf_counter()
        asked = [(rows[at::CLIENTS], address) for at in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            parts = list(pool.map(_ask, asked))
        seconds = time.perf_counter() - began_s
        latencies = sorted(latency for part in parts for _, latency in part)
        p50_ms, p99_ms = (latencies[int(len(latencies) * q)] * 1e3 for q in (0.5, 0.99))
        say(
            f"  {len(rows)} test rows, one a request, {CLIENTS} connections: "
            f"{len(rows) / seconds:.0f} a second, p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms"
        )
        ids = [""] * len(rows)
        for at, part in enumerate(parts):
            ids[at::CLIENTS] = [id for id, _ in part]
        _tell(address, ids, truths)
        accuracy = _accuracy(command, len(rows))
    say(f"  the truth came as feedback: right in {accuracy:.1%}, by deployment adult's own count")
    explained = command("explain", "prediction", ids[0])
    for line in explained.splitlines():
        say(f"  {line}")
    return Act(told, len(rows), len(rows) / seconds, p50_ms, p99_ms, accuracy, ids[0], explained)


@contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Run `clew serve`; give its address and what it says of the model."""
    command = [sys.executable, "-m", "clew", "serve", "adult", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            first = process.stdout.readline()
            if " at http" not in first:
                raise ClewError(f"clew serve failed:\n{process.stderr.read().strip()}")
            address = first.partition(" at ")[2].split()[0]
            yield address, process.stdout.readline().strip()
        finally:
            process.terminate()


def _ask(asked: tuple[Sequence[dict[str, Any]], str]) -> list[tuple[str, float]]:
    """Ask row by row over one connection; return the predictions' ids and latencies."""
    rows, address = asked
    connection = _connection(address)
    found = []
    for row in rows:
        began_s = time.perf_counter()
        (given,) = _post(connection, "predict", {"rows": [row]})["predictions"]
        found.append((given["id"], time.perf_counter() - began_s))
    connection.close()
    return found


def _tell(address: str, ids: Sequence[str], truths: Sequence[Any]) -> None:
    connection = _connection(address)
    said = [{"id": id, "truth": truth} for id, truth in zip(ids, truths, strict=True)]
    for start in range(0, len(said), _BATCH):
        _post(connection, "feedback", {"feedback": said[start : start + _BATCH]})
    connection.close()


def _accuracy(command: Callable[..., str], expected: int) -> float:
    """Return the mean reward once the deployment has counted all feedback."""
    for _ in range(100):
        shown = json.loads(command("deployments", "show", "adult", "--json", quiet=True))
        (arm,) = shown["deployment"]["arms"]
        if arm["rewards"] >= expected:
            return float(arm["mean_reward"])
        time.sleep(0.2)
    raise ClewError("the deployment did not learn of its feedback", got=str(arm["rewards"]))


def _connection(address: str) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)


def _post(connection: http.client.HTTPConnection, verb: str, body: Any) -> Any:
    connection.request("POST", f"/v2/models/adult/{verb}", json.dumps(body))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise ClewError(f"adult/{verb} was not answered", got=content.decode()[:300])
    return json.loads(content)
