"""Where finished work of studies is kept, behind two methods.

Which store a search uses unless it is told says `clew.select.default`.
"""

from __future__ import annotations

import copy
import math
import pickle
from collections import OrderedDict
from threading import Lock
from typing import Any, Protocol, runtime_checkable

from clew.lineage.canonical import Digest

DEFAULT_SIZE_BYTES = 128 << 20


@runtime_checkable
class StudyStore(Protocol):
    """Results of studies by id. May be called from several threads at once."""

    def get(self, key: Digest) -> Any | None:
        """Return a private copy of what was kept, or None."""

    def put(self, key: Digest, value: Any, cost_s: float = math.inf, spent_s: float = 0.0) -> None:
        """Keep a value: plain data, arrays, or a fitted estimator. May decline silently.

        Parameters
        ----------
        cost_s : float
            Seconds that it takes to make it again, for stores that keep only what is worth it.
        spent_s : float
            Seconds that were spent on it, for stores that must choose what goes first.
        """


class MemoryStore:
    """Keeps results in this process, the least recently used go first.

    Parameters
    ----------
    size_bytes : int
        Budget. Values beyond half of it are not kept.
    """

    def __init__(self, size_bytes: int = DEFAULT_SIZE_BYTES) -> None:
        self._budget = size_bytes
        self._size_bytes = 0
        self._values: OrderedDict[Digest, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Digest) -> Any | None:
        """Return a private copy of what was kept, or None."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
        return copy.deepcopy(found[0])

    def put(self, key: Digest, value: Any, cost_s: float = math.inf, spent_s: float = 0.0) -> None:
        """Keep a private copy of a value, if it is not too large."""
        size = footprint_bytes(value, limit=self._budget // 2)
        if size is None:
            return
        kept = copy.deepcopy(value)
        with self._lock:
            self._drop(key)
            self._values[key] = (kept, size)
            self._size_bytes += size
            while self._size_bytes > self._budget:
                self._drop(next(iter(self._values)))

    def _drop(self, key: Digest) -> None:
        _, size = self._values.pop(key, (None, 0))
        self._size_bytes -= size

    def __len__(self) -> int:
        return len(self._values)


class _Sink:
    """Counts the bytes of a pickle and gives up beyond a limit; nothing is kept or loaded."""

    def __init__(self, limit: int) -> None:
        self.size, self._limit = 0, limit

    def write(self, data: Any) -> int:
        self.add(memoryview(data).nbytes)
        return len(data)

    def add(self, size: int) -> None:
        self.size += size
        if self.size > self._limit:
            raise OverflowError


def footprint_bytes(value: Any, limit: int) -> int | None:
    """Return about how much memory a value takes, or None beyond `limit` (or if unknown)."""
    sink = _Sink(limit)
    try:
        pickler = pickle.Pickler(
            sink, protocol=5, buffer_callback=lambda b: sink.add(b.raw().nbytes)
        )
        pickler.dump(value)
    except Exception:  # whatever cannot be pickled is not kept
        return None
    return sink.size
