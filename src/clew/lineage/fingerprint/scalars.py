"""Encodings of immutable leaves of the language and its standard library."""

from __future__ import annotations

import struct
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from uuid import UUID
from zoneinfo import ZoneInfo

from clew.lineage.canonical import frame
from clew.lineage.fingerprint.buffers import INLINE_BYTES, buffer_digest
from clew.lineage.fingerprint.registry import register
from clew.lineage.fingerprint.walk import ATOMS, Context, encode, refusal


def encode_int(value: int) -> bytes:
    """Encode an int of any size."""
    return b"int\0" + value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def encode_float(value: float) -> bytes:
    """Encode a float by its bits: −0.0 is not 0.0, and NaN keeps its payload."""
    return b"float\0" + struct.pack("<d", value)


def encode_text(value: str) -> bytes:
    """Encode a str (lone surrogates too)."""
    data = value.encode("utf-8", "surrogatepass")
    if len(data) > INLINE_BYTES:
        return b"str#\0" + buffer_digest(data)
    return b"str\0" + data


def encode_bytes(value: bytes) -> bytes:
    """Encode a bytes object."""
    if len(value) > INLINE_BYTES:
        return b"bytes#\0" + buffer_digest(value)
    return b"bytes\0" + value


ATOMS.update(
    {
        type(None): lambda value: b"None\0",
        type(...): lambda value: b"Ellipsis\0",
        type(NotImplemented): lambda value: b"NotImplemented\0",
        bool: lambda value: b"bool\0\1" if value else b"bool\0\0",
        int: encode_int,
        float: encode_float,
        complex: lambda value: b"complex\0" + struct.pack("<dd", value.real, value.imag),
        str: encode_text,
        bytes: encode_bytes,
        date: lambda value: b"date\0" + struct.pack("<HBB", value.year, value.month, value.day),
        timedelta: lambda value: (
            b"timedelta\0" + struct.pack("<iii", value.days, value.seconds, value.microseconds)
        ),
        Decimal: lambda value: b"Decimal\0" + str(value).encode(),
        PurePosixPath: lambda value: b"PurePosixPath\0" + str(value).encode(errors="surrogatepass"),
        PureWindowsPath: lambda value: (
            b"PureWindowsPath\0" + str(value).encode(errors="surrogatepass")
        ),
    }
)


@register(bytearray, tag="bytearray")
def encode_bytearray(value: bytearray, ctx: Context) -> bytes:
    """Encode a bytearray."""
    return encode_bytes(bytes(value))


@register(memoryview, tag="memoryview")
def encode_memoryview(value: memoryview, ctx: Context) -> bytes:
    """Encode what a memory view shows, its format, shape, and whether it may be written."""
    return ctx.fields(
        format=value.format, shape=value.shape, readonly=value.readonly, data=value.tobytes()
    )


@register(range, tag="range", shared=False)
@register(slice, tag="slice", shared=False)
def encode_range(value: range | slice, ctx: Context) -> bytes:
    """Encode a range or slice by its three numbers as written."""
    return ctx.fields(start=value.start, stop=value.stop, step=value.step)


@register(Fraction, tag="Fraction", shared=False)
def encode_fraction(value: Fraction, ctx: Context) -> bytes:
    """Encode a fraction."""
    return ctx.fields(numerator=value.numerator, denominator=value.denominator)


@register(UUID, tag="UUID", shared=False)
def encode_uuid(value: UUID, ctx: Context) -> bytes:
    """Encode a UUID, and whether it was made in a multiprocessing-safe way."""
    return value.bytes + value.is_safe.name.encode()


@register(time, tag="time", shared=False)
def encode_time(value: time, ctx: Context) -> bytes:
    """Encode a time of day with its fold and zone."""
    return _clock(value) + frame(encode(value.tzinfo, ctx))


@register(datetime, tag="datetime", shared=False)
def encode_datetime(value: datetime, ctx: Context) -> bytes:
    """Encode a date and time with its fold and zone."""
    day = struct.pack("<HBB", value.year, value.month, value.day)
    return day + _clock(value) + frame(encode(value.tzinfo, ctx))


def _clock(value: time | datetime) -> bytes:
    return struct.pack(
        "<BBBIB", value.hour, value.minute, value.second, value.microsecond, value.fold
    )


@register(timezone, tag="timezone", shared=False)
def encode_timezone(value: timezone, ctx: Context) -> bytes:
    """Encode a fixed offset and its name."""
    return ctx.fields(offset=value.utcoffset(None), name=value.tzname(None))


@register(ZoneInfo, tag="ZoneInfo", shared=False)
def encode_zone(value: ZoneInfo, ctx: Context) -> bytes:
    """Encode a zone by its key; one read from a nameless file is refused."""
    if value.key is None:
        raise refusal(value, "it was read from a file without a key")
    return frame(value.key.encode())
