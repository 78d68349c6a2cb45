"""What every `StreamStore` must do.

Subclass `StreamStoreSuite` in a test module and give the fixture ``streams``: a new, empty store
that is a `BlobStore`, too.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from clew.errors import ClewError, NotFound
from clew.lineage.canonical import Digest, ValueId
from clew.lineage.ports import BlobStore, StreamStore

CONTENT = bytes(range(256)) * 10_000


class Streams(StreamStore, BlobStore, Protocol):
    """What the suite needs: a file is a value among others."""


def receive(streams: StreamStore, content: bytes, piece: int = 100_000) -> tuple[ValueId, int]:
    """Store a content in pieces."""
    receiver = streams.receive()
    for start in range(0, len(content), piece):
        receiver.write(content[start : start + piece])
    return receiver.commit()


class StreamStoreSuite:
    """Tests of the port; the subclass provides ``streams``."""

    @pytest.mark.parametrize("size", [0, 1, 1 << 20, len(CONTENT)])
    def test_a_file_comes_back(self, streams: Streams, size: int) -> None:
        """Whole and in parts; its id does not depend on the pieces."""
        id, size_bytes = receive(streams, CONTENT[:size])
        assert size_bytes == size == streams.length(id)
        assert receive(streams, CONTENT[:size], 77_777)[0] == id
        assert b"".join(streams.stream(id)) == CONTENT[:size]
        for start, stop in ((0, 1), (size // 3, size // 2), (size, None), (5, size + 100)):
            assert b"".join(streams.stream(id, start, stop)) == CONTENT[:size][start:stop]

    def test_a_file_is_a_value(self, streams: Streams) -> None:
        """Listed, measured and deleted as one."""
        id, _ = receive(streams, CONTENT)
        assert streams.has(id)
        assert streams.children(id) == ()
        assert [found for found, _, _ in streams.ids()] == [id]
        encoded = streams.get(id)
        assert encoded is not None
        assert b"".join(map(bytes, encoded.buffers)) == CONTENT
        assert streams.delete(id) > 0
        assert not streams.holds(id)
        with pytest.raises(NotFound):
            list(streams.stream(id))

    def test_what_is_dropped_leaves_nothing(self, streams: Streams) -> None:
        """And takes nothing more."""
        receiver = streams.receive()
        receiver.write(CONTENT)
        receiver.abort()
        receiver.abort()
        assert list(streams.ids()) == []
        with pytest.raises(ClewError):
            receiver.write(b"more")
        with pytest.raises(ClewError):
            receiver.commit()

    def test_unknown_content_is_not_there(self, streams: Streams) -> None:
        """Nor is a value that is no file."""
        id = ValueId(Digest(bytes(20)))
        assert not streams.holds(id)
        assert streams.length(id) is None
        with pytest.raises(NotFound):
            list(streams.stream(id))
