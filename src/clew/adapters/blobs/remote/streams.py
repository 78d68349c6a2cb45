"""Files that go to a server and come from it in pieces, hashed on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from blake3 import blake3

from clew.adapters.stores.remote.connection import Connection, Upload
from clew.errors import CorruptValue, StoreError
from clew.lineage.canonical import ValueId, file_id


class _Kept(msgspec.Struct, frozen=True):
    id: str
    size_bytes: int


class RemoteReceiver:
    """A file on its way to a server: the port `clew.lineage.ports.Receiver`."""

    def __init__(self, connection: Connection) -> None:
        self._hasher = blake3()
        self._size_bytes = 0
        self._upload: Upload | None = Upload(connection, "POST", "/files")
        self._done: tuple[ValueId, int] | None = None

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        if self._upload is None:
            raise StoreError("the file is complete or was dropped", hint="begin another one")
        self._upload.write(chunk)
        self._hasher.update(chunk)
        self._size_bytes += memoryview(chunk).nbytes

    def commit(self) -> tuple[ValueId, int]:
        """Keep the file; return its content id and size in bytes."""
        if self._done is None:
            if self._upload is None:
                raise StoreError("the file was dropped", hint="begin another one")
            kept = msgspec.json.decode(self._upload.finish(), type=_Kept)
            self.abort()
            id = file_id(self._size_bytes, self._hasher.digest())
            if kept.id != id.hex():
                raise CorruptValue("a file was damaged on its way", got=kept.id, expected=id.hex())
            self._done = id, self._size_bytes
        return self._done

    def abort(self) -> None:
        """Drop what was written."""
        if self._upload is not None:
            self._upload.close()
            self._upload = None


def pieces(
    connection: Connection, id: ValueId, size_bytes: int, first: int, last: int
) -> Iterator[bytes]:
    """Yield a part of a file; of a whole one, the last piece only when all of it is sound."""
    whole = (first, last) == (0, size_bytes)
    hasher, held, got_bytes = blake3(), b"", 0
    if last > first:
        for piece in connection.download(f"/files/{id.hex()}?start={first}&stop={last}"):
            if held:
                yield held
            if whole:
                hasher.update(piece)
            got_bytes += len(piece)
            held = piece
    if got_bytes != last - first or (whole and file_id(size_bytes, hasher.digest()) != id):
        raise CorruptValue(
            f"file {id.hex()} arrived damaged",
            got=f"{got_bytes} bytes" if got_bytes != last - first else "another content",
            hint="read it again",
        )
    if held:
        yield held
