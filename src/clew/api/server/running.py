"""Which server serves a store now: a small file in the store's folder says so."""

from __future__ import annotations

import contextlib
import http.client
import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

NAME = "server.json"
_PATIENCE_S = 2.0


class Running(msgspec.Struct, frozen=True):
    """A server and the process that it is."""

    address: str
    pid: int


def announce(store: Path, address: str) -> None:
    """Say that this process serves a store."""
    store.mkdir(parents=True, exist_ok=True)
    place = store / NAME
    draft = place.with_suffix(f".{os.getpid()}")
    draft.write_bytes(msgspec.json.encode(Running(address, os.getpid())))
    draft.replace(place)


def withdraw(store: Path) -> None:
    """Take back what this process announced."""
    found = _read(store)
    if found is not None and found.pid == os.getpid():
        with contextlib.suppress(OSError):
            (store / NAME).unlink()


def find(store: Path) -> Running | None:
    """Return the server of a store, when it answers."""
    found = _read(store)
    if found is None:
        return None
    place = urlsplit(found.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/health")
        answered = connection.getresponse().read() == b"OK"
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return found if answered else None


def _read(store: Path) -> Running | None:
    try:
        return msgspec.json.decode((store / NAME).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
