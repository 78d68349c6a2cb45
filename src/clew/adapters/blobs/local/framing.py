"""What a value's file holds.

========  ====================================================================================
bytes     content
========  ====================================================================================
0–7       magic: ``\\x89clew`` CR LF, then the version of this layout
8–39      BLAKE3 of everything behind it
40–43     length of the header (little endian)
44–       header (MessagePack), then each buffer at a multiple of 64 bytes
========  ====================================================================================

The header names the value, so that a file under a wrong name is found out, too.

A file that came as a stream (an artifact) has layout 2: nothing of it was known before its end.

========  ====================================================================================
bytes     content
========  ====================================================================================
0–7       magic, then 2
8–15      size of the content (little endian)
16–47     BLAKE3 of the content; with the size it gives the id
48–63     zero
64–       the content as it is
========  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import zstandard
from blake3 import blake3

from clew.adapters.blobs.local.compression import compress, decompress
from clew.errors import StoreError
from clew.lineage.canonical import Digest, ValueId, file_id
from clew.lineage.ports import Encoded

VERSION = 1
STREAM_VERSION = 2
STREAM_FORMAT = "file"
STREAM_HEAD = 64
_MAGIC = b"\x89clew\r\n"
_SUM = slice(8, 40)
_LENGTH = slice(40, 44)
_HEADER = 44
HEAD_BYTES = 4096
"""What usually holds the whole header."""

ALIGN = 64
"""Widest vector register and cache line of current processors."""


class Header(msgspec.Struct, array_like=True, frozen=True):
    """What precedes the buffers. `sizes` are raw, `stored` as they lie in the file."""

    id: bytes
    format: str
    meta: bytes
    trusted_only: bool
    children: tuple[bytes, ...]
    sizes: tuple[int, ...]
    stored: tuple[int, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Header)


def pack(id: ValueId, encoded: Encoded, *, compressed: bool = True) -> list[bytes | memoryview]:
    """Return the pieces of a value's file, in order; of a stream's as it came."""
    if encoded.format == STREAM_FORMAT:
        parts = [memoryview(buffer).cast("B") for buffer in encoded.buffers]
        summed = blake3()
        for part in parts:
            summed.update(part)
        return [stream_head(sum(map(len, parts)), summed.digest()), *parts]
    raw = [memoryview(buffer).cast("B") for buffer in encoded.buffers]
    stored = [(compress(buffer) if compressed else None) or buffer for buffer in raw]
    header = _ENCODER.encode(
        Header(
            id=id,
            format=encoded.format,
            meta=encoded.meta,
            trusted_only=encoded.trusted_only,
            children=encoded.children,
            sizes=tuple(buffer.nbytes for buffer in raw),
            stored=tuple(len(buffer) for buffer in stored),
        )
    )
    body = list(_aligned(len(header).to_bytes(4, "little") + header, stored))
    hasher = blake3()
    for piece in body:
        hasher.update(piece)
    return [_MAGIC + bytes([VERSION]) + hasher.digest(), *body]


def unpack(id: ValueId, file: memoryview, *, verify: bool) -> Encoded | None:
    """Return the value of a file, its buffers views of `file`; None when it is damaged.

    Parameters
    ----------
    verify : bool
        Check the sum; False only for a file that this process has checked before.

    Raises
    ------
    StoreError
        When a later clew wrote the file.
    """
    if file.nbytes < _HEADER or file[:7] != _MAGIC:
        return None
    if file[7] == STREAM_VERSION:
        return _unpack_stream(id, file, verify=verify)
    if file[7] > STREAM_VERSION:
        raise StoreError(
            f"value {id.hex()} was written by a newer clew",
            got=f"blob layout {file[7]}",
            expected=f"blob layout {STREAM_VERSION} or older",
            hint="upgrade with `pip install --upgrade clew`",
        )
    if verify and blake3(file[_SUM.stop :]).digest() != file[_SUM]:
        return None
    header = _header(file)
    if header is None or header.id != id or len(header.sizes) != len(header.stored):
        return None
    buffers = _buffers(file, header)
    if buffers is None:
        return None
    children = tuple(ValueId(Digest(child)) for child in header.children)
    return Encoded(header.format, header.meta, buffers, children, header.trusted_only)


def children(id: ValueId, head: memoryview) -> tuple[ValueId, ...] | None:
    """Return the children that the head of a file names, unverified; None when it is no head."""
    if stream_size(id, head) is not None:
        return ()
    if head.nbytes < _HEADER or head[:7] != _MAGIC or head[7] != VERSION:
        return None
    header = _header(head)
    if header is None or header.id != id:
        return None
    return tuple(ValueId(Digest(child)) for child in header.children)


def raw_bytes(file: memoryview) -> int | None:
    """Return what the buffers of a file take when they are decompressed; None when damaged."""
    if file.nbytes >= STREAM_HEAD and file[:7] == _MAGIC and file[7] == STREAM_VERSION:
        return int.from_bytes(file[8:16], "little")
    header = _header(file) if file.nbytes >= _HEADER and file[:7] == _MAGIC else None
    if header is None or any(size < 0 for size in header.sizes):
        return None
    return sum(header.sizes)


def stream_head(size_bytes: int, content: bytes) -> bytes:
    """Return what precedes the bytes of a stream."""
    head = _MAGIC + bytes([STREAM_VERSION]) + size_bytes.to_bytes(8, "little") + content
    return head.ljust(STREAM_HEAD, b"\0")


def stream_size(id: ValueId, head: memoryview) -> int | None:
    """Return the size of the content behind a stream's head; None when it is none of this id."""
    if head.nbytes < STREAM_HEAD or head[:7] != _MAGIC or head[7] != STREAM_VERSION:
        return None
    size_bytes = int.from_bytes(head[8:16], "little")
    return size_bytes if file_id(size_bytes, bytes(head[16:48])) == id else None


def stream_digest(head: memoryview) -> bytes:
    """Return the digest that a stream's head promises."""
    return bytes(head[16:48])


def _unpack_stream(id: ValueId, file: memoryview, *, verify: bool) -> Encoded | None:
    size_bytes = stream_size(id, file)
    content = file[STREAM_HEAD:]
    if size_bytes != content.nbytes:
        return None
    if verify and blake3(content).digest() != stream_digest(file):
        return None
    return Encoded(STREAM_FORMAT, b"", (content,))


def _aligned(head: bytes, buffers: Sequence[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    yield head
    end = _LENGTH.start + len(head)
    for buffer in buffers:
        yield bytes(-end % ALIGN)
        yield buffer
        end += -end % ALIGN + len(buffer)


def _header(file: memoryview) -> Header | None:
    length = int.from_bytes(file[_LENGTH], "little")
    try:
        return _DECODER.decode(file[_HEADER : _HEADER + length])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _buffers(file: memoryview, header: Header) -> tuple[memoryview, ...] | None:
    end = _HEADER + int.from_bytes(file[_LENGTH], "little")
    found: list[memoryview] = []
    for size, stored in zip(header.sizes, header.stored, strict=True):
        start = end + -end % ALIGN
        end = start + stored
        if stored < 0 or end > file.nbytes:
            return None
        buffer: memoryview | None = file[start:end]
        if stored != size:
            try:
                buffer = decompress(file[start:end], size)
            except zstandard.ZstdError:
                return None
        if buffer is None:
            return None
        found.append(buffer)
    return tuple(found) if end == file.nbytes else None
