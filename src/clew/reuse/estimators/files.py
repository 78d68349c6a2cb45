"""Results in files: what processes that run at the same time, or one after the other, share.

A file holds a checksum and a pickle, so its folder must belong to the user who reads it and to
nobody else; a folder that others can write into is refused.
"""

from __future__ import annotations

import dataclasses
import io
import os
import pickle
import stat
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3

from clew.errors import StoreError, UnsafeLoad
from clew.lineage.canonical import Digest
from clew.reuse.estimators.checks import check_of
from clew.reuse.estimators.results import Result

_SUM_BYTES = 32
_BYTES_PER_S = 150e6
_CALL_S = 2e-3


class Files:
    """Results by key in a folder.

    Parameters
    ----------
    folder : path
        Made if it is not there, for its owner alone.

    Raises
    ------
    UnsafeLoad
        When somebody else owns the folder or can write into it.
    StoreError
        When it cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.folder.stat()
        except OSError as error:
            raise StoreError("the folder of results cannot be made", got=str(folder)) from error
        others = stat.S_IWGRP | stat.S_IWOTH
        if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & others):
            raise UnsafeLoad(
                "the folder of results can be written by somebody else",
                got=str(folder),
                expected="a folder that you own and only you can write into",
                hint="its files are unpickled: choose another, or `chmod 700` it",
            )

    def get(self, key: Digest) -> tuple[Result, float] | None:
        """Return a result and the seconds that it took, or None."""
        place = self._place(key)
        try:
            content = place.read_bytes()
        except OSError:
            return None
        payload = memoryview(content)[_SUM_BYTES:]
        if blake3(payload).digest() != content[:_SUM_BYTES]:
            place.unlink(missing_ok=True)
            return None
        try:
            result, cost_s = pickle.loads(payload)  # noqa: S301 - the folder is the user's own
        except Exception:  # written by code that is not here any more
            return None
        output = dataclasses.replace(result.output, check=_check(result))
        return dataclasses.replace(result, output=output), cost_s

    def put(self, key: Digest, result: Result, cost_s: float, size_bytes: int) -> None:
        """Write a result if reading it back is faster than computing it again."""
        place = self._place(key)
        if cost_s < _CALL_S + 2 * size_bytes / _BYTES_PER_S or place.exists():
            return
        buffer = io.BytesIO()
        try:
            _Pickler(buffer, protocol=5).dump((result, cost_s))
            payload = buffer.getbuffer()
            place.parent.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=place.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(blake3(payload).digest())
                file.write(payload)
            Path(name).replace(place)
        except Exception:  # not every fitted state can be pickled, and a disk may be full
            return

    def _place(self, key: Digest) -> Path:
        name = key.hex()
        return self.folder / name[:2] / name[2:]


def _check(result: Result) -> Any:
    return check_of(result.output.value) if result.output.kind == "shared" else None


class _Pickler(pickle.Pickler):
    """Keeps the layout of arrays: a strided column stays one, a read-only array too."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is not np.ndarray or value.dtype.hasobject:
            return NotImplemented
        if value.flags.c_contiguous and value.flags.writeable:
            return NotImplemented
        if any(stride <= 0 for stride in value.strides) or value.size == 0:
            return NotImplemented
        head = (value.dtype, value.shape, value.strides, bool(value.flags.writeable))
        return (_rebuild, (*head, value.tobytes()))


def _rebuild(
    dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], writeable: bool, items: bytes
) -> Any:
    extent = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + dtype.itemsize
    memory = np.zeros(extent, dtype=np.uint8)
    made: Any = np.ndarray(shape, dtype, buffer=memory.data, strides=strides)
    made[...] = np.frombuffer(items, dtype).reshape(shape)
    made.flags.writeable = writeable
    return made
