"""Values kept in memory as bytes, under a budget; what leaves first is the policy's choice.

What lies here is private to the cache: bytes are copied in, and handed out in buffers that cannot
be written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from clew.lineage.cache.evict import Action, CostSizePolicy, EvictionPolicy
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


@dataclass(frozen=True, slots=True)
class Leaving:
    """A value that leaves memory, and whether it is worth writing to the tier below."""

    id: ValueId
    encoded: Encoded
    action: Action


class MemoryTier:
    """Encoded values by content id, up to a number of bytes. Safe for threads.

    Parameters
    ----------
    budget_bytes : int
        How many bytes of values may lie here.
    policy : EvictionPolicy, optional
        Default: LIMA's cost and size; its budget must be the tier's.
    """

    def __init__(self, budget_bytes: int, policy: EvictionPolicy | None = None) -> None:
        self.policy = CostSizePolicy(budget_bytes) if policy is None else policy
        self._kept: dict[ValueId, Encoded] = {}
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """What the values here take together."""
        return self.policy.used_bytes

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes (read-only), or None; either counts as demand."""
        with self._lock:
            found = self._kept.get(id)
            self.policy.touch(id, "miss" if found is None else "hit")
            return found

    def put(self, id: ValueId, encoded: Encoded, cost_s: float) -> tuple[Leaving, ...]:
        """Keep a copy of a value's bytes; return what leaves memory for it.

        A value that is worth less than what would have to leave is refused: it is then itself what
        is returned.
        """
        with self._lock:
            if id in self._kept:
                return ()
            answer = self.policy.admit(id, size_bytes=encoded.size_bytes, cost_s=cost_s)
            leaving = []
            for victim in answer.victims:
                leaver = cast(ValueId, victim.key)
                leaving.append(Leaving(leaver, self._kept.pop(leaver), victim.action))
            if answer.admitted:
                self._kept[id] = _private(encoded)
            else:
                leaving.append(Leaving(id, encoded, answer.action or "drop"))
            return tuple(leaving)

    def peek(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes without counting that as demand."""
        return self._kept.get(id)

    def has(self, id: ValueId) -> bool:
        """Tell whether a value lies here."""
        return id in self._kept

    def delete(self, id: ValueId) -> int:
        """Remove a value; return how many bytes that freed."""
        with self._lock:
            self.policy.discard(id)
            found = self._kept.pop(id, None)
            return 0 if found is None else found.size_bytes

    def kept(self) -> Iterator[tuple[ValueId, Encoded]]:
        """Yield everything that lies here."""
        with self._lock:
            everything = list(self._kept.items())
        yield from everything


def _private(encoded: Encoded) -> Encoded:
    buffers = tuple(bytes(buffer) for buffer in encoded.buffers)
    return Encoded(encoded.format, encoded.meta, buffers, encoded.children, encoded.trusted_only)
