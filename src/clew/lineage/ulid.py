"""ULIDs: names of events, sortable by time (https://github.com/ulid/spec)."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_lock = threading.Lock()
_last = 0


def new_ulid() -> str:
    """Return 26 characters: 48 bits of milliseconds, 80 random bits; later ones sort later.

    Within one process two ULIDs of the same millisecond still sort in the order of their making
    (the specification's monotonic mode).
    """
    global _last
    with _lock:
        number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
        _last = max(number, _last + 1)
        number = _last
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
