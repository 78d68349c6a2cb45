"""What a server costs before anybody uses it: time to start, memory, and what is installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.tracking_servers import clew_server, peer

FIGURES = (
    "tracking.start_s",
    "tracking.idle_mb",
    "tracking.install_mb",
    "tracking.packages",
)
ROOT = Path(__file__).resolve().parent.parent


def figures(quick: bool) -> Iterator[Figure]:
    starts, idle = [], []
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        for attempt in range(1 if quick else 5):
            with clew_server(Path(base) / f"store{attempt}") as server:
                starts.append(server.start_s)
                idle.append(server.idle_mb)
    # The application without its command line starts sooner: no peer for the quick case.
    other = None if quick else peer(stock=True)
    name = other and other.name
    yield Figure(FIGURES[0], min(starts), "s", min(starts), other and other.start_s, name)
    yield Figure(FIGURES[1], max(idle), "MB", max(idle), other and other.idle_mb, name)
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        size_mb, packages = installed(Path(base) / "env")
    yield Figure(FIGURES[2], size_mb, "MB", size_mb)
    yield Figure(FIGURES[3], packages, "count", packages)


def installed(environment: Path) -> tuple[float, int]:
    """Install clew without extras into a fresh environment; return its MB and its packages.

    The interpreter and pip, which every environment has, are not counted.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python")]
    before = size_bytes(environment)
    install = [*pip, "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*install, "-c", ROOT / "constraints.txt", ROOT], check=True)
    listed = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True)
    return (size_bytes(environment) - before) / 1e6, len(listed.stdout.splitlines())


def size_bytes(folder: Path) -> int:
    """Return what the files of a folder take on disk, links not followed."""
    return sum(
        path.lstat().st_blocks * 512
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
