"""What every `BlobStore` must do.

Subclass `BlobStoreSuite` in a test module and give the fixture ``blobs``: a new, empty store.
"""

from __future__ import annotations

import os
import threading

from clew.lineage.ports import BlobStore, Encoded
from clew.testing.records import value_id


def content(encoded: Encoded | None) -> tuple[object, ...] | None:
    """Return what a stored value holds, comparable."""
    if encoded is None:
        return None
    buffers = tuple(bytes(buffer) for buffer in encoded.buffers)
    return encoded.format, encoded.meta, buffers, encoded.children, encoded.trusted_only


SAMPLES = [
    Encoded("plain", b"1", (b"small",)),
    Encoded("empty", b""),
    Encoded("array", b"dtype", (b"", b"x", b"")),
    Encoded("big", b"m" * 500, (os.urandom(300_000), b"a" * 200_000), (value_id("child"),)),
    Encoded("zeros", b"", (bytes(3_000_000),)),
    Encoded("twins", b"", (), (value_id("child"), value_id("child")), trusted_only=True),
]


class BlobStoreSuite:
    """Tests of the port; the subclass provides ``blobs``."""

    def test_bytes_come_back(self, blobs: BlobStore) -> None:
        """Every field, small and large, compressible and not."""
        for number, sample in enumerate(SAMPLES):
            id = value_id(str(number))
            assert blobs.get(id) is None
            assert not blobs.has(id)
            assert blobs.size(id) is None
            stored = blobs.put(id, sample)
            assert blobs.size(id) == stored > 0
            assert blobs.has(id)
            assert content(blobs.get(id)) == content(sample)

    def test_children_are_known_without_reading(self, blobs: BlobStore) -> None:
        """As often as they are referred to; None for a value that is not there."""
        for number, sample in enumerate(SAMPLES):
            id = value_id(str(number))
            assert blobs.children(id) is None
            blobs.put(id, sample)
            assert blobs.children(id) == sample.children

    def test_a_value_is_stored_once(self, blobs: BlobStore) -> None:
        """A second put of an id changes nothing and gives the same size."""
        id = value_id("x")
        size = blobs.put(id, SAMPLES[0])
        assert blobs.put(id, SAMPLES[0]) == size
        assert [(found, stored) for found, stored, _ in blobs.ids()] == [(id, size)]

    def test_what_is_returned_is_private(self, blobs: BlobStore) -> None:
        """Writing into a buffer changes neither the store nor what others were given."""
        for number, sample in enumerate(SAMPLES):
            id = value_id(str(number))
            blobs.put(id, sample)
            first, second = blobs.get(id), blobs.get(id)
            assert first is not None
            for buffer in first.buffers:
                if isinstance(buffer, memoryview) and not buffer.readonly and buffer.nbytes:
                    buffer.cast("B")[0] ^= 255
            assert content(second) == content(sample)
            assert content(blobs.get(id)) == content(sample)

    def test_deleting_frees_the_bytes(self, blobs: BlobStore) -> None:
        """And what was read before stays valid."""
        id = value_id("x")
        size = blobs.put(id, SAMPLES[3])
        read = blobs.get(id)
        assert blobs.delete(id) == size
        assert blobs.delete(id) == 0
        assert not blobs.has(id)
        assert blobs.get(id) is None
        assert content(read) == content(SAMPLES[3])

    def test_ids_lists_everything(self, blobs: BlobStore) -> None:
        """With the stored size and a time of last use."""
        sizes = {value_id(str(n)): blobs.put(value_id(str(n)), SAMPLES[0]) for n in range(20)}
        found = list(blobs.ids())
        assert {id: size for id, size, _ in found} == sizes
        assert all(used > 1_600_000_000 for _, _, used in found)

    def test_threads_write_the_same_value_at_once(self, blobs: BlobStore) -> None:
        """Nobody sees a part of it."""
        id, sample = value_id("x"), SAMPLES[3]
        seen: list[object] = []

        def work() -> None:
            for _ in range(5):
                blobs.put(id, sample)
                seen.append(content(blobs.get(id)))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [content(sample)] * 20
