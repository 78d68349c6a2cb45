"""Memory over disk: one blob store of two tiers, which spills only what is worth the writing.

A value whose cost of computation is given stays in memory until it has to leave; it is then written
out only when computing it again would take longer than writing and reading it (LIMA, SIGMOD 2021,
section 4.3), by the bandwidth measured so far. A value without a given cost is written through: it
was acknowledged, so it survives this process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from clew.lineage.cache.memory import Kept, MemoryTier
from clew.lineage.canonical import ValueId
from clew.lineage.ports import BlobStore, Encoded
from clew.lineage.values import Bandwidth


class TieredBlobs:
    """A `BlobStore` that keeps what is asked for in memory, over one that keeps the rest.

    Parameters
    ----------
    memory : MemoryTier
        The upper tier.
    blobs : BlobStore
        The lower tier.

    Attributes
    ----------
    reading, writing : Bandwidth
        Of the lower tier, measured while it is used.
    """

    def __init__(self, memory: MemoryTier, blobs: BlobStore) -> None:
        self.memory = memory
        self.blobs = blobs
        self.reading = Bandwidth()
        self.writing = Bandwidth()

    def put(self, id: ValueId, encoded: Encoded, cost_s: float | None = None) -> int:
        """Store a value's bytes and return the size in bytes.

        Parameters
        ----------
        cost_s : float, optional
            Seconds to compute the value again: keep it in memory, spill it when that pays.
            None: write it through.
        """
        if cost_s is None:
            size_bytes = self._write(id, encoded)
            self._spill(self.memory.put(id, encoded, self.reading.seconds(encoded.size_bytes)))
            return size_bytes
        leaving = self.memory.put(id, encoded, cost_s)
        if leaving is None:
            self._spill((Kept(id, encoded, cost_s),))
        self._spill(leaving)
        return encoded.size_bytes

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
            self.reading.note(found.size_bytes, elapsed_s)
            self._spill(self.memory.put(id, found, elapsed_s))
        return found

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are in one of the tiers."""
        return self.memory.has(id) or self.blobs.has(id)

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
        for kept in self.memory.kept():
            if kept.id not in below:
                yield kept.id, kept.encoded.size_bytes, time.time()

    def is_worth_writing(self, size_bytes: int, cost_s: float) -> bool:
        """Tell whether computing a value again takes longer than writing and reading it."""
        return cost_s > self.writing.seconds(size_bytes) + self.reading.seconds(size_bytes)

    def flush(self) -> None:
        """Write out what is in memory alone and worth it: this process is about to end."""
        self._spill(tuple(self.memory.kept()))

    def _spill(self, leaving: tuple[Kept, ...] | None) -> None:
        for kept in leaving or ():
            if self.is_worth_writing(kept.encoded.size_bytes, kept.cost_s):
                self._write(kept.id, kept.encoded)

    def _write(self, id: ValueId, encoded: Encoded) -> int:
        started = time.perf_counter()
        size_bytes = self.blobs.put(id, encoded)
        self.writing.note(encoded.size_bytes, time.perf_counter() - started)
        return size_bytes
