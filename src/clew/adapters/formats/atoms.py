"""Plain values without members, as tagged bytes: exact types, exact bits."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from decimal import Decimal
from pathlib import PosixPath, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

_INT64 = range(-(1 << 63), 1 << 63)
_Q = struct.Struct("<Q")
_SMALL = struct.Struct("<q")
_FLOAT = struct.Struct("<d")
_COMPLEX = struct.Struct("<dd")


class Reader:
    """A position in a buffer; reading past the end is a `ValueError`."""

    __slots__ = ("at", "view")

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.at = 0

    def take(self, size: int) -> memoryview:
        """Return the next `size` bytes."""
        start, self.at = self.at, self.at + size
        if size < 0 or self.at > self.view.nbytes:
            raise ValueError("cut short")
        return self.view[start : self.at]

    def count(self) -> int:
        """Return the next length."""
        return int(_Q.unpack(self.take(8))[0])

    def block(self) -> memoryview:
        """Return the next bytes that have their length in front."""
        return self.take(self.count())


def count(number: int) -> bytes:
    """Return a length as bytes."""
    return _Q.pack(number)


def block(content: bytes | memoryview) -> bytes:
    """Return bytes with their length in front."""
    return _Q.pack(len(content)) + content


def _write_int(value: int) -> bytes:
    if value in _INT64:
        return b"i" + _SMALL.pack(value)
    return b"I" + block(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _write_time(value: dt.time | dt.datetime) -> bytes:
    if value.tzinfo is None:
        zone = b"-"
    elif value.tzinfo is dt.UTC:
        zone = b"Z"
    else:
        raise TypeError(value.tzinfo)
    parts = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return zone + struct.pack("<BBBIB", *parts)


def _read_time(reader: Reader) -> tuple[Any, ...]:
    zone = {b"-": None, b"Z": dt.UTC}[bytes(reader.take(1))]
    hour, minute, second, micro, fold = struct.unpack("<BBBIB", reader.take(8))
    return hour, minute, second, micro, zone, fold


def _date(value: dt.date) -> bytes:
    return struct.pack("<HBB", value.year, value.month, value.day)


def _read_datetime(reader: Reader) -> dt.datetime:
    year, month, day = struct.unpack("<HBB", reader.take(4))
    hour, minute, second, micro, zone, fold = _read_time(reader)
    return dt.datetime(year, month, day, hour, minute, second, micro, zone, fold=fold)


def _read_clock(reader: Reader) -> dt.time:
    hour, minute, second, micro, zone, fold = _read_time(reader)
    return dt.time(hour, minute, second, micro, zone, fold=fold)


def _text(tag: bytes) -> Callable[[Any], bytes]:
    return lambda value: tag + block(str(value).encode("utf-8", "surrogatepass"))


def _read_text(reader: Reader) -> str:
    return str(reader.block(), "utf-8", "surrogatepass")


WRITE: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"T" if value else b"F",
    int: _write_int,
    float: lambda value: b"f" + _FLOAT.pack(value),
    complex: lambda value: b"c" + _COMPLEX.pack(value.real, value.imag),
    str: _text(b"s"),
    bytes: lambda value: b"b" + block(value),
    type(...): lambda _: b"e",
    type(NotImplemented): lambda _: b"n",
    range: lambda value: b"R" + b"".join(map(_write_int, (value.start, value.stop, value.step))),
    dt.date: lambda value: b"d" + _date(value),
    dt.datetime: lambda value: b"D" + _date(value) + _write_time(value),
    dt.time: lambda value: b"t" + _write_time(value),
    dt.timedelta: lambda value: (
        b"l" + struct.pack("<iII", value.days, value.seconds, value.microseconds)
    ),
    Decimal: _text(b"."),
    UUID: lambda value: b"u" + value.bytes,
    PosixPath: _text(b"p"),
    PurePosixPath: _text(b"P"),
    PureWindowsPath: _text(b"W"),
}
"""Exact type to writer. A writer may raise `TypeError` for a value that it cannot hold."""

READ: dict[bytes, Callable[[Reader], Any]] = {
    b"N": lambda _: None,
    b"T": lambda _: True,
    b"F": lambda _: False,
    b"i": lambda reader: _SMALL.unpack(reader.take(8))[0],
    b"I": lambda reader: int.from_bytes(reader.block(), "little", signed=True),
    b"f": lambda reader: _FLOAT.unpack(reader.take(8))[0],
    b"c": lambda reader: complex(*_COMPLEX.unpack(reader.take(16))),
    b"s": _read_text,
    b"b": lambda reader: bytes(reader.block()),
    b"e": lambda _: ...,
    b"n": lambda _: NotImplemented,
    b"R": lambda reader: range(*(_read_int(reader) for _ in range(3))),
    b"d": lambda reader: dt.date(*struct.unpack("<HBB", reader.take(4))),
    b"D": _read_datetime,
    b"t": _read_clock,
    b"l": lambda reader: dt.timedelta(*struct.unpack("<iII", reader.take(12))),
    b".": lambda reader: Decimal(_read_text(reader)),
    b"u": lambda reader: UUID(bytes=bytes(reader.take(16))),
    b"p": lambda reader: PosixPath(_read_text(reader)),
    b"P": lambda reader: PurePosixPath(_read_text(reader)),
    b"W": lambda reader: PureWindowsPath(_read_text(reader)),
}
"""Tag to reader."""


def _read_int(reader: Reader) -> int:
    return int(READ[bytes(reader.take(1))](reader))
