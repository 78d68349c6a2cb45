"""Files of values: written whole or not at all, read into memory of the reader's own."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

from clew.adapters.blobs.local.layout import temporary_beside
from clew.errors import StoreError

MAPPED_BYTES = 64 << 10
"""Smaller files are read: that is faster than mapping them."""

_WRITE_BYTES = 1 << 28
"""Some systems refuse to write 2 GiB at once."""


def write(path: str, pieces: Sequence[bytes | memoryview], *, durable: bool) -> None:
    """Write a file so that readers see all of it or nothing, whatever dies meanwhile.

    Raises
    ------
    StoreError
        When the disk is full or the directory cannot be written; nothing is left behind.
    """
    temporary = temporary_beside(path)
    try:
        try:
            _write_new(temporary, pieces, durable=durable)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            _write_new(temporary, pieces, durable=durable)
        os.replace(temporary, path)  # noqa: PTH105
        if durable:
            sync_directory(os.path.dirname(path))  # noqa: PTH120
    except OSError as error:
        _remove(temporary)
        raise explain(error, path, "written") from error
    except BaseException:
        _remove(temporary)
        raise


def read(path: str) -> tuple[memoryview, os.stat_result] | None:
    """Return the content of a file (a private copy, writable) and its status; None if absent."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain(error, path, "read") from error
    try:
        status = os.fstat(descriptor)
        if status.st_size < MAPPED_BYTES:
            return memoryview(_read_all(descriptor, status.st_size)), status
        # Copy-on-write: what the caller changes stays in the caller's memory.
        mapping = mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_COPY)
        return memoryview(mapping), status
    except (OSError, ValueError) as error:
        raise explain(error, path, "read") from error
    finally:
        os.close(descriptor)


def read_head(path: str, size: int) -> memoryview | None:
    """Return the first bytes of a file, or None when it is absent."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return memoryview(file.read(size))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explain(error, path, "read") from error


def explain(error: OSError | ValueError, path: str, verb: str) -> StoreError:
    """Return the `StoreError` that says what the system's error means for the user."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"the disk is full: {path} was not {verb}, nothing else was touched",
            hint="free some space (`clew gc` drops values that can be computed again)",
        )
    hint = "check the directory and its permissions"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "give this user write access to the store's directory, or choose another store"
    return StoreError(f"a value cannot be {verb}: {path}", got=str(error), hint=hint)


def _write_new(path: str, pieces: Sequence[bytes | memoryview], *, durable: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        if sum(len(piece) for piece in pieces) < MAPPED_BYTES:
            pieces = [b"".join(pieces)]
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(descriptor, view[:_WRITE_BYTES]) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytearray:
    content = bytearray(size)
    filled = 0
    while filled < size:
        got = os.readv(descriptor, [memoryview(content)[filled:]])
        if not got:
            return content[:filled]  # Cut short meanwhile: the checksum will tell.
        filled += got
    return content


def sync_directory(path: str) -> None:
    """Wait until the disk has a directory's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        Path(path).unlink(missing_ok=True)
