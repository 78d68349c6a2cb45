"""Files that come and go in pieces: hashed on their way in, checked on their way out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path

from blake3 import blake3

from clew.adapters.blobs.local import files, framing, layout
from clew.errors import StoreError
from clew.lineage.canonical import ValueId, file_id

PIECE_BYTES = 1 << 20
_WAITING = "00"
"""Files on their way in lie in this shard: their own is known only at their end."""


class LocalReceiver:
    """A file on its way in: the port `clew.lineage.ports.Receiver`.

    Parameters
    ----------
    root : str
        Directory of the store.
    durable : bool
        Wait until the disk has it.

    Raises
    ------
    StoreError
        When the disk is full or cannot be written; nothing is left behind.
    """

    def __init__(self, root: str, *, durable: bool) -> None:
        self._root = root
        self._durable = durable
        self._hasher = blake3()
        self._size_bytes = 0
        self._done: tuple[ValueId, int] | None = None
        self._path = layout.temporary_beside(f"{root}{os.sep}{_WAITING}{os.sep}stream")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)  # noqa: PTH103, PTH120
            self._descriptor = os.open(self._path, flags, 0o644)
            self._write(bytes(framing.STREAM_HEAD))
        except OSError as error:
            raise files.explain(error, self._path, "written") from error

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes."""
        if self._descriptor < 0:
            raise StoreError("the file is complete or was dropped", hint="begin another one")
        try:
            self._write(chunk)
        except OSError as error:
            self.abort()
            raise files.explain(error, self._path, "written") from error
        self._hasher.update(chunk)
        self._size_bytes += memoryview(chunk).nbytes

    def commit(self) -> tuple[ValueId, int]:
        """Keep the file; return its content id and size in bytes."""
        if self._done is not None:
            return self._done
        if self._descriptor < 0:
            raise StoreError("the file was dropped", hint="begin another one")
        content = self._hasher.digest()
        id = file_id(self._size_bytes, content)
        target = layout.file_of(self._root, id)
        try:
            os.pwrite(self._descriptor, framing.stream_head(self._size_bytes, content), 0)
            if self._durable:
                os.fsync(self._descriptor)
            self._place(target, id)
        except OSError as error:
            self.abort()
            raise files.explain(error, target, "written") from error
        self._done = id, self._size_bytes
        return self._done

    def abort(self) -> None:
        """Drop what was written."""
        self._close()
        if self._done is None:
            with contextlib.suppress(OSError):
                Path(self._path).unlink(missing_ok=True)

    def _place(self, target: str, id: ValueId) -> None:
        self._close()
        head = files.read_head(target, framing.STREAM_HEAD)
        if head is not None and framing.stream_size(id, head) == self._size_bytes:
            os.unlink(self._path)  # noqa: PTH108
            os.utime(target)
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        os.replace(self._path, target)  # noqa: PTH105
        if self._durable:
            files.sync_directory(os.path.dirname(target))  # noqa: PTH120

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        view = memoryview(chunk).cast("B")
        while view:
            view = view[os.write(self._descriptor, view[:PIECE_BYTES]) :]

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # It could not be begun.
            self.abort()


def pieces(path: str, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes of a stream's file from `start` to `stop`, unverified.

    Raises
    ------
    StoreError
        When the file ends before.
    """
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        file.seek(framing.STREAM_HEAD + start)
        left = stop - start
        while left > 0:
            piece = file.read(min(PIECE_BYTES, left))
            if not piece:
                raise StoreError(f"the file is shorter than it says: {path}")
            left -= len(piece)
            yield piece


def verified_pieces(id: ValueId, path: str) -> Generator[bytes, None, bool]:
    """Yield the bytes of a stream's file but for a damaged end; return whether all were sound.

    The last piece is held back until the sum is known, so that nobody takes a damaged file for a
    whole one.
    """
    hasher, held, size_bytes = blake3(), b"", 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        head = memoryview(file.read(framing.STREAM_HEAD))
        while piece := file.read(PIECE_BYTES):
            if held:
                yield held
            hasher.update(piece)
            size_bytes += len(piece)
            held = piece
    sound = framing.stream_size(
        id, head
    ) == size_bytes and hasher.digest() == framing.stream_digest(head)
    if sound and held:
        yield held
    return sound
