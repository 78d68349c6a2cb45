"""Results kept in memory: within a budget, each computed once at a time.

What leaves when the budget is full is LIMA's choice of cost and size (`clew.lineage.cache`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clew.lineage.cache.evict import CostSizePolicy
from clew.lineage.canonical import Digest

_LEAST_BYTES = 256
_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One result.

    Parameters
    ----------
    value : object
        What is kept.
    cost_s : float
        Seconds that computing it took.
    """

    value: Any
    cost_s: float


class Shelf:
    """A mapping from keys to results, with a budget in bytes.

    Parameters
    ----------
    budget_bytes : int
        Most memory that the results may take.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._policy = CostSizePolicy(budget_bytes)
        self._entries: dict[Digest, Entry] = {}
        self._lock = threading.RLock()
        self._flights: dict[Digest, threading.Event] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """Bytes that are kept now."""
        return self._policy.used_bytes

    def get(self, key: Digest) -> Entry | None:
        """Return the entry of a key, or None; either counts as demand."""
        with self._lock:
            entry = self._entries.get(key)
            self._policy.touch(key, "miss" if entry is None else "hit")
        return entry

    def put(self, key: Digest, value: Any, cost_s: float, size_bytes: int) -> bool:
        """Keep a result if the budget has room for it; tell whether it was kept."""
        size_bytes = max(size_bytes, _LEAST_BYTES)
        with self._lock:
            answer = self._policy.admit(key, size_bytes=size_bytes, cost_s=max(cost_s, 0.0))
            for victim in answer.victims:
                del self._entries[victim.key]  # type: ignore[arg-type]
            if answer.admitted:
                self._entries[key] = Entry(value, cost_s)
            else:
                self._entries.pop(key, None)
            return answer.admitted

    def drop(self, key: Digest) -> None:
        """Forget a result."""
        with self._lock:
            self._policy.discard(key)
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            for key in list(self._entries):
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
