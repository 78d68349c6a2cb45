"""The adapter: small values beside their records, large ones in a store of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from clew.lineage.canonical import ValueId
from clew.lineage.ports import BlobStore, Encoded


class Small(BlobStore, Protocol):
    """What takes small values in."""

    def pack(self, id: ValueId, encoded: Encoded) -> bytes | None:
        """Return what `put_packed` stores, or None when the value is not small."""

    def put_packed(self, id: ValueId, content: bytes) -> int:
        """Store packed bytes."""


class SplitBlobs:
    """A `SmallBlobs` of two: each value lies in one of them, by its size.

    Parameters
    ----------
    small : Small
        Asked first: most values are small.
    large : BlobStore
        Takes what `small` does not.
    """

    def __init__(self, small: Small, large: BlobStore) -> None:
        self.small = small
        self.large = large

    def pack(self, id: ValueId, encoded: Encoded) -> bytes | None:
        """Return a value's bytes as `Value.content` takes them; None when they are too many."""
        return None if encoded.format == "file" else self.small.pack(id, encoded)

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""
        content = self.pack(id, encoded)  # Files are read in pieces, however small they are.
        if content is None:
            return self.large.put(id, encoded)
        # A store from before this split holds small values among the large ones.
        known = self.large.size(id)
        return self.small.put_packed(id, content) if known is None else known

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None."""
        found = self.small.get(id)
        return self.large.get(id) if found is None else found

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return self.small.has(id) or self.large.has(id)

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""
        found = self.small.size(id)
        return self.large.size(id) if found is None else found

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to; None when absent."""
        found = self.small.children(id)
        return self.large.children(id) if found is None else found

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""
        # Files first: removing them needs no room on a full disk.
        freed_bytes = self.large.delete(id)
        return freed_bytes + self.small.delete(id)

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""
        doubled: dict[ValueId, tuple[int, float]] = {}
        for id, size_bytes, used_s in self.small.ids():
            doubled[id] = size_bytes, used_s
        for id, size_bytes, used_s in self.large.ids():
            extra_bytes, other_s = doubled.pop(id, (0, 0.0))
            yield id, size_bytes + extra_bytes, max(used_s, other_s)
        for id, (size_bytes, used_s) in doubled.items():
            yield id, size_bytes, used_s
