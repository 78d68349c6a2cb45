"""Appending to the journal."""

from __future__ import annotations

import os
import secrets
import threading
import time
from pathlib import Path

from clew.errors import StoreError
from clew.lineage.ulid import new_ulid
from clew.serve.journal.frame import Entry, Said, framed

PREDICTIONS = "predictions"
"""Folder in a store's, where the segments lie."""
SUFFIX = ".predictions"
FEEDBACK = ".feedback"
"""Feedback has segments of its own: whoever learns reads them without the predictions."""
_SEGMENT_BYTES = 64 << 20


class JournalWriter:
    """Appends entries to segments of this process's own. May be used from several threads.

    An entry that was appended survives the death of the process; ``power_loss=True`` waits for the
    disk besides.

    Parameters
    ----------
    folder : Path
        Where the segments lie; it is made when it is absent.
    """

    def __init__(self, folder: Path, *, power_loss: bool = False) -> None:
        self._predictions = _Segment(folder, SUFFIX, power_loss=power_loss)
        self._feedback = _Segment(folder, FEEDBACK, power_loss=power_loss)

    def append(self, entry: Entry) -> None:
        """Write an entry; when this returns, it is there.

        Raises
        ------
        StoreError
            When it could not be written (the disk is full).
        """
        segment = self._feedback if isinstance(entry, Said) else self._predictions
        segment.append(framed(entry))

    def close(self) -> None:
        """Close the segments."""
        self._predictions.close()
        self._feedback.close()


class _Segment:
    """One file after another, of one kind."""

    def __init__(self, folder: Path, suffix: str, *, power_loss: bool) -> None:
        self._folder = folder
        self._suffix = suffix
        self._power_loss = power_loss
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0

    def append(self, frame: bytes) -> None:
        with self._lock:
            try:
                if self._file is None or self._size > _SEGMENT_BYTES:
                    self._begin()
                assert self._file is not None
                written = os.write(self._file, frame)
                if written != len(frame):
                    raise OSError(f"{written} of {len(frame)} bytes were written")
                if self._power_loss:
                    os.fdatasync(self._file)
                self._size += written
            except OSError as error:
                self._cut()
                raise StoreError(
                    "the prediction could not be kept",
                    got=str(error),
                    hint="make room on the disk, or serve without full logging",
                ) from error

    def close(self) -> None:
        with self._lock:
            self._end()

    def _begin(self) -> None:
        self._end()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{new_ulid()}{self._suffix}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._file = os.open(path, flags, 0o600)
        self._size = 0

    def _cut(self) -> None:
        """Take a torn frame away: what follows it would be lost with it."""
        if self._file is not None:
            try:
                os.ftruncate(self._file, self._size)
            except OSError:
                self._end()

    def _end(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Ulids:
    """Runs of ULIDs: sixteen bytes each, in order, without a call to the system for each.

    May be used from several threads.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> tuple[int, int]:
        """Return the time in milliseconds, and the first of `count` numbers in a row."""
        time_ms = time.time_ns() // 1_000_000
        fresh = (time_ms << 80) | secrets.randbits(79)
        with self._lock:
            first = max(fresh, self._last + 1)
            self._last = first + count
        return time_ms, first
