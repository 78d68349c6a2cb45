"""Ids of live objects: looked up, derived, or computed from their content.

An id is remembered for as long as the object lives and its check (see `checks`) still matches;
whatever changes a buffer in place makes the next look-up compute it anew.
"""

from __future__ import annotations

import math
import struct
import threading
import weakref
from collections import OrderedDict
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from clew.lineage.canonical import Digest, digest
from clew.lineage.fingerprint import fingerprint
from clew.reuse.estimators.checks import Check, check_of

FORMAT = 1
_PINNED = 256
_SMALL_BYTES = 2_048


SCALARS = frozenset({str, int, float, bool, type(None)})
"""Types whose values `scalar_bytes` encodes: immutable, and nobody's own."""


class _Known(NamedTuple):
    holder: Any
    check: Check
    id: Digest


def name(kind: str, *parts: bytes) -> Digest:
    """Return a derived id: what was done, and the ids of what it was done to."""
    return digest("estimator-" + kind, FORMAT, parts)


def scalar_bytes(value: Any) -> bytes | None:
    """Return the encoding of a plain scalar, or None for anything else.

    Examples
    --------
    >>> scalar_bytes(1) == scalar_bytes(True), scalar_bytes(0.0) == scalar_bytes(-0.0)
    (False, False)
    """
    cls = type(value)
    if cls is str:
        return b"s" + str.encode(value, "utf-8", "surrogatepass")
    if cls is bool:
        return b"T" if value else b"F"
    if value is None:
        return b"N"
    if cls is int:
        return b"i%d" % value
    if cls is float:
        return b"f" + struct.pack("<d", value)
    return None


class Identities:
    """What is known of the objects that pass through estimators."""

    def __init__(self) -> None:
        self._weak: dict[int, _Known] = {}
        self._pinned: OrderedDict[int, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, value: Any) -> Digest | None:
        """Return the id of an object if it is remembered and still the same, else None."""
        key = id(value)
        found = self._weak.get(key)
        if found is not None:
            if found.holder() is not value:
                return None
        else:
            found = self._pinned.get(key)
            if found is None or found.holder is not value:
                return None
        if check_of(value) == found.check:
            return found.id
        self.forget(value)
        return None

    def of(self, value: Any) -> Digest:
        """Return the id of an object.

        Raises
        ------
        Unhashable
            When its content has no sound id.
        """
        scalar = scalar_bytes(value)
        if scalar is not None:
            return name("scalar", scalar)
        known = self.known(value)
        if known is not None:
            return known
        made = Digest(fingerprint(value))
        if size_of(value) > _SMALL_BYTES:
            self.remember(value, made)
        return made

    def remember(self, value: Any, made: Digest) -> Digest:
        """Write down the id of an object, where its type has a check; return the id."""
        check = check_of(value)
        if check is None:
            return made
        key = id(value)
        try:
            holder: Any = weakref.ref(value, partial(_lost, self._weak, key))
        except TypeError:
            self._pin(key, _Known(value, check, made))
            return made
        self._weak[key] = _Known(holder, check, made)
        return made

    def forget(self, value: Any) -> None:
        """Forget the id of an object."""
        self._weak.pop(id(value), None)
        self._pinned.pop(id(value), None)

    def clear(self) -> None:
        """Forget everything."""
        self._weak.clear()
        self._pinned.clear()

    def _pin(self, key: int, known: _Known) -> None:
        """Remember a value that takes no weak reference (a list) by keeping it alive."""
        with self._lock:
            self._pinned[key] = known
            while len(self._pinned) > _PINNED:
                self._pinned.popitem(last=False)


def _lost(table: dict[int, Any], key: int, _: object) -> None:
    table.pop(key, None)


def size_of(value: Any) -> int:
    """Return about how many bytes a value's content has (0 for what is not data)."""
    if isinstance(value, np.ndarray):
        return value.nbytes * (6 if value.dtype.hasobject else 1)
    data = getattr(value, "data", None)
    if getattr(value, "format", "") in ("csr", "csc", "coo") and isinstance(data, np.ndarray):
        return int(data.nbytes * 1.5)
    if isinstance(value, list | tuple):
        return 48 * len(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape):  # a table or a column
        return 16 * math.prod(shape)
    return 0
