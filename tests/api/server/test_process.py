"""A real server in a process of its own."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.api.server import listen, running
from clew.app.settings import load
from clew.errors import InvalidParameter, StoreError


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen, str]]:
    command = [sys.executable, "-m", "clew", "server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        yield process, re.search(r"http://\S+", line)[0]
        process.kill()


def ask(address: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(server, how) -> None:
    process, address = server
    assert ask(address, "/health") == (200, b"OK")
    assert ask(address, "/api/v1/studies") == (200, b'{"total":0,"rows":[],"running":[]}')
    store = load().store
    assert running.find(store) == running.Running(address, process.pid)
    shown = subprocess.run(
        [sys.executable, "-m", "clew", "ui", "--no-browser"], capture_output=True, text=True
    )
    assert shown.stdout.strip() == address
    process.send_signal(how)
    assert process.wait(60) == 0
    assert running.find(store) is None
    assert not (store / running.NAME).exists()


def test_a_listener_does_not_hold_up_the_end(server) -> None:
    process, address = server
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    connection.request("GET", "/api/v1/events")
    answer = connection.getresponse()
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.readline() == b"retry: 2000\n"
    process.send_signal(signal.SIGTERM)
    # Whole to its last chunk: the stream was ended, not cut off.
    assert b"event: hello" in answer.read()
    assert process.wait(60) == 0
    connection.close()


def test_who_died_serves_no_more(server) -> None:
    process, _ = server
    process.kill()
    process.wait(60)
    assert (load().store / running.NAME).exists()
    assert running.find(load().store) is None


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StoreError, match="cannot listen"):
            listen.bind("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(InvalidParameter, match="no such host"):
        listen.bind("not a host", 0)


def test_loopback_is_told_from_the_rest() -> None:
    assert all(map(listen.is_loopback, ("127.0.0.1", "localhost", "127.8.8.8", "::1")))
    assert not any(map(listen.is_loopback, ("0.0.0.0", "192.0.2.1", "no such host")))


def test_an_announcement_is_withdrawn_by_its_own_process_only(tmp_path: Path) -> None:
    running.announce(tmp_path, "http://127.0.0.1:1")
    (tmp_path / running.NAME).write_text('{"address":"http://127.0.0.1:1","pid":1}')
    running.withdraw(tmp_path)
    assert (tmp_path / running.NAME).exists()
    (tmp_path / running.NAME).write_text(f'{{"address":"http://127.0.0.1:1","pid":{os.getpid()}}}')
    running.withdraw(tmp_path)
    assert not (tmp_path / running.NAME).exists()
