"""An in-process memo of digests of large mutable values, which notices every change."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import xxhash

MEMO_FROM_BYTES = 64 << 10
"""Smaller buffers are hashed faster than they are looked up."""


class Memo:
    """Digests of living objects, each valid while the object lives and its bytes are the same.

    An entry is found by address and holds a weak reference, so that a new object at an old address
    never meets it, and a *seal*: the XXH3-128 of the whole buffer with the layout under which it
    was read. Writing to the buffer breaks the seal. May be used from several threads.

    Examples
    --------
    >>> import numpy as np
    >>> memo, data = Memo(), np.zeros(3)
    >>> memo.digest(data, lambda: seal(data), lambda: b"computed")
    b'computed'
    >>> memo.digest(data, lambda: seal(data), lambda: b"again")
    b'computed'
    >>> data[0] = 1
    >>> memo.digest(data, lambda: seal(data), lambda: b"again")
    b'again'
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], object, bytes, object]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def digest(
        self, owner: object, seal: Callable[[], object], compute: Callable[[], bytes]
    ) -> bytes:
        """Return the digest of `owner`: remembered, or computed and kept.

        Parameters
        ----------
        owner : object
            What the digest is of; must allow weak references.
        seal : callable
            Gives what changes whenever the content does.
        compute : callable
            Gives the digest.
        """
        fresh = seal()
        known = self.recall(owner, fresh)
        if known is None:
            known = compute()
            self.keep(owner, fresh, known)
        return known

    def recall(self, owner: object, seal: object) -> bytes | None:
        """Return the digest kept under a whole seal, or None."""
        entry = self._entries.get(id(owner))
        if entry is not None and entry[0]() is owner and entry[1] == seal:
            return entry[2]
        return None

    def keep(self, owner: object, seal: object, digest: bytes, held: object = None) -> None:
        """Keep a digest for as long as `owner` lives, and with it `held`.

        A seal over addresses is whole only while what lies there is kept alive.
        """
        key = id(owner)
        reference = weakref.ref(owner, lambda dead: self._drop(key, dead))
        self._entries[key] = (reference, seal, digest, held)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _drop(self, key: int, dead: weakref.ref[Any]) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry[0] is dead:
            self._entries.pop(key, None)


def seal(buffer: Any) -> bytes:
    """Return the XXH3-128 of a contiguous buffer: tells that it changed, names nothing."""
    return xxhash.xxh3_128_digest(buffer)


MEMO = Memo()
"""The memo of this process."""
