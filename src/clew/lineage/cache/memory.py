"""Values kept in memory as bytes, under a budget; who leaves first is the policy's choice.

Facts added: none. What lies here is private to the cache: bytes are copied in, and handed out in
buffers that cannot be written.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


@dataclass(frozen=True, slots=True)
class Kept:
    """A value in memory, and what it would cost to compute it again."""

    id: ValueId
    encoded: Encoded
    cost_s: float


class Policy(Protocol):
    """Decides which value leaves a full cache."""

    def note(self, id: ValueId, *, cost_s: float, size_bytes: int, hit: bool) -> None:
        """Remember that a value was asked for, and whether it was there."""

    def score(self, id: ValueId) -> float:
        """Return how much a value is worth; the least leaves first."""

    def forget(self, id: ValueId) -> None:
        """Remove a value that nobody will ask for again."""


class MemoryTier:
    """Encoded values by content id, up to a number of bytes.

    Safe to use from several threads.

    Parameters
    ----------
    budget_bytes : int
        How many bytes of values may lie here.
    policy : Policy
        Default: LIMA's score, (hits + misses) · cost / size.
    """

    def __init__(self, budget_bytes: int, policy: Policy | None = None) -> None:
        self.budget_bytes = budget_bytes
        self.size_bytes = 0
        self._policy: Policy = CostOverSize() if policy is None else policy
        self._kept: dict[ValueId, Kept] = {}
        self._lock = threading.Lock()

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes (read-only), or None."""
        with self._lock:
            kept = self._kept.get(id)
            if kept is None:
                return None
            size = kept.encoded.size_bytes
            self._policy.note(id, cost_s=kept.cost_s, size_bytes=size, hit=True)
            return kept.encoded

    def put(self, id: ValueId, encoded: Encoded, cost_s: float) -> tuple[Kept, ...] | None:
        """Keep a copy of a value's bytes; return what had to leave for it, or None if refused.

        A value is refused when it is larger than the budget, or worth less than what would have
        to leave.
        """
        size = encoded.size_bytes
        if size > self.budget_bytes:
            return None
        with self._lock:
            if id in self._kept:
                return ()
            self._policy.note(id, cost_s=cost_s, size_bytes=size, hit=False)
            leaving = self._leaving(size, self._policy.score(id))
            if leaving is None:
                return None
            for kept in leaving:
                self._drop(kept.id)
            self._kept[id] = Kept(id, _private(encoded), cost_s)
            self.size_bytes += size
            return tuple(leaving)

    def has(self, id: ValueId) -> bool:
        """Tell whether a value lies here."""
        return id in self._kept

    def delete(self, id: ValueId) -> int:
        """Remove a value; return how many bytes that freed."""
        with self._lock:
            if id not in self._kept:
                return 0
            self._policy.forget(id)
            return self._drop(id)

    def kept(self) -> Iterator[Kept]:
        """Yield everything that lies here."""
        with self._lock:
            everything = list(self._kept.values())
        yield from everything

    def _leaving(self, size: int, score: float) -> list[Kept] | None:
        """Return the least worthy values whose place is needed; None when they are worth more."""
        missing = self.size_bytes + size - self.budget_bytes
        if missing <= 0:
            return []
        leaving: list[Kept] = []
        for id in sorted(self._kept, key=self._policy.score):
            if self._policy.score(id) > score:
                return None
            leaving.append(self._kept[id])
            missing -= leaving[-1].encoded.size_bytes
            if missing <= 0:
                return leaving
        return None

    def _drop(self, id: ValueId) -> int:
        size = self._kept.pop(id).encoded.size_bytes
        self.size_bytes -= size
        return size


class CostOverSize:
    """LIMA's score: (hits + misses) · cost / size (Phani et al., SIGMOD 2021, section 4.3).

    Demand for a value that has left is remembered, so that it stays the next time.
    """

    def __init__(self) -> None:
        self._seen: dict[ValueId, tuple[int, float, int]] = {}

    def note(self, id: ValueId, *, cost_s: float, size_bytes: int, hit: bool) -> None:
        """Count the demand."""
        count = self._seen.get(id, (0, 0.0, 0))[0]
        self._seen[id] = count + 1, cost_s, size_bytes

    def score(self, id: ValueId) -> float:
        """Return seconds saved a byte, times the demand."""
        count, cost_s, size_bytes = self._seen.get(id, (0, 0.0, 1))
        return math.inf if not size_bytes else count * cost_s / size_bytes

    def forget(self, id: ValueId) -> None:
        """Forget the demand."""
        self._seen.pop(id, None)


def _private(encoded: Encoded) -> Encoded:
    buffers = tuple(bytes(buffer) for buffer in encoded.buffers)
    return Encoded(encoded.format, encoded.meta, buffers, encoded.children, encoded.trusted_only)
