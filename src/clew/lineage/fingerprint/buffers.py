"""Digests of bytes: BLAKE3, on all cores when a buffer is big."""

from __future__ import annotations

import os
from collections.abc import Iterable

from blake3 import blake3

from clew.lineage.canonical import DIGEST_BYTES

INLINE_BYTES = 1024
"""Longer encodings are replaced by their digest, so that depth never multiplies size."""

_PARALLEL_BYTES = 4 << 20
_threads = blake3.AUTO


def _use_one_thread() -> None:
    # The hasher's thread pool does not survive fork: a child that waits for it waits forever.
    global _threads
    _threads = 1


os.register_at_fork(after_in_child=_use_one_thread)


def buffer_digest(buffer: bytes | memoryview) -> bytes:
    """Return the digest of one contiguous buffer, without copying it."""
    threads = _threads if len(buffer) >= _PARALLEL_BYTES else 1
    return blake3(buffer, max_threads=threads).digest(length=DIGEST_BYTES)


def stream_digest(pieces: Iterable[bytes | memoryview]) -> bytes:
    """Return the digest of the concatenation of `pieces`."""
    hasher = blake3()
    for piece in pieces:
        hasher.update(piece)
    return hasher.digest(length=DIGEST_BYTES)


def collapse(encoding: bytes) -> bytes:
    """Return `encoding`, or a tagged digest of it when it is long."""
    if len(encoding) <= INLINE_BYTES:
        return encoding
    return b"#\0" + buffer_digest(encoding)
