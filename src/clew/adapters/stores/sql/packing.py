"""What the content of a small value holds: 16 bytes of BLAKE3 over id and body, then the body."""

from __future__ import annotations

import msgspec
from blake3 import blake3

from clew.lineage.canonical import Digest, ValueId
from clew.lineage.ports import Encoded

_SUM_BYTES = 16
_VERSION = 1


class _Body(msgspec.Struct, array_like=True, frozen=True):
    version: int
    format: str
    meta: bytes
    buffers: tuple[bytes, ...]
    children: tuple[bytes, ...]
    trusted_only: bool


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Body)


def pack(id: ValueId, encoded: Encoded) -> bytes:
    """Return the content of a value."""
    buffers = tuple(bytes(buffer) for buffer in encoded.buffers)
    body = _ENCODER.encode(
        _Body(
            _VERSION,
            encoded.format,
            encoded.meta,
            buffers,
            encoded.children,
            encoded.trusted_only,
        )
    )
    return _sum(id, body) + body


def unpack(id: ValueId, content: bytes) -> Encoded | None:
    """Return the value of a content, its buffers the caller's own; None when it is damaged."""
    body = content[_SUM_BYTES:]
    if _sum(id, body) != content[:_SUM_BYTES]:
        return None
    try:
        found = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if found.version != _VERSION:
        return None
    return Encoded(
        found.format,
        found.meta,
        tuple(memoryview(bytearray(buffer)) for buffer in found.buffers),
        tuple(ValueId(Digest(child)) for child in found.children),
        found.trusted_only,
    )


def _sum(id: ValueId, body: bytes) -> bytes:
    return blake3(id + body).digest(length=_SUM_BYTES)
