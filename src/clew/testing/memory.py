"""A blob store in memory: the smallest thing that keeps the port's promises."""

from __future__ import annotations

import time
from collections.abc import Iterator

from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded


class MemoryBlobs:
    """Bytes of values in a dictionary; what is returned cannot be written."""

    def __init__(self) -> None:
        self._values: dict[ValueId, tuple[Encoded, float]] = {}

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""
        if id not in self._values:
            copied = Encoded(
                encoded.format,
                encoded.meta,
                tuple(bytes(buffer) for buffer in encoded.buffers),
                encoded.children,
                encoded.trusted_only,
            )
            self._values[id] = copied, time.time()
        return max(1, self._values[id][0].size_bytes)

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, or None."""
        found = self._values.get(id)
        return None if found is None else found[0]

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return id in self._values

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""
        found = self._values.get(id)
        return None if found is None else max(1, found[0].size_bytes)

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to; None when absent."""
        found = self._values.get(id)
        return None if found is None else found[0].children

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""
        found = self._values.pop(id, None)
        return 0 if found is None else max(1, found[0].size_bytes)

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""
        for id, (encoded, used) in list(self._values.items()):
            yield id, max(1, encoded.size_bytes), used
