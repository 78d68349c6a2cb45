"""Content ids of files and directories, and of the paths that lead to them.

Reading is spared where the file system proves that nothing changed: same device and inode, same
size, same modification *and* change time, and both of these were past when the file was read. A
file edited within the clock's resolution of its last reading therefore is read again, as is one
whose times were set back (that moves its change time) or that was replaced by another. What no
file system shows at once is a write through a memory map: it counts when the system has written
the page back.
"""

from __future__ import annotations

import os
import stat
import time
from collections import OrderedDict
from dataclasses import dataclass
from io import FileIO
from pathlib import Path, PosixPath, WindowsPath
from threading import Lock

from blake3 import blake3

from clew.errors import NotFound, Unhashable
from clew.lineage.canonical import ValueId, digest, file_id, frame
from clew.lineage.fingerprint import Context, encode, register

FORMAT = 1
SAFE_AGE_NS = 2_000_000_000
"""Coarsest clock of a common file system (FAT: two seconds)."""

_READ_BYTES = 1 << 20
_TRIES = 3
_REMEMBERED = 65_536


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What the file system says of a file without reading it."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> _Stamp:
        times = (found.st_mtime_ns, found.st_ctime_ns)
        return cls(found.st_dev, found.st_ino, found.st_size, *times)

    def is_settled(self, now_ns: int) -> bool:
        """Tell whether an edit at `now_ns` or later would have another time."""
        return max(self.modified_ns, self.changed_ns) + SAFE_AGE_NS < now_ns


class FileMemo:
    """Content ids of files by stamp. May be used from several threads.

    Parameters
    ----------
    capacity : int
        How many files to remember; the least recently used is forgotten first.
    """

    def __init__(self, capacity: int = _REMEMBERED) -> None:
        self._known: OrderedDict[_Stamp, ValueId] = OrderedDict()
        self._capacity = capacity
        self._lock = Lock()

    def recall(self, stamp: _Stamp) -> ValueId | None:
        """Return what a file with this stamp held."""
        with self._lock:
            known = self._known.get(stamp)
            if known is not None:
                self._known.move_to_end(stamp)
            return known

    def keep(self, stamp: _Stamp, content: ValueId) -> None:
        """Remember what a file with this stamp holds."""
        with self._lock:
            self._known[stamp] = content
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)


MEMO = FileMemo()
"""The memo of this process."""


def fingerprint_file(path: str | os.PathLike[str], *, memo: FileMemo | None = None) -> ValueId:
    """Return the content id of a file's bytes.

    Parameters
    ----------
    path : path-like
        A regular file, or a link to one.
    memo : FileMemo, optional
        Where to look first (default: the memo of this process).

    Raises
    ------
    NotFound
        When there is no such file.
    Unhashable
        When it is no regular file, cannot be read, or is being written.
    """
    memo = MEMO if memo is None else memo
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unhashable(f"{os.fspath(path)} is not a regular file", got=str(path))
        known = memo.recall(_Stamp.of(found))
        return known if known is not None else _read(path, memo)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {os.fspath(path)}", got=str(path)) from error
    except OSError as error:
        raise Unhashable(f"{os.fspath(path)} cannot be read: {error}", got=str(path)) from error


def _read(path: str | os.PathLike[str], memo: FileMemo) -> ValueId:
    for _ in range(_TRIES):
        started_ns = time.time_ns()
        with Path(path).open("rb", buffering=0) as file:
            before = _Stamp.of(os.fstat(file.fileno()))
            content = _hash(file)
            after = _Stamp.of(os.fstat(file.fileno()))
        if before == after and after.is_settled(started_ns):
            memo.keep(after, content)
        if before == after:
            return content
    raise Unhashable(f"{os.fspath(path)} is being written", hint="wait until it is complete")


def _hash(file: FileIO) -> ValueId:
    hasher, size = blake3(), 0
    view = memoryview(bytearray(_READ_BYTES))
    while count := file.readinto(view):
        hasher.update(view[:count])
        size += count
    return file_id(size, hasher.digest())


@register(PosixPath, tag="path", subclasses=True, shared=False)
@register(WindowsPath, tag="path", subclasses=True, shared=False)
def encode_path(value: Path, ctx: Context) -> bytes:
    """Encode a path: its text, and what is there now (a file's content, a tree, nothing)."""
    state = getattr(value, "__dict__", None)
    parts = [encode(str(value), ctx), _there(Path(value), ()), encode(state, ctx)]
    return b"".join(map(frame, parts))


def _there(path: Path, above: tuple[tuple[int, int], ...]) -> bytes:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return b"missing\0"
    except (OSError, ValueError) as error:
        raise Unhashable(f"{path} cannot be read: {error}", got=str(path)) from error
    if not stat.S_ISDIR(found.st_mode):
        return _file(path)
    here = (found.st_dev, found.st_ino)
    if here in above:
        raise Unhashable(f"{path} leads back to a directory above it", got=str(path))
    return b"directory\0" + _tree(path, (*above, here))


def _file(path: Path) -> bytes:
    try:
        return b"file\0" + fingerprint_file(path)
    except NotFound:  # removed since it was looked at
        return b"missing\0"


def _tree(path: Path, above: tuple[tuple[int, int], ...]) -> bytes:
    """Return the digest of a directory: names in order, each with what it is."""
    try:
        names = sorted(os.fsencode(entry.name) for entry in path.iterdir())
    except OSError as error:
        raise Unhashable(f"{path} cannot be read: {error}", got=str(path)) from error
    fields = []
    for name in names:
        fields += [name, _there(path / os.fsdecode(name), above)]
    return digest("directory", FORMAT, fields)
