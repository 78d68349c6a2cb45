"""Memory over disk: one blob store of two tiers, which spills only what is worth the writing.

A value whose cost of computation is given stays in memory until it has to leave; it is then written
out only when computing it again would take longer than writing and reading it (LIMA, SIGMOD 2021,
section 4.3), by the bandwidth measured so far. A value without a given cost is written through: it
is to survive this process.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from clew.lineage.cache.bandwidth import Bandwidth
from clew.lineage.cache.evict import CostSizePolicy
from clew.lineage.cache.memory import Leaving, MemoryTier
from clew.lineage.canonical import ValueId
from clew.lineage.ports import BlobStore, Encoded


class TieredBlobs:
    """A `BlobStore` that keeps what is asked for in memory, over one that keeps the rest.

    Parameters
    ----------
    blobs : BlobStore
        The lower tier.
    budget_bytes : int
        How many bytes of values memory may hold.

    Attributes
    ----------
    bandwidth : Bandwidth
        Of the lower tier, measured while it is used.
    """

    def __init__(self, blobs: BlobStore, budget_bytes: int) -> None:
        self.blobs = blobs
        self.bandwidth = Bandwidth()
        self.memory = MemoryTier(
            budget_bytes, CostSizePolicy(budget_bytes, bandwidth=self.bandwidth)
        )

    def put(self, id: ValueId, encoded: Encoded, cost_s: float | None = None) -> int:
        """Store a value's bytes and return the size in bytes.

        Parameters
        ----------
        cost_s : float, optional
            Seconds to compute the value again: keep it in memory, spill it when that pays.
            None: write it through.
        """
        if cost_s is not None:
            self._spill(self.memory.put(id, encoded, cost_s))
            return encoded.size_bytes
        size_bytes = self._write(id, encoded)
        self._spill(self.memory.put(id, encoded, self.bandwidth.load_s(encoded.size_bytes)))
        return size_bytes

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None.

        Raises
        ------
        CorruptValue
            When the lower tier's bytes do not match their checksum.
        """
        found = self.memory.get(id)
        if found is not None:
            return found
        started = time.perf_counter()
        found = self.blobs.get(id)
        if found is not None:
            elapsed_s = time.perf_counter() - started
            self.bandwidth.saw_read(found.size_bytes, elapsed_s)
            self._spill(self.memory.put(id, found, elapsed_s))
        return found

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are in one of the tiers."""
        return self.memory.has(id) or self.blobs.has(id)

    def size(self, id: ValueId) -> int | None:
        """Return the size of a value in bytes; None when absent."""
        size_bytes = self.blobs.size(id)
        if size_bytes is not None:
            return size_bytes
        found = self.memory.peek(id)
        return None if found is None else found.size_bytes

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to; None when absent."""
        found = self.memory.peek(id)
        return self.blobs.children(id) if found is None else found.children

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes from both tiers; return how many bytes that freed."""
        upper = self.memory.delete(id)
        return self.blobs.delete(id) or upper

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""
        below = set()
        for id, size_bytes, used in self.blobs.ids():
            below.add(id)
            yield id, size_bytes, used
        for id, encoded in self.memory.kept():
            if id not in below:
                yield id, encoded.size_bytes, time.time()

    def flush(self) -> None:
        """Write out what lies in memory alone and is worth it: this process is about to end."""
        for id, encoded in self.memory.kept():
            entry = self.memory.policy.entry(id)
            cost_s = entry.cost_s if entry is not None else 0.0
            if self.bandwidth.spill_worth(cost_s, encoded.size_bytes):
                self._write(id, encoded)

    def _spill(self, leaving: Iterable[Leaving]) -> None:
        for one in leaving:
            if one.action == "spill":
                self._write(one.id, one.encoded)

    def _write(self, id: ValueId, encoded: Encoded) -> int:
        started = time.perf_counter()
        size_bytes = self.blobs.put(id, encoded)
        self.bandwidth.saw_write(encoded.size_bytes, time.perf_counter() - started)
        return size_bytes
