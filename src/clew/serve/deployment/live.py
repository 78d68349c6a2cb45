"""What serving processes tell of themselves: a small file each, beside the store.

Whoever shows deployments reads the files of all processes; a judge of a canary adds them up.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec

from clew.lineage.ulid import new_ulid
from clew.serve.deployment.meter import Counted

FRESH_S = 10.0
_KEPT_S = 24 * 3600.0
_FOLDER = "live"


class Told(msgspec.Struct, kw_only=True):
    """One process that serves a deployment.

    Parameters
    ----------
    state : str
        Id of the deployment's state that the counts are of; "" for a plain model.
    versions : dict of str to list of str
        The arms (``adult/7``) with their roles.
    whole : Counted
        All requests.
    arms : dict of str to Counted
        By arm.
    rewards : dict of str to list of float
        By arm: number, sum and sum of squares of its rewards.
    """

    pid: int
    started_ms: int
    time_ms: int
    address: str
    state: str
    policy: str
    versions: dict[str, list[str]]
    whole: Counted
    arms: dict[str, Counted]
    rewards: dict[str, list[float]]


_decode = msgspec.json.Decoder(Told).decode


class Teller:
    """Writes this process's file.

    Parameters
    ----------
    folder : Path
        That of the deployment.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        self._path = self._folder / f"{os.getpid()}-{new_ulid()}.json"

    def tell(self, told: Told) -> None:
        """Replace what was told before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(told))
        fresh.replace(self._path)

    def clean(self, state: str) -> None:
        """Remove files of processes that are gone and told of another state, or long ago."""
        oldest_ms = time.time_ns() // 1_000_000 - int(_KEPT_S * 1000)
        for path, one in _read(self._folder):
            done = one.state != state or one.time_ms < oldest_ms
            if done and path != self._path and not _runs(one.pid):
                path.unlink(missing_ok=True)


def told(folder: Path) -> list[Told]:
    """Return what all processes told of a deployment, those that are gone too."""
    return [one for _, one in _read(folder / _FOLDER)]


def alive(one: Told) -> bool:
    """Tell whether a process still serves: it told lately."""
    return time.time_ns() // 1_000_000 - one.time_ms < FRESH_S * 1000 and _runs(one.pid)


def _read(folder: Path) -> list[tuple[Path, Told]]:
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append((path, _decode(path.read_bytes())))
        except (OSError, msgspec.DecodeError):
            continue  # it is being removed, or is of another version
    return found


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
