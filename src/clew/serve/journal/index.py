"""Where the entries of a segment lie, by the time of the prediction that they are about.

A ULID begins with its milliseconds, and all rows of a batch share them: so the few entries of one
millisecond are the only ones that can be about a prediction. The index is made by hopping from
frame to frame, and grows with the segment.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter
from clew.lineage.ulid import ulid_number
from clew.serve.journal.frame import HEAD, Batch, Entry, Said, Shadowed, decoded

_FRESH = 20_000
_BYTES_16 = b"\xc4\x10"
_TEXT_26 = 0xBA


class Index:
    """The entries of one segment. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0
        self._times: NDArray[np.int64] = np.empty(0, np.int64)
        self._places: NDArray[np.int64] = np.empty(0, np.int64)
        self._fresh: list[tuple[int, int]] = []

    def at(self, time_ms: int) -> list[Entry]:
        """Return the entries about predictions of one millisecond, in the order of writing."""
        self._grow()
        start, end = np.searchsorted(self._times, [time_ms, time_ms + 1])
        places = self._places[start:end].tolist()
        places += [place for time, place in self._fresh if time == time_ms]
        return [entry for entry in self._read(places) if entry is not None]

    def backwards(self, until_ms: int) -> Iterator[tuple[int, Entry]]:
        """Yield entries with their time, the latest first, from `until_ms` on."""
        self._grow()
        self._settle()
        times, places = self._times, self._places
        end = int(np.searchsorted(times, until_ms + 1))
        for start in range(end, 0, -64):
            part = slice(max(start - 64, 0), start)
            read = list(self._read(places[part].tolist()))
            for time, entry in zip(reversed(times[part].tolist()), reversed(read), strict=True):
                if entry is not None:
                    yield time, entry

    def _read(self, places: list[int]) -> Iterator[Entry | None]:
        if not places:
            return
        with self.path.open("rb") as file:
            for place in places:
                file.seek(place)
                head = file.read(HEAD.size)
                yield decoded(head + file.read(HEAD.unpack(head)[0]))

    def _grow(self) -> None:
        """Take up what was appended since."""
        size = self.path.stat().st_size
        if size <= self._end:
            return
        with (
            self.path.open("rb") as file,
            mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as view,
        ):
            at = self._end
            while at + HEAD.size <= size:
                length = HEAD.unpack_from(view, at)[0]
                if at + HEAD.size + length > size:
                    break
                self._fresh.append((_time_of(view, at, length), at))
                at += HEAD.size + length
            self._end = at
        if len(self._fresh) > _FRESH:
            self._settle()

    def _settle(self) -> None:
        if not self._fresh:
            return
        times, places = zip(*self._fresh, strict=True)
        self._fresh = []
        merged = np.concatenate([self._times, np.array(times, np.int64)])
        at = np.concatenate([self._places, np.array(places, np.int64)])
        order = np.argsort(merged, kind="stable")
        self._times, self._places = merged[order], at[order]


def _time_of(view: mmap.mmap, at: int, length: int) -> int:
    """Return the milliseconds of the prediction that a frame is about; −1 for a damaged frame."""
    body = view[at + HEAD.size : at + HEAD.size + min(length, 70)]
    tag = body[2:3]
    if tag in (b"p", b"s") and body[12:14] == _BYTES_16:
        return int.from_bytes(body[14:20])
    if tag == b"f" and len(body) > 66 and body[12] == body[39] == _TEXT_26:
        return _milliseconds(body[40:66].decode("latin-1"))
    entry = decoded(view[at : at + HEAD.size + length])
    if isinstance(entry, Said):
        return _milliseconds(entry.prediction)
    if isinstance(entry, Batch | Shadowed):
        return int.from_bytes(entry.first) >> 80
    return -1


def _milliseconds(ulid: str) -> int:
    try:
        return ulid_number(ulid) >> 80
    except InvalidParameter:
        return -1
