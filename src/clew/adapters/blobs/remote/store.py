"""The adapter: `BlobStore` and `StreamStore` on a server.

Values travel as a local store would file them, under their content ids: whoever receives one
checks its sum, and the server what it decodes to. That a value is there is remembered for a while:
`clew gc` on the server spares what was used lately.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from clew.adapters.blobs.local import framing
from clew.adapters.blobs.remote.streams import RemoteReceiver, pieces
from clew.adapters.stores.sql import packing
from clew.adapters.stores.sql.blobs import LIMIT_BYTES
from clew.errors import CorruptValue, NotFound, UnsupportedValue
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded
from clew.wire.ports import About, Presence

if TYPE_CHECKING:
    from clew.adapters.stores.remote.channel import Channel

_REMEMBERED = 65_536
_REMEMBERED_S = 600.0
_PICKLE = "pickle"


class _Stored(msgspec.Struct, frozen=True):
    changed: int


class RemoteBlobs:
    """Bytes of values on a server.

    Parameters
    ----------
    channel : Channel
        The way to it.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._connection = channel.connection
        self._seen: OrderedDict[ValueId, tuple[Presence, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._about: About | None = None

    @property
    def about(self) -> About:
        """What the server takes."""
        if self._about is None:
            self._about = self._channel.ask("steps.about", {})
        return self._about

    def learn(self, present: Mapping[ValueId, Presence]) -> None:
        """Remember values that are there."""
        now_s = time.monotonic()
        with self._lock:
            for id, presence in present.items():
                self._seen[id] = presence, now_s
                self._seen.move_to_end(id)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)

    def pack(self, id: ValueId, encoded: Encoded) -> bytes | None:
        """Return a small value's bytes as `Value.content` takes them; None for others."""
        if encoded.format == framing.STREAM_FORMAT or encoded.size_bytes > LIMIT_BYTES:
            return None
        self._demand(encoded)
        content = packing.pack(id, encoded)
        self.learn({id: Presence(len(content), encoded.children, content)})
        return content

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes.

        Raises
        ------
        UnsupportedValue
            When the server would not take it.
        """
        known = self.size(id)
        if known is not None:
            return known
        self._demand(encoded)
        file = framing.pack(id, encoded)
        content = self._connection.upload("PUT", f"/values/{id.hex()}", file)
        stored_bytes = msgspec.json.decode(content, type=_Stored).changed
        self.learn({id: Presence(stored_bytes, encoded.children)})
        return stored_bytes

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None; the buffers are the caller's own.

        Raises
        ------
        CorruptValue
            When what arrives does not match its checksum.
        """
        known = self._recall(id)
        if known is not None and known.content is not None:
            return packing.unpack(id, known.content)
        try:
            file = self._connection.request("GET", f"/values/{id.hex()}", repeat=True)
        except NotFound:
            self._forget(id)
            return None
        encoded = framing.unpack(id, memoryview(file), verify=True)
        if encoded is None:
            raise CorruptValue(
                f"value {id.hex()} arrived damaged",
                got="a checksum that does not match",
                hint="run the flow again: what the value was made from is known",
            )
        return encoded

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return self._present(id) is not None

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""
        found = self._present(id)
        return None if found is None else found.size_bytes

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to; None when absent."""
        found = self._present(id)
        return None if found is None else found.children

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""
        self._forget(id)
        freed_bytes: int = self._channel.ask("blobs.delete", {"id": id})
        return freed_bytes

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""
        yield from self._channel.ask("blobs.ids", {})

    def receive(self) -> RemoteReceiver:
        """Begin a file that comes in pieces."""
        return RemoteReceiver(self._connection)

    def stream(self, id: ValueId, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a file from `start` up to (not including) `stop`, in pieces."""
        size_bytes = self.length(id)
        if size_bytes is None:
            raise NotFound("no file with this content is stored", got=id.hex())
        first, last, _ = slice(start, stop).indices(size_bytes)
        yield from pieces(self._connection, id, size_bytes, first, last)

    def length(self, id: ValueId) -> int | None:
        """Return a file's size in bytes; None when there is none with this content."""
        found: int | None = self._channel.ask("blobs.length", {"id": id})
        return found

    def holds(self, id: ValueId) -> bool:
        """Tell whether a file with this content is there."""
        return self.length(id) is not None

    def _present(self, id: ValueId) -> Presence | None:
        known = self._recall(id)
        if known is None:
            found: Mapping[ValueId, Presence] = self._channel.ask("blobs.presence", {"ids": [id]})
            self.learn(found)
            known = found.get(id)
        return known

    def _recall(self, id: ValueId) -> Presence | None:
        with self._lock:
            known = self._seen.get(id)
        if known is None or time.monotonic() - known[1] > _REMEMBERED_S:
            return None
        return known[0]

    def _forget(self, id: ValueId) -> None:
        with self._lock:
            self._seen.pop(id, None)

    def _demand(self, encoded: Encoded) -> None:
        """Refuse what the server would not take, before it is sent."""
        about = self.about
        form = _PICKLE if encoded.trusted_only else encoded.format
        if about.formats and form not in about.formats:
            why = (
                "takes no pickles"
                if form == _PICKLE
                else f"cannot check values of the format {form!r}"
            )
            raise UnsupportedValue(
                f"the server {why}",
                got=self._connection.address,
                hint="return plain data, arrays, tables or estimators"
                if form == _PICKLE
                else "install the library of that format where the server runs",
            )
