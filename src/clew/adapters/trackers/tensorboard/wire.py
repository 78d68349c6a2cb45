"""Protocol buffers' wire format, as far as event files need it (protobuf.dev, "Encoding")."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from clew.errors import StoreError

VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5

Value = int | bytes


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Yield a message's fields by number: varints as integers, everything else as bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in (DOUBLE, FLOAT):
            size = 8 if kind == DOUBLE else 4
        else:
            raise StoreError("an event is damaged", got=f"wire type {kind}")
        if at + size > len(message):
            raise StoreError("an event is damaged", got="a field that ends behind its message")
        yield key >> 3, message[at : at + size]
        at += size


def signed(value: Value) -> int:
    """Return an ``int64``."""
    if not isinstance(value, int):
        raise StoreError("an event is damaged", got="bytes", expected="a whole number")
    return value - (1 << 64) if value >= 1 << 63 else value


def content(value: Value) -> bytes:
    """Return the bytes of a field that holds bytes, text, a message or a fixed number."""
    if isinstance(value, int):
        raise StoreError("an event is damaged", got="a whole number", expected="bytes")
    return value


def real(value: Value) -> float:
    """Return a ``double`` or ``float``."""
    packed = content(value)
    if len(packed) not in (4, 8):
        raise StoreError("an event is damaged", got=f"a number of {len(packed)} bytes")
    return float(struct.unpack("<d" if len(packed) == 8 else "<f", packed)[0])


def varint(number: int, value: int) -> bytes:
    """Return a field with a whole number."""
    return _unsigned(number << 3 | VARINT) + _unsigned(value & (1 << 64) - 1)


def double(number: int, value: float) -> bytes:
    """Return a field with a ``double``."""
    return _unsigned(number << 3 | DOUBLE) + struct.pack("<d", value)


def block(number: int, value: bytes) -> bytes:
    """Return a field with bytes, text or a message."""
    return _unsigned(number << 3 | BYTES) + _unsigned(len(value)) + value


def _unsigned(value: int) -> bytes:
    pieces = bytearray()
    while value > 0x7F:
        pieces.append(value & 0x7F | 0x80)
        value >>= 7
    pieces.append(value)
    return bytes(pieces)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
    raise StoreError("an event is damaged", got="a number without an end")
