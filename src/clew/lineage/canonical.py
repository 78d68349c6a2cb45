"""Canonical pre-images: the one way in which clew turns fields into an id.

A pre-image is the record type, the format version and the fields, each with its length in front,
so that no two different field lists give the same bytes. Ids are the first 20 bytes (160 bits, as
long as a git id) of BLAKE3: half of the 2^160 space must be met by chance for two facts to share a
name, and a node's record stays small (see docs/decisions).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType

from blake3 import blake3

DIGEST_BYTES = 20

Digest = NewType("Digest", bytes)
"""Any id: 20 bytes. Printed as 40 hexadecimal digits."""

ValueId = NewType("ValueId", Digest)
NodeId = NewType("NodeId", Digest)
CodeId = NewType("CodeId", Digest)
PlanKey = NewType("PlanKey", Digest)


def frame(field: bytes) -> bytes:
    """Return `field` with its length (8 bytes, little endian) in front."""
    return len(field).to_bytes(8, "little") + field


def digest(record: str, version: int, fields: Iterable[bytes]) -> Digest:
    """Return the id of a record.

    Parameters
    ----------
    record : str
        Record type, for example ``"node"``; the first field of the pre-image.
    version : int
        Version of this record's format: a change of meaning is a new version.
    fields : iterable of bytes
        The fields, in an order that the record type fixes.

    Examples
    --------
    >>> digest("example", 1, [b"ab", b"c"]).hex() == digest("example", 1, [b"a", b"bc"]).hex()
    False
    """
    parts = [frame(record.encode()), version.to_bytes(4, "little")]
    for field in fields:
        parts += (len(field).to_bytes(8, "little"), field)
    return Digest(blake3(b"".join(parts)).digest(length=DIGEST_BYTES))


FILE_FORMAT = 1


def file_id(size_bytes: int, content: bytes) -> ValueId:
    """Return the content id of a file from its size and the BLAKE3 digest of its bytes."""
    fields = [size_bytes.to_bytes(8, "little"), content[:DIGEST_BYTES]]
    return ValueId(digest("file", FILE_FORMAT, fields))
