"""Results kept in memory: within a budget, each computed once at a time.

The score of an entry is LIMA's cost and size: seconds that a hit saves for each byte it takes,
times the number of its uses (Phani et al. 2021, section 4.3); the lowest goes first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clew.lineage.canonical import Digest

_LEAST_BYTES = 256
_WAIT_S = 600.0


@dataclass(slots=True)
class Entry:
    """One result.

    Parameters
    ----------
    value : object
        What is kept.
    cost_s : float
        Seconds that computing it took.
    size_bytes : int
        About how much memory it takes.
    """

    value: Any
    cost_s: float
    size_bytes: int
    uses: int = 1
    last: int = 0

    def score(self) -> float:
        """Return seconds saved for each byte, weighted by use."""
        return self.cost_s * self.uses / max(self.size_bytes, _LEAST_BYTES)


class Shelf:
    """A mapping from keys to results, with a budget in bytes."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.size_bytes = 0
        self._entries: dict[Digest, Entry] = {}
        self._lock = threading.RLock()
        self._flights: dict[Digest, threading.Event] = {}
        self._clock = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Digest) -> Entry | None:
        """Return the entry of a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._clock += 1
                entry.uses += 1
                entry.last = self._clock
            return entry

    def put(self, key: Digest, value: Any, cost_s: float, size_bytes: int) -> bool:
        """Keep a result if the budget has room for it; tell whether it was kept."""
        if size_bytes > self.budget_bytes:
            return False
        with self._lock:
            self.drop(key)
            self._clock += 1
            self._entries[key] = Entry(value, cost_s, size_bytes, last=self._clock)
            self.size_bytes += size_bytes
            self._shrink()
            return key in self._entries

    def drop(self, key: Digest) -> None:
        """Forget a result."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                self.size_bytes -= entry.size_bytes

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._entries.clear()
            self.size_bytes = 0

    def _shrink(self) -> None:
        if self.size_bytes <= self.budget_bytes:
            return
        order = sorted(self._entries.items(), key=lambda item: (item[1].score(), item[1].last))
        target = int(self.budget_bytes * 0.9)
        for key, _ in order:
            if self.size_bytes <= target:
                return
            self.drop(key)

    @contextmanager
    def flight(self, key: Digest) -> Iterator[bool]:
        """Hold a key while its result is computed.

        The context gives True to the one who shall compute, False to whoever waited for another
        thread to do so: the result may be there now.
        """
        with self._lock:
            event = self._flights.get(key)
            leads = event is None
            if event is None:
                event = self._flights[key] = threading.Event()
        if not leads:
            event.wait(_WAIT_S)
            yield False
            return
        try:
            yield True
        finally:
            with self._lock:
                self._flights.pop(key, None)
            event.set()
