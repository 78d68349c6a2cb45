"""Canonical bytes of the constants that a compiler keeps: the leaves of code."""

from __future__ import annotations

import struct

from clew.errors import Unhashable
from clew.lineage.canonical import frame


def literal(value: object) -> bytes:
    """Return bytes that two literals share only if no program can tell them apart.

    Examples
    --------
    >>> literal(1) == literal(True), literal(0.0) == literal(-0.0), literal("a") == literal("a")
    (False, False, True)
    """
    match value:
        case None:
            return b"N"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"i" + frame(str(value).encode() if -(10**18) < value < 10**18 else _big(value))
        case float():
            return b"d" + struct.pack("<d", value)
        case complex():
            return b"c" + struct.pack("<dd", value.real, value.imag)
        case str():
            return b"s" + frame(value.encode("utf-8", "surrogatepass"))
        case bytes():
            return b"b" + frame(value)
        case tuple():
            return b"t" + frame(b"".join(frame(literal(item)) for item in value))
        case frozenset():
            return b"z" + frame(b"".join(sorted(frame(literal(item)) for item in value)))
    if value is Ellipsis:
        return b"."
    raise Unhashable("a constant of an unknown kind stands in compiled code", got=str(type(value)))


def _big(value: int) -> bytes:
    return b"x" + hex(value).encode()
