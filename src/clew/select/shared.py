"""Shared matrices: one value, many readers, none of whom can spoil it for the next.

An estimator with ``copy=False`` writes into its input. Before a shared matrix is handed out a
second time its checksum is compared; a damaged one is made anew. Tables that copy on write are
handed out as shallow copies.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from xxhash import xxh3_128_intdigest

_UNCHANGING = {str, bytes, int, float, bool, type(None), np.float64, np.int64, np.str_, np.bool_}


class Shared:
    """A matrix (or target) that is made when it is first needed.

    Parameters
    ----------
    make : callable
        Computes the value; called again when a reader damaged it.
    readers : int
        How often it will be taken: a value that is taken once needs no checksum.
    """

    def __init__(self, make: Callable[[], Any], readers: int) -> None:
        self._make = make
        self._readers = readers
        self._value: Any = None
        self._seal: object = None
        self._made = False
        self._untouched = False

    def take(self) -> Any:
        """Return the value, intact; what the caller does to it harms nobody else."""
        if not (self._made and (self._untouched or self._is_intact())):
            self._keep(self._make())
        self._untouched = False
        value = private(self._value)
        if self._readers <= 1:
            self.release()
        return value

    def peek(self) -> Any:
        """Return the value to look at only: it counts as not taken."""
        if not (self._made and (self._untouched or self._is_intact())):
            self._keep(self._make())
        return self._value

    def _is_intact(self) -> bool:
        return self._seal is not None and seal(self._value) == self._seal

    def fill(self, value: Any) -> None:
        """Set the value that `make` would give, where it came as a by-product."""
        self._keep(value)

    def _keep(self, value: Any) -> None:
        self._value, self._made, self._untouched = value, True, True
        self._seal = seal(value) if self._readers > 1 else None

    def release(self) -> None:
        """Forget the value; it is made again if it is taken once more."""
        self._value, self._made, self._seal = None, False, None


def private(value: Any) -> Any:
    """Return what a reader may have of a value."""
    if _is_pandas(value):
        return value.copy(deep=not _copies_on_write())
    return list(value) if type(value) is list else value


def seal(value: Any) -> object:
    """Return a checksum of a value in memory, or None where there is none."""
    if type(value) in (np.ndarray, np.memmap):
        return _seal_array(value)
    if sparse.issparse(value):
        parts = [getattr(value, name, None) for name in ("data", "indices", "indptr", "row", "col")]
        seals = tuple(_seal_array(part) for part in parts if isinstance(part, np.ndarray))
        return (value.shape, value.format, seals) if seals else None
    if value is None or _is_pandas(value) or type(value).__module__.startswith("polars."):
        return "guarded"
    if type(value) is list and set(map(type, value)) <= _UNCHANGING:
        return "guarded"
    return None


def _seal_array(value: np.ndarray[Any, Any]) -> object:
    flat = value.ravel(order="K")
    if not flat.flags.c_contiguous:
        flat = np.ascontiguousarray(flat)
    if flat.dtype.kind == "O":
        return _seal_objects(flat, value.shape)
    if flat.dtype.hasobject:
        return None
    return (value.shape, value.dtype.str, xxh3_128_intdigest(flat.view(np.uint8).data))


def _seal_objects(flat: np.ndarray[Any, Any], shape: tuple[int, ...]) -> object:
    """Return a checksum of which objects an array holds, where none of them can change."""
    if not set(map(type, flat)) <= _UNCHANGING:
        return None
    return (shape, xxh3_128_intdigest(ctypes.string_at(flat.ctypes.data, flat.nbytes)))


def _is_pandas(value: Any) -> bool:
    return type(value).__module__.startswith("pandas.") and hasattr(value, "iloc")


def _copies_on_write() -> bool:
    import pandas as pd

    if int(pd.__version__.split(".")[0]) >= 3:
        return True
    return bool(pd.options.mode.copy_on_write)


def size_bytes(value: Any) -> int:
    """Return about how much memory a matrix takes."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if sparse.issparse(value):
        return sum(
            int(getattr(value, n).nbytes)
            for n in ("data", "indices", "indptr")
            if hasattr(value, n)
        )
    if _is_pandas(value):
        usage = value.memory_usage(index=False)
        return int(np.sum(usage))
    return 0
