"""The two servers that the tracking benchmarks compare: clew's, and the stock ``mlflow server``.

MLflow runs trimmed (one worker, no jobs), which is its best case: with more workers its calls stall
on Nagle's algorithm. Its start takes half a minute, so one is kept for a whole benchmark; where its
start is not measured, its application is started without the command line around it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

LONGEST_START_S = 300
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "600",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@dataclass
class Server:
    """A running server.

    Parameters
    ----------
    folder : Path
        Where it keeps everything.
    start_s : float
        How long it took until it answered.
    start_cpu_s : float
        What its processes used until then, in CPU seconds.
    idle_mb : float
        Memory of all its processes at that moment, shared pages divided (PSS), in MB.
    """

    name: str
    uri: str
    folder: Path
    process: subprocess.Popen[bytes]
    start_s: float
    idle_mb: float = 0.0
    start_cpu_s: float = 0.0

    @property
    def port(self) -> int:
        return int(self.uri.rsplit(":", 1)[1])

    def cpu_s(self) -> float:
        """Return the CPU seconds (user and system) that all its processes have used."""
        return sum(_cpu_ticks(pid) for pid in _tree(self.process.pid)) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Return the memory of all its processes, shared pages divided, in MB."""
        return sum(_pss_kb(pid) for pid in _tree(self.process.pid)) / 1024

    def stored_bytes(self) -> int:
        """Return what its files take, without SQLite's log."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files if not path.name.endswith("-wal"))

    def kill(self) -> None:
        """End it at once, as the death of a machine would end its process."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        for end in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                os.killpg(self.process.pid, end)
                try:
                    self.process.wait(20)
                except subprocess.TimeoutExpired:
                    continue

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def clew_server(folder: Path, port: int | None = None) -> Server:
    """Start clew's server on a store; it is made where there is none."""
    port = port or free_port()
    command = [sys.executable, "-m", "clew", "--store", str(folder), "server", "--port", str(port)]
    return _started("clew", command, {}, folder, port)


def mlflow_server(folder: Path, *, stock: bool) -> Server:
    """Start MLflow's server on an empty folder.

    Parameters
    ----------
    stock : bool
        By its command line, as users start it; otherwise only its application, which serves the
        same and is there sooner.
    """
    port = free_port()
    database, files = f"sqlite:///{folder / 'mlflow.db'}", str(folder / "artifacts")
    variables = {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    if stock:
        command = [sys.executable, "-m", "mlflow", "server", *where]
        command += ["--backend-store-uri", database, "--artifacts-destination", files]
    else:
        command = [sys.executable, "-m", "uvicorn", *where, "--log-level", "warning"]
        command += ["mlflow.server.fastapi_app:app"]
        variables |= {
            "_MLFLOW_SERVER_FILE_STORE": database,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": files,
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SGI_NAME": "uvicorn",
        }
    return _started(f"mlflow {version('mlflow')}", command, variables, folder, port)


@cache
def peer(*, stock: bool) -> Server:
    """Return the one MLflow server of this process; it ends with the process."""
    folder = Path(tempfile.mkdtemp(prefix="clew-bench-mlflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = mlflow_server(folder, stock=stock)
    atexit.register(server.stop)
    return server


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(
    name: str, command: list[str], variables: dict[str, str], folder: Path, port: int
) -> Server:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_name(folder.name + ".log")
    atexit.register(log.unlink, missing_ok=True)
    began = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **variables},
            cwd=folder.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(name, f"http://127.0.0.1:{port}", folder, process, 0.0)
    try:
        while not _answers(server.uri):
            if process.poll() is not None or time.perf_counter() - began > LONGEST_START_S:
                tail = log.read_text("utf-8", "replace")[-2000:]
                raise RuntimeError(f"{name} did not start (status {process.poll()}):\n{tail}")
            time.sleep(0.01)
    except BaseException:
        server.stop()
        raise
    server.start_s = time.perf_counter() - began
    server.start_cpu_s = server.cpu_s()
    server.idle_mb = server.memory_mb()
    return server


def _answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(uri + "/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tree(root: int) -> list[int]:
    """Return a process and all its descendants."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                todo += map(int, children.read_text().split())
            except OSError:  # It ended meanwhile.
                continue
    return found


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
