"""Several processes on one port: replaced when they die, ended together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVE = """
import socket, sys, time
from clew.api.server import listen
from clew.api.server.workers import supervise

listener = listen.bind("127.0.0.1", 0)

def work(number, ready):
    import os
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] == "/slow":
            import asyncio
            await asyncio.sleep(1)
        body = str(os.getpid()).encode()
        headers = [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    listen.serve(application, listener, ready=ready, stopping=lambda: None)

print(listen.address_of(listener, "127.0.0.1"), flush=True)
supervise(work, 2)
"""


@pytest.fixture
def fleet() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process.stdout.readline().strip(), process
        process.kill()


def ask(address: str, path: str = "/") -> int:
    with urllib.request.urlopen(address + path, timeout=20) as answer:
        return int(answer.read())


def workers(address: str, count: int = 2) -> set[int]:
    found: set[int] = set()
    while len(found) < count:
        found.add(ask(address))
    return found


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    # A zombie that nobody has waited for is gone, too.
    return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] == "Z"


def test_a_worker_that_is_killed_is_replaced(fleet) -> None:
    address, process = fleet
    before = workers(address)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    after = workers(address)
    assert victim not in after
    assert before - {victim} < after
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert "ended (-9)" in process.stderr.read()
    assert all(gone(each) for each in after)


def test_requests_that_have_begun_are_answered_at_the_end(fleet) -> None:
    from concurrent.futures import ThreadPoolExecutor

    address, process = fleet
    workers(address)
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(ask, address, "/slow") for _ in range(4)]
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        assert all(each.result() for each in slow)
    assert process.wait(30) == 0


def test_workers_end_with_their_parent(fleet) -> None:
    address, process = fleet
    found = workers(address)
    process.kill()
    process.wait()
    while not all(gone(each) for each in found):
        time.sleep(0.01)
    with pytest.raises(urllib.error.URLError):
        ask(address)


def test_workers_that_cannot_begin_end_the_fleet() -> None:
    script = SERVE.replace("    import os\n", "    raise ValueError('no such model')\n", 1)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "no such model" in done.stderr
    assert "cannot begin to serve" in done.stderr


@pytest.mark.slow
def test_clew_serves_with_several_workers(tmp_path) -> None:
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    import clew
    from clew.registry import register

    X = pd.DataFrame({"a": range(40), "b": [i % 3 for i in range(40)]})
    y = [i > 20 for i in range(40)]
    with clew.run():
        model = clew.log_model(LogisticRegression().fit(X, y), input_example=X)
    register(model, "m", alias="champion")
    command = [sys.executable, "-m", "clew", "serve", "m@champion", "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split(" at ")[1].split()[0]
        body = json.dumps({"rows": [{"a": 39, "b": 1}]}).encode()
        for _ in range(20):
            with urllib.request.urlopen(f"{address}/v2/models/m/predict", data=body) as answer:
                assert json.load(answer)["predictions"][0]["prediction"] is True
        process.terminate()
        assert process.wait(60) == 0
