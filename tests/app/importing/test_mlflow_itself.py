"""What MLflow's client reads from its own store, it reads from clew's server after an import."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PEER = Path(__file__).parent / "peer"
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "PYTHONWARNINGS": "ignore",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ALLOW_FILE_STORE": "true",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("mlflow"), reason="needs the extra `peers`"),
]


def python(folder: Path, script: str, *arguments: str) -> str:
    """Run one of the peer's scripts in a folder, with no address but the one that it is given."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, PEER / script, *arguments],
        cwd=folder,
        env={**plain, **QUIET},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve the store of this test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "clew", "server", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    uri = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        assert process.poll() is None, "the server did not start"
        yield uri
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("kind", ["database", "folder"])
def test_the_client_reads_the_same(kind: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    path = home / ("mlflow.db" if kind == "database" else "mlruns")
    source = f"sqlite:///{path}" if kind == "database" else path.as_uri()
    python(home, "fill.py", source, str(home))
    theirs = json.loads(python(home, "dump.py", source))
    command = [sys.executable, "-m", "clew", "import", "mlflow", str(path), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["left_out"] == []
    assert report["new"]["runs"] == len(theirs["runs"])
    assert report["new"]["versions"] == len(theirs["versions"])
    with server(tmp_path) as uri:
        ours = json.loads(python(home, "dump.py", uri))
    for part in theirs:
        assert without_gaps(ours[part]) == without_gaps(theirs[part]), part


def without_gaps(part: Any) -> Any:
    """Make no difference between what is empty and what is not there."""
    if isinstance(part, dict):
        return {key: without_gaps(value) for key, value in part.items()}
    if isinstance(part, list):
        return [without_gaps(item) for item in part]
    huge = {"1.797693134862316e+308": "inf", "-1.797693134862316e+308": "-inf"}
    return huge.get(part, part or None) if isinstance(part, str) else part
