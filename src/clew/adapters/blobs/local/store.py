"""The adapter: `BlobStore` over a directory of this machine."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from clew.adapters.blobs.local import files, framing, layout, streams
from clew.adapters.blobs.local.streams import LocalReceiver
from clew.errors import CorruptValue, NotFound, StoreError
from clew.lineage.canonical import ValueId
from clew.lineage.ports import Encoded

_TOUCH_S = 3600.0
"""The time of last use is kept to the hour: `gc` asks for days."""

_STALE_S = 86_400.0


class LocalBlobs:
    """Bytes of values, one file each, named by content id.

    Parameters
    ----------
    root : str or Path
        Directory of the files; it is made when it is absent.
    durable : bool, default False
        Wait until the disk has each value, so that it survives the death of the machine; without,
        it survives the death of every process.

    Raises
    ------
    StoreError
        When the directory cannot be made.
    """

    def __init__(self, root: str | Path, *, durable: bool = False) -> None:
        self.root = Path(root).absolute()
        self._root = str(self.root)
        self._durable = durable
        self._verified: dict[ValueId, tuple[int, int, int]] = {}
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise files.explain(error, self._root, "stored") from error

    def put(self, id: ValueId, encoded: Encoded) -> int:
        """Store a value's bytes (once) and return the stored size in bytes."""
        path = layout.file_of(self._root, id)
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            pieces = framing.pack(id, encoded)
            files.write(path, pieces, durable=self._durable)
            return sum(len(piece) for piece in pieces)
        _touch(path, status)
        return status.st_size

    def get(self, id: ValueId) -> Encoded | None:
        """Return a value's bytes, verified, or None; the buffers are the caller's own.

        Raises
        ------
        CorruptValue
            When they do not match their checksum; they are moved to quarantine first.
        """
        path = layout.file_of(self._root, id)
        content = files.read(path)
        if content is None:
            return None
        file, status = content
        # A large file is summed once; it cannot change without a new inode, time or size.
        state = status.st_ino, status.st_mtime_ns, status.st_size
        known = self._verified.get(id) == state
        encoded = framing.unpack(id, file, verify=not known)
        if encoded is None:
            raise self._set_aside(id, path)
        if status.st_size >= files.MAPPED_BYTES:
            self._verified[id] = state
        _touch(path, status)
        return encoded

    def has(self, id: ValueId) -> bool:
        """Tell whether a value's bytes are there."""
        return os.path.exists(layout.file_of(self._root, id))  # noqa: PTH110

    def size(self, id: ValueId) -> int | None:
        """Return the size of a value's file; None when absent."""
        try:
            return os.stat(layout.file_of(self._root, id)).st_size  # noqa: PTH116
        except OSError:
            return None

    def children(self, id: ValueId) -> tuple[ValueId, ...] | None:
        """Return the values that a stored one refers to, from its header; None when absent."""
        path = layout.file_of(self._root, id)
        head = files.read_head(path, framing.HEAD_BYTES)
        if head is None:
            return None
        found = framing.children(id, head)
        if found is None:  # A long header, or a damaged one: reading it all will tell.
            encoded = self.get(id)
            return None if encoded is None else encoded.children
        return found

    def receive(self) -> LocalReceiver:
        """Begin a file that comes in pieces (`clew.lineage.ports.StreamStore`)."""
        return LocalReceiver(self._root, durable=self._durable)

    def stream(self, id: ValueId, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of a file from `start` up to (not including) `stop`, in pieces.

        All of it is verified on the way; of a part, the whole before (once in a process).
        """
        size_bytes = self.length(id)
        if size_bytes is None:
            raise NotFound("no file with this content is stored", got=id.hex())
        first, last, _ = slice(start, stop).indices(size_bytes)
        path = layout.file_of(self._root, id)
        status = os.stat(path)  # noqa: PTH116
        _touch(path, status)
        state = status.st_ino, status.st_mtime_ns, status.st_size
        if self._verified.get(id) == state:
            return streams.pieces(path, first, last)
        if (first, last) == (0, size_bytes):
            return self._verifying(id, path, state)
        if not self.is_intact(id):
            raise self._set_aside(id, path)
        self._verified[id] = state
        return streams.pieces(path, first, last)

    def _verifying(self, id: ValueId, path: str, state: tuple[int, int, int]) -> Iterator[bytes]:
        if not (yield from streams.verified_pieces(id, path)):
            raise self._set_aside(id, path)
        self._verified[id] = state

    def length(self, id: ValueId) -> int | None:
        """Return a file's size in bytes; None when there is none with this content."""
        head = files.read_head(layout.file_of(self._root, id), framing.STREAM_HEAD)
        return None if head is None else framing.stream_size(id, head)

    def holds(self, id: ValueId) -> bool:
        """Tell whether a file with this content is there."""
        return self.length(id) is not None

    def is_intact(self, id: ValueId) -> bool:
        """Read a value's file and tell whether it matches its checksum; leave it where it is."""
        content = files.read(layout.file_of(self._root, id))
        return content is None or framing.unpack(id, content[0], verify=True) is not None

    def delete(self, id: ValueId) -> int:
        """Remove a value's bytes; return how many bytes that freed."""
        path = Path(layout.file_of(self._root, id))
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise files.explain(error, str(path), "removed") from error
        self._verified.pop(id, None)
        return size

    def ids(self) -> Iterator[tuple[ValueId, int, float]]:
        """Yield ``(id, stored bytes, seconds since the epoch of last use)``."""
        for id, entry in layout.values(self.root):
            with contextlib.suppress(FileNotFoundError):  # Another process removed it meanwhile.
                status = entry.stat()
                yield id, status.st_size, max(status.st_atime, status.st_mtime)

    def leftovers(self) -> Iterator[Path]:
        """Yield the temporary files of writers that died."""
        for pid, entry in layout.temporaries(self.root):
            with contextlib.suppress(FileNotFoundError):
                old = time.time() - entry.stat().st_mtime > _STALE_S
                if old or not _alive(pid):
                    yield Path(entry.path)

    def _set_aside(self, id: ValueId, path: str) -> StoreError:
        target = Path(layout.quarantined(self._root, id))
        self._verified.pop(id, None)
        try:
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)  # noqa: PTH105
        except OSError as error:
            return CorruptValue(
                f"the stored bytes of value {id.hex()} are damaged and could not be set aside",
                got=str(error),
                hint="give this user write access to the store, then run `clew fsck --repair`",
            )
        return CorruptValue(
            f"the stored bytes of value {id.hex()} are damaged",
            got=f"a checksum that does not match; the file is now {target}",
            hint="run the flow again: what the value was made from is known",
        )


def _touch(path: str, status: os.stat_result) -> None:
    """Note the use in the access time: the modification time says when it was written."""
    now = time.time()
    if now - max(status.st_atime, status.st_mtime) > _TOUCH_S:
        with contextlib.suppress(OSError):
            os.utime(path, ns=(int(now * 1e9), status.st_mtime_ns))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
