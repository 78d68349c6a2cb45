"""The adapter: `BlobStore` and `StreamStore` over objects that have names.

An object holds what a local file would (`clew.adapters.blobs.local.framing`) under the same kind of
name, so that a bucket can be filled by copying a folder. An object is seen only when it is whole,
so writing one is atomic. The time of last use is that of the last write: no other is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Protocol

from blake3 import blake3

from clew.adapters.blobs.local import framing
from clew.errors import CorruptValue, NotFound, StoreError
from clew.lineage.canonical import DIGEST_BYTES, Digest, ValueId, file_id
from clew.lineage.ports import Encoded

PIECE_BYTES = 8 << 20
_VALUES, _QUARANTINE = "values", "quarantine"


class Objects(Protocol):
    """Named objects: what a bucket is, and what a table can be.

    Attributes
    ----------
    place : str
        How messages call it.
    """

    place: str

    def put(self, name: str, content: bytes | BinaryIO) -> None:
        """Write an object, or a file as one; nothing is seen of it before it is whole."""

    def get(self, name: str) -> bytearray | None:
        """Return an object's bytes, or None."""

    def size(self, name: str) -> int | None:
        """Return an object's size in bytes, or None."""

    def part(self, name: str, start: int, end: int) -> bytes | None:
        """Return the bytes from `start` up to (not including) `end`, or None."""

    def delete(self, name: str) -> None:
        """Remove an object, if it is there."""

    def rename(self, name: str, to: str) -> None:
        """Give an object another name, if it is there."""

    def below(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """Yield ``(name, bytes, seconds since the epoch of the last write)`` of a folder."""


class ObjectBlobs:
    """Bytes of values, one object each, named by content id.

    Parameters
    ----------
    objects : Objects
        Where they lie.
    """

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""
        known = self.size(id)
        if known is not None:
            return known
        content = b"".join(framing.pack(id, encoded))
        self.objects.put(_name(id), content)
        return len(content)

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None.

        Raises
        ------
        CorruptValue
            When they do not match their checksum; they are moved to quarantine first.
        """
        found = self.objects.get(_name(id))
        if found is None:
            return None
        encoded = framing.unpack(id, memoryview(found), verify=True)
        if encoded is None:
            raise self._set_aside(id)
        return encoded

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return self.size(id) is not None

    def size(self, id: ValueId) -> int | None:
        """Return the stored size of a value in bytes; None when absent."""
        return self.objects.size(_name(id))

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to, from its header; None when absent."""
        head = self._head(id, framing.HEAD_BYTES)
        if head is None:
            return None
        found = framing.children(id, head)
        if found is None:  # A long header, or a damaged one: reading it all will tell.
            encoded = self.get(id)
            return None if encoded is None else encoded.children
        return found

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""
        size = self.size(id)
        if size is None:
            return 0
        self.objects.delete(_name(id))
        return size

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of the last write)``."""
        for path, size_bytes, written_s in self.objects.below(_VALUES):
            name = PurePosixPath(path).name
            if len(name) == 2 * DIGEST_BYTES:
                yield ValueId(Digest(bytes.fromhex(name))), size_bytes, written_s

    def is_intact(self, id: ValueId) -> bool:
        """Read a value's object and tell whether it matches its checksum."""
        found = self.objects.get(_name(id))
        return found is None or framing.unpack(id, memoryview(found), verify=True) is not None

    def leftovers(self) -> Iterator[Any]:
        """Yield nothing: an upload that was cut off leaves no object."""
        return iter(())

    def receive(self) -> ObjectReceiver:
        """Begin a file that comes in pieces."""
        return ObjectReceiver(self)

    def stream(self, id: ValueId, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a file from `start` up to (not including) `stop`, in pieces.

        A whole file is verified, its last piece held back until then; a part is not: reading all of
        a large object for a part of it would cost more than the part.
        """
        size_bytes = self.length(id)
        if size_bytes is None:
            raise NotFound("no file with this content is stored", got=id.hex())
        first, last, _ = slice(start, stop).indices(size_bytes)
        if (first, last) == (0, size_bytes):
            return self._verifying(id, size_bytes)
        return self._pieces(id, first, last)

    def length(self, id: ValueId) -> int | None:
        """Return a file's size in bytes; None when there is none with this content."""
        head = self._head(id, framing.STREAM_HEAD)
        return None if head is None else framing.stream_size(id, head)

    def holds(self, id: ValueId) -> bool:
        """Tell whether a file with this content is there."""
        return self.length(id) is not None

    def keep(self, id: ValueId, file: Any) -> None:
        """Upload an open file as the object of an id, in parts, unless it is there."""
        if self.length(id) is None:
            self.objects.put(_name(id), file)

    def raw(self, id: ValueId, size_bytes: int) -> Iterator[bytes]:
        """Yield the object of an id as it is, unverified; nothing when it is gone."""
        for start in range(0, size_bytes, PIECE_BYTES):
            end = min(start + PIECE_BYTES, size_bytes)
            got = self.objects.part(_name(id), start, end)
            if got is None:
                return
            yield got

    def keep_raw(self, id: ValueId, file: BinaryIO) -> None:
        """Upload a file of a store's folder as the object of an id."""
        self.objects.put(_name(id), file)

    def _pieces(self, id: ValueId, first: int, last: int) -> Iterator[bytes]:
        while first < last:
            end = min(first + PIECE_BYTES, last)
            shift = framing.STREAM_HEAD
            got = self.objects.part(_name(id), shift + first, shift + end)
            if got is None or len(got) != end - first:
                raise self._set_aside(id)
            yield got
            first = end

    def _verifying(self, id: ValueId, size_bytes: int) -> Iterator[bytes]:
        hasher, held = blake3(), b""
        for piece in self._pieces(id, 0, size_bytes):
            if held:
                yield held
            hasher.update(piece)
            held = piece
        if file_id(size_bytes, hasher.digest()) != id:
            raise self._set_aside(id)
        if held:
            yield held

    def _head(self, id: ValueId, size: int) -> memoryview | None:
        known = self.size(id)
        if known is None:
            return None
        found = self.objects.part(_name(id), 0, min(size, known))
        return None if found is None else memoryview(found)

    def _set_aside(self, id: ValueId) -> CorruptValue:
        self.objects.rename(_name(id), f"{_QUARANTINE}/{id.hex()}")
        return CorruptValue(
            f"the stored bytes of value {id.hex()} do not match their checksum",
            got=self.objects.place,
            hint=f"they were moved to {_QUARANTINE}/; compute the value again, or store it again",
        )


class ObjectReceiver:
    """A file on its way in: the port `clew.lineage.ports.Receiver`.

    Its name is known only at its end, so it waits in a temporary file of this machine.
    """

    def __init__(self, blobs: ObjectBlobs) -> None:
        self._blobs = blobs
        self._hasher = blake3()
        self._size_bytes = 0
        self._file = tempfile.TemporaryFile(prefix="clew-")  # noqa: SIM115
        self._file.write(bytes(framing.STREAM_HEAD))
        self._done: tuple[ValueId, int] | None = None

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        if self._file.closed:
            raise StoreError("the file is complete or was dropped", hint="begin another one")
        try:
            self._file.write(chunk)
        except OSError as error:
            self.abort()
            raise StoreError("a file on its way cannot be written", got=str(error)) from error
        self._hasher.update(chunk)
        self._size_bytes += memoryview(chunk).nbytes

    def commit(self) -> tuple[ValueId, int]:
        """Keep the file; return its content id and size in bytes."""
        if self._done is None:
            if self._file.closed:
                raise StoreError("the file was dropped", hint="begin another one")
            content = self._hasher.digest()
            id = file_id(self._size_bytes, content)
            with self._file:
                self._file.seek(0)
                self._file.write(framing.stream_head(self._size_bytes, content))
                self._file.seek(0)
                self._blobs.keep(id, self._file)
            self._done = id, self._size_bytes
        return self._done

    def abort(self) -> None:
        """Drop what was written."""
        self._file.close()


def _name(id: ValueId) -> str:
    name = id.hex()
    return f"{_VALUES}/{name[:2]}/{name}"
