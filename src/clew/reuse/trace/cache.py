"""The cache of operation results: a byte budget, LIMA's eviction score, and placeholders.

An entry's score is (hits + misses) · cost / size (LIMA, section 4.3). Misses are remembered for a
while after an entry is gone, so what is asked for again and again earns its place.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from clew.lineage.cache.evict import CostSizePolicy
from clew.reuse.trace.cell import Cell

_SEEN = 1 << 16
"""Results that were not worth keeping at first sight, of which it is known that they were seen."""
_FRESH_PAGES_S_PER_BYTE = 2.5e-10
"""Keeping a result makes the allocator touch fresh pages for the next one: up to 1 µs a page."""
_KEEP_SHARE = 0.01
"""A result is kept at first sight when the fresh pages cost at most this share of its own cost."""
_MAPPED_BYTES = 32 << 20
"""From this size on the C library maps fresh pages for every array anyway."""
_SMALL_BYTES = 1 << 14
"""Up to this size results come from the allocator's small blocks and touch no fresh pages."""
RECORD_BYTES = 1000
"""What an entry takes besides its elements: cell, item, keys."""


@dataclass(slots=True)
class Entry:
    """One cached result: the cells of an operation's outputs, and what they cost."""

    cells: tuple[Cell, ...]
    cost_s: float
    size_bytes: int
    payload: Any = None
    """What is not an array: shape of the outputs, state of a generator."""
    hits: int = 0
    misses: int = 1
    ranked_hits: int = 0
    """Hits that the policy has been told of."""


class OperationCache(Protocol):
    """What a session asks of a cache. All methods may be called from several threads."""

    def get(self, id: bytes) -> Entry | None:
        """Return an entry, or None. Does not count."""

    def admit(self, id: bytes, entry: Entry) -> bool:
        """Keep an entry if it is worth its bytes; tell whether it was kept."""

    def clear(self) -> None:
        """Forget everything."""

    @property
    def size_bytes(self) -> int:
        """Bytes held."""


class MemoryCache:
    """Entries in memory under a budget of bytes, evicted by LIMA's score.

    As long as all fits, nothing is ranked: only when the budget is reached are the entries made
    known to the policy, so that a computation that fits pays nothing for it.

    Parameters
    ----------
    budget_bytes : int
        Most bytes that cached arrays may hold together.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._policy = CostSizePolicy(budget_bytes)
        self._entries: dict[bytes, Entry] = {}
        self._unranked: dict[bytes, Entry] = {}
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Bytes held."""
        return self._size_bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, id: bytes) -> Entry | None:
        """Return an entry, or None."""
        return self._entries.get(id)

    def admit(self, id: bytes, entry: Entry) -> bool:
        """Keep an entry, evicting lower scores; False when it is not worth its bytes (yet)."""
        earlier = self._seen.get(id, 0)
        if entry.size_bytes > self.budget_bytes or not (earlier or _worth_at_once(entry)):
            self._remember(id, earlier + 1)
            return False
        with self._lock:
            if id in self._entries:
                return True
            entry.misses += earlier
            if self._size_bytes + entry.size_bytes > self.budget_bytes:
                return self._admit_ranked(id, entry)
            self._entries[id] = self._unranked[id] = entry
            self._size_bytes += entry.size_bytes
        return True

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._unranked.clear()
            self._seen.clear()
            self._policy = CostSizePolicy(self.budget_bytes)
            self._size_bytes = 0

    def _admit_ranked(self, id: bytes, entry: Entry) -> bool:
        for known, found in self._unranked.items():
            self._rank(known, found)
        self._unranked.clear()
        for found_id, found in self._entries.items():
            self._catch_up(found_id, found)
        admitted = self._rank(id, entry)
        if admitted:
            self._entries[id] = entry
            self._size_bytes += entry.size_bytes
        else:
            self._remember(id, entry.misses)
        return admitted

    def _rank(self, id: bytes, entry: Entry) -> bool:
        for _ in range(entry.misses):
            self._policy.touch(id, "miss")
        admission = self._policy.admit(id, size_bytes=entry.size_bytes, cost_s=entry.cost_s)
        for victim in admission.victims:
            gone = self._entries.pop(victim.key)  # type: ignore[arg-type]
            self._size_bytes -= gone.size_bytes
        return admission.admitted

    def _catch_up(self, id: bytes, entry: Entry) -> None:
        for _ in range(entry.hits - entry.ranked_hits):
            self._policy.touch(id, "hit")
        entry.ranked_hits = entry.hits

    def _remember(self, id: bytes, count: int) -> None:
        self._seen[id] = count
        if len(self._seen) > _SEEN:
            try:
                self._seen.popitem(last=False)
            except KeyError:  # another thread emptied it
                pass


def _worth_at_once(entry: Entry) -> bool:
    if entry.size_bytes >= _MAPPED_BYTES or entry.size_bytes <= _SMALL_BYTES:
        return True
    return entry.size_bytes * _FRESH_PAGES_S_PER_BYTE <= _KEEP_SHARE * entry.cost_s


def owned_bytes(cells: tuple[Cell, ...]) -> int:
    """Return the bytes that keeping these cells keeps alive: whole buffers, each once."""
    buffers: dict[int, int] = {}
    for cell in cells:
        root: Any = cell.value
        while isinstance(root.base, np.ndarray):
            root = root.base
        buffers[id(root)] = root.nbytes
    return sum(buffers.values()) + RECORD_BYTES * len(cells)


class Flights:
    """Placeholders: which thread computes which item; the others wait for its entry.

    The first thread pays for a dictionary entry alone: what others wait on is made when they come.
    """

    def __init__(self) -> None:
        self._owners: dict[bytes, int] = {}
        self._waiting: dict[bytes, _Landing] = {}
        self.landed = 0
        """How many computations ended: while it stands still, nothing new can be found."""

    def __len__(self) -> int:
        return len(self._owners)

    def begin(self, id: bytes) -> bool:
        """Claim an item; False when another thread, or this one further up, has it."""
        mark = threading.get_ident()
        # setdefault gives the first owner; a second claim by the same thread is told by the size.
        before = id in self._owners
        return not before and self._owners.setdefault(id, mark) == mark

    def end(self, id: bytes, entry: Entry | None) -> None:
        """Give an item back and hand its entry, or None after a failure, to those who wait."""
        self.landed += 1
        del self._owners[id]
        landing = self._waiting.pop(id, None)
        if landing is not None:
            landing.entry = entry
            landing.done.set()

    def wait(self, id: bytes) -> Entry | None:
        """Wait for another thread's result; None when there is none to be had."""
        owner = self._owners.get(id)
        if owner is None or owner == threading.get_ident():
            return None
        landing = self._waiting.setdefault(id, _Landing())
        # The owner removes its claim before it looks who waits: one of the two sees the other.
        if id not in self._owners:
            return None
        landing.done.wait()
        return landing.entry


class _Landing:
    """What waiting threads share."""

    __slots__ = ("done", "entry")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.entry: Entry | None = None
