"""When compressing a buffer pays: decided on samples, never for what does not shrink.

Arrays that stay raw load memory-mapped, at no cost; so a large buffer is compressed only where
that saves a good part of it.
"""

from __future__ import annotations

import sys

import zstandard

LEVEL = 1
_LEAST_BYTES = 4096
"""A smaller file takes one block of the disk, compressed or not."""

_LARGE_BYTES = 1 << 20
_LEAST_RATIO = 1.1
_LEAST_RATIO_LARGE = 1.3
_SAMPLE_BYTES = 16 << 10
_SAMPLES = 4

Buffer = bytes | bytearray | memoryview


def compress(buffer: memoryview) -> bytes | None:
    """Return the buffer in zstd, or None when it is better kept raw."""
    size = buffer.nbytes
    if size < _LEAST_BYTES:
        return None
    least = _LEAST_RATIO if size < _LARGE_BYTES else _LEAST_RATIO_LARGE
    compressor = zstandard.ZstdCompressor(level=LEVEL)
    sample = _sample(buffer)
    if len(compressor.compress(sample)) * least > len(sample):
        return None
    packed = compressor.compress(buffer)
    return packed if len(packed) * least <= size else None


def decompress(packed: Buffer, size_bytes: int) -> memoryview | None:
    """Return the raw buffer, private and writable, or None when it has not that size."""
    if size_bytes > sys.maxsize or zstandard.frame_content_size(packed) != size_bytes:
        return None
    raw = bytearray(size_bytes)
    filled = 0
    view = memoryview(raw)
    with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
        while filled < size_bytes:
            got = reader.readinto(view[filled:])
            if not got:
                return None
            filled += got
    return view


def _sample(buffer: memoryview) -> bytes:
    """Return pieces from all over the buffer: heads of files are rarely typical."""
    size = buffer.nbytes
    if size <= _SAMPLES * _SAMPLE_BYTES:
        return bytes(buffer)
    stride = (size - _SAMPLE_BYTES) // (_SAMPLES - 1)
    starts = [k * stride for k in range(_SAMPLES)]
    return b"".join(buffer[start : start + _SAMPLE_BYTES] for start in starts)
