"""What a search tells while it runs: a small file beside the store, for pages that show studies.

It is written at most once a second, and seldom enough that it takes a twentieth of the time or
less. A search that is over within the first second writes nothing.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from clew.lineage.ulid import new_ulid

EVERY_S = 1.0
_SHARE = 20
_KEPT_S = 3600.0


class Told(msgspec.Struct, kw_only=True):
    """A search that runs, or ended lately.

    Parameters
    ----------
    id : str
        A ULID.
    estimator, data : str
        What is searched on what, for people.
    done, total : int
        Tasks (configuration × fold) that are finished, and all that are known so far.
    elapsed_s, saved_s : float
        Seconds since it began; what the work cost that it found done.
    table : dict of str to list
        As a study's: params as text, scores with NaN where they are not known yet.
    study : str
        Id of the study's node; "" while it runs.
    """

    id: str
    pid: int
    started_ms: int
    time_ms: int
    estimator: str
    data: str
    done: int
    total: int
    elapsed_s: float
    saved_s: float
    table: dict[str, list[Any]]
    study: str = ""


Standing = tuple[int, int, float, float, Mapping[str, Sequence[Any]]]
"""Done, total, elapsed and saved seconds, and the table so far."""

_decode = msgspec.msgpack.Decoder(Told).decode


class Live:
    """Tells of one search; as a context manager it takes back what it told when the search fails.

    Parameters
    ----------
    folder : Path or None
        `folder_of` a store; None tells nothing.
    estimator, data : str
        For people.
    """

    def __init__(self, folder: Path | None, estimator: str, data: str) -> None:
        self._folder, self._id = folder, new_ulid()
        self._shown = (estimator, data)
        self._started_ms = _now_ms()
        self._due_s = time.monotonic() + EVERY_S if folder else float("inf")
        self._told: Told | None = None

    def tell(self, standing: Callable[[], Standing]) -> None:
        """Write how far the search is, if it is time to."""
        began_s = time.monotonic()
        if began_s < self._due_s:
            return
        done, total, elapsed_s, saved_s, table = standing()
        if self._told is None:
            _clean(self._path.parent)
        self._told = Told(
            id=self._id, pid=os.getpid(), started_ms=self._started_ms, time_ms=_now_ms(),
            estimator=self._shown[0], data=self._shown[1], done=done, total=total,
            elapsed_s=elapsed_s, saved_s=saved_s, table={k: list(v) for k, v in table.items()},
        )  # fmt: skip
        self._write(self._told)
        ended_s = time.monotonic()
        self._due_s = ended_s + max(EVERY_S, _SHARE * (ended_s - began_s))

    def end(self, study: str | None) -> None:
        """Tell what became of the search: the id of its study."""
        if self._told is None:
            return
        if study is None:
            self._path.unlink(missing_ok=True)
        else:
            self._told.time_ms, self._told.study, self._told.table = _now_ms(), study, {}
            self._write(self._told)
        self._told = None

    @property
    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder / f"{self._id}.msgpack"

    def _write(self, told: Told) -> None:
        # Nobody's search fails because its progress cannot be shown.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(msgspec.msgpack.encode(told))
            fresh.replace(self._path)

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end(None)


def folder_of(store: str | Path) -> Path:
    """Return where searches tell of themselves, in the folder of a store."""
    return Path(store) / "studies"


def told(store: str | Path) -> list[Told]:
    """Return the searches that run, and those that ended within the hour, newest first."""
    found = (one for _, one in _read(folder_of(store)))
    return sorted(filter(_matters, found), key=lambda one: one.id, reverse=True)


def _matters(one: Told) -> bool:
    if one.study:
        return _now_ms() - one.time_ms < _KEPT_S * 1000
    return _runs(one.pid)


def _clean(folder: Path) -> None:
    for path, one in _read(folder):
        if not _matters(one):
            path.unlink(missing_ok=True)


def _read(folder: Path) -> list[tuple[Path, Told]]:
    found = []
    for path in sorted(folder.glob("*.msgpack")):
        with contextlib.suppress(OSError, msgspec.DecodeError):  # removed meanwhile, or of another
            found.append((path, _decode(path.read_bytes())))
    return found


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
