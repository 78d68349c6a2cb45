"""Where a run comes from: command, process, code version. Secrets never enter the store."""

from __future__ import annotations

import os
import platform
import re
import socket
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

_SECRET_NAME = re.compile(
    r"passw|secret|token|api[_-]?key|access[_-]?key|credential|private[_-]?key|authorization",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(?P<scheme>[a-zA-Z][\w+.-]*://)[^/\s@]+@")
_SECRET_PAIR = re.compile(
    r"(?P<name>[\w-]*(?:passw|secret|token|api[_-]?key|access[_-]?key|credential)[\w-]*)"
    r"(?P<sep>\s*[=:]\s*|\s+)(?P<value>[^\s,&;]+)",
    re.IGNORECASE,
)
HIDDEN = "[redacted]"


def redacted(name: str, text: str) -> str:
    """Return `text` without secrets: all of it when `name` names one, else what looks like one.

    Examples
    --------
    >>> redacted("db_password", "'hunter2'")
    '[redacted]'
    >>> redacted("url", "postgresql://ada:secret@host/db")
    'postgresql://[redacted]@host/db'
    >>> redacted("command", "train.py --api-key=abc --rows 5")
    'train.py --api-key=[redacted] --rows 5'
    """
    if hidden(name):
        return HIDDEN
    text = _URL_CREDENTIALS.sub(rf"\g<scheme>{HIDDEN}@", text)
    return _SECRET_PAIR.sub(rf"\g<name>\g<sep>{HIDDEN}", text)


@lru_cache(maxsize=1024)
def hidden(name: str) -> str | None:
    """Return what is shown for a value whose name says that it is secret; None for others."""
    return HIDDEN if _SECRET_NAME.search(name) else None


def capture() -> dict[str, object]:
    """Return what is known of this process and of the code that it runs."""
    return {
        "command": redacted("command", " ".join(sys.argv)),
        "directory": str(Path.cwd()),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": _process_started(),
        "python": platform.python_version(),
        "git": git_state(str(Path.cwd())),
    }


def _process_started() -> float | None:
    """Return a number that, with the process id, names this process on this host (Linux)."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return float(fields[19])


def git_state(directory: str) -> dict[str, object] | None:
    """Return the commit and whether the tree differs from it; None outside a checkout."""
    if not any((place / ".git").exists() for place in (Path(directory), *Path(directory).parents)):
        return None
    command = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid")), None)
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
