"""ULIDs: names of events, sortable by time (https://github.com/ulid/spec)."""

from __future__ import annotations

import os
import threading
import time

from clew.errors import InvalidParameter

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = {letter: value for value, letter in enumerate(_ALPHABET)}
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
    return ulid_of(number)


def ulid_of(number: int) -> str:
    """Return the 26 letters of a ULID's 128-bit number."""
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def ulid_number(text: str) -> int:
    """Return the 128-bit number of a ULID's letters, in any case.

    Raises
    ------
    InvalidParameter
        When it is no ULID.
    """
    number = 0
    for letter in text.upper():
        number = number << 5 | _DIGITS.get(letter, 1 << 130)
    if len(text) != 26 or number >> 128:
        raise InvalidParameter("this is no ULID", got=repr(text[:40]), expected="26 letters")
    return number
