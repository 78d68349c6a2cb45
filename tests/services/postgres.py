"""A private PostgreSQL server for the tests of one process: no password, no durability."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ACCOUNTS = ("postgres", "nobody")
_ATTEMPTS = 3
_READY_S = 120
_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",  # A path may be too long for a socket's name.
}


class CannotRun(Exception):
    """PostgreSQL's server does not run on this machine, whatever clew does."""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest version's, if it is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return versions[-1].parent if versions else None


def _version(path: Path) -> float:
    return float(path.parent.parent.name)


class Server:
    """A server on a port of this machine, which can be ended and started again.

    It refuses to run as root, so root lends it another account, with a folder of its own.
    """

    def __init__(self, bin: Path, folder: Path) -> None:
        self.folder = folder
        self._program = bin / "postgres"
        self._as_other = _account(folder)
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        options = ["-U", "clew", "-A", "trust", "-E", "UTF8", "--no-sync"]
        done = subprocess.run(
            [bin / "initdb", "-D", folder, *options],
            capture_output=True,
            text=True,
            env=self._environment,
            cwd="/",
            **self._as_other,
        )
        if done.returncode:
            raise CannotRun(f"initdb: {done.stderr[-1000:]}")

    @property
    def address(self) -> str:
        """The address of its database, without a schema."""
        return f"postgresql://clew@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, on the port that it had if it had one; return when it answers."""
        for _ in range(_ATTEMPTS):
            port = self.port or _free_port()
            if self._starts(port):
                self.port = port
                return
        raise CannotRun(f"postgres: {(self.folder / 'log').read_text()[-1000:]}")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: at once, or as a signal says."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _starts(self, port: int) -> bool:
        command = [self._program, "-D", self.folder, "-h", "127.0.0.1", "-p", str(port)]
        for name, value in _OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, cwd="/", **self._as_other
            )
        deadline = time.monotonic() + _READY_S
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._is_ready():
                return True
            time.sleep(0.02)
        self.stop(signal.SIGKILL)
        return False

    def _is_ready(self) -> bool:
        """Tell whether this very process says that it takes connections."""
        try:
            told = (self.folder / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        process = self._process
        return process is not None and told[0] == str(process.pid) and told[7:8] == ["ready   "]


@contextmanager
def server() -> Iterator[Server]:
    """Run a server of this process's own.

    Raises
    ------
    CannotRun
        When there is no such program, or no account to run it with.
    """
    bin = programs()
    if bin is None:
        raise CannotRun("it is not installed (Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="clew-pg-"))
    try:
        one = Server(bin, folder)
        one.start()
        try:
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear(address: str, schema: str) -> None:
    """End the sessions of one store, and remove its schema."""
    import psycopg

    with psycopg.connect(
        address, autocommit=True, options="-c client_min_messages=error"
    ) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = %s",
            (f"clew {schema}",),
        )
        session.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _account(folder: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        except (KeyError, OSError):
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise CannotRun("it refuses to run as root, and there is no other account")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
