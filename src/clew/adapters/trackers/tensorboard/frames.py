"""TFRecord's framing: length, checksum of the length, content, checksum of the content.

Checksums are CRC-32C (Castagnoli, RFC 3720 appendix B.4), masked as TensorFlow does
(``tensorflow/core/lib/hash/crc32c.h``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from clew.errors import StoreError

_POLYNOMIAL = 0x82F63B78
_MOST_BYTES = 256 << 20


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        rows.append(byte)
    return tuple(rows)


_TABLE = _table()


def crc32c(content: bytes) -> int:
    """Return the CRC-32C of some bytes."""
    table, crc = _TABLE, 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked(content: bytes) -> bytes:
    """Return a checksum as it is stored."""
    crc = crc32c(content)
    return struct.pack("<I", (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF)


def frame(content: bytes) -> bytes:
    """Return a record as it is stored."""
    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def records(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the records of a file; one that is cut off at the end is not there yet.

    Raises
    ------
    StoreError
        When a checksum does not fit.
    """
    number = 0
    while len(head := file.read(12)) == 12:
        if masked(head[:8]) != head[8:]:
            raise _damaged(name, number)
        length = struct.unpack("<Q", head[:8])[0]
        if length > _MOST_BYTES:
            raise StoreError(f"record {number} of {name} is too large", got=f"{length:,} bytes")
        content = file.read(length)
        sum_ = file.read(4)
        if len(sum_) < 4:
            return
        if masked(content) != sum_:
            raise _damaged(name, number)
        yield content
        number += 1


def _damaged(name: str, number: int) -> StoreError:
    return StoreError(
        f"record {number} of {name} is damaged",
        got="another checksum than the file states",
        expected="a TensorBoard event file",
    )
