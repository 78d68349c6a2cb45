"""How entries lie in a segment: length, check sum, MessagePack; a torn end is told from damage.

Every frame is written by one ``write``: a killed process leaves whole frames, and at most one torn
frame at the end of its own segment.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

_HEAD = struct.Struct("<II")
_MOST_BYTES = 1 << 30


class Batch(msgspec.Struct, frozen=True, tag="p", array_like=True):
    """Rows that were answered together.

    Parameters
    ----------
    time_ms : int
        When the answer was ready.
    first : bytes
        The ULID of the first row (16 bytes); the others follow one by one.
    model, version, content : str
        Name and version of the model, and its content id.
    columns : tuple of str
        Names of the rows' values.
    rows : list of tuple
        What was asked.
    labels : list
        What was answered.
    probabilities : list or None
        Of each class, where the model has them.
    seconds : float
        How long the batch ran.
    """

    time_ms: int
    first: bytes
    model: str
    version: str
    content: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    labels: list[object]
    probabilities: list[list[float]] | None
    seconds: float


class Said(msgspec.Struct, frozen=True, tag="f", array_like=True):
    """Feedback to a prediction.

    Parameters
    ----------
    prediction : str
        The prediction's ULID.
    truth : object
        The label or number that turned out to be right; None where only a reward is known.
    reward : float or None
        How good the answer was, from 0 to 1.
    """

    time_ms: int
    id: str
    prediction: str
    truth: object
    reward: float | None
    note: str = ""


Entry = Batch | Said

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def framed(entry: Entry) -> bytes:
    """Return an entry as it is written."""
    body = _encode(entry)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def entries(path: Path) -> Iterator[Entry]:
    """Yield the whole entries of a segment; a torn or damaged one ends it."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, check = _HEAD.unpack(head)
            body = file.read(length) if length <= _MOST_BYTES else b""
            if len(body) != length or zlib.crc32(body) != check:
                return
            yield _decode(body)
