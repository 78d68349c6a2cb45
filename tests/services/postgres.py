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
_READY_S = 60
_OPTIONS = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB")


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest version's, if it is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return versions[-1].parent if versions else None


def _version(path: Path) -> float:
    return float(path.parent.parent.name)


@contextmanager
def server() -> Iterator[str]:
    """Run a server on a free port of this machine; yield its address without a schema.

    It refuses to run as root, so root lends it another account, with a folder of its own.
    """
    bin = programs()
    assert bin is not None
    folder = Path(tempfile.mkdtemp(prefix="clew-pg-"))
    as_other = _account(folder)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    try:
        subprocess.run(
            [bin / "initdb", "-D", folder, "-U", "clew", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            env=environment,
            cwd="/",
            **as_other,
        )
        port = _free_port()
        command = [bin / "postgres", "-D", folder, "-h", "127.0.0.1", "-p", str(port), "-k", folder]
        for option in _OPTIONS:
            command += ["-c", option]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd="/", **as_other
            )
        try:
            _wait(process, folder, port)
            yield f"postgresql://clew@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
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
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("no account to run PostgreSQL with")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    deadline = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
