"""Where files lie: ``root/ab/cdef…``, temporary files beside them, damaged ones in quarantine.

Names come from the bytes of ids alone, so that no id can lead out of the root.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from clew.errors import WrongType
from clew.lineage.canonical import DIGEST_BYTES, Digest, ValueId

QUARANTINE = "quarantine"
_SHARD = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(rf"[0-9a-f]{{{2 * DIGEST_BYTES - 2}}}")
_TEMPORARY = re.compile(r"\.tmp-(\d+)-[0-9a-f]+")


def file_of(root: str, id: ValueId) -> str:
    """Return the path of a value's file.

    Raises
    ------
    WrongType
        When `id` is no content id.
    """
    if not isinstance(id, bytes) or len(id) != DIGEST_BYTES:
        raise WrongType("no content id", got=repr(id)[:80], expected=f"{DIGEST_BYTES} bytes")
    name = id.hex()
    return f"{root}{os.sep}{name[:2]}{os.sep}{name[2:]}"


def temporary_beside(path: str) -> str:
    """Return a fresh name in the directory of `path`; it names the process that writes it."""
    return f"{os.path.dirname(path)}{os.sep}.tmp-{os.getpid()}-{secrets.token_hex(8)}"  # noqa: PTH120


def quarantined(root: str, id: ValueId) -> str:
    """Return a fresh name in quarantine for a damaged value."""
    return f"{root}{os.sep}{QUARANTINE}{os.sep}{id.hex()}-{secrets.token_hex(4)}"


def values(root: Path) -> Iterator[tuple[ValueId, os.DirEntry[str]]]:
    """Yield the id and directory entry of every value's file."""
    for shard, entry in _entries(root):
        if _REST.fullmatch(entry.name):
            yield ValueId(Digest(bytes.fromhex(shard + entry.name))), entry


def temporaries(root: Path) -> Iterator[tuple[int, os.DirEntry[str]]]:
    """Yield ``(process id, directory entry)`` of every temporary file."""
    for _, entry in _entries(root):
        match = _TEMPORARY.fullmatch(entry.name)
        if match:
            yield int(match[1]), entry


def _entries(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    if not root.is_dir():
        return
    for shard in sorted(entry.name for entry in os.scandir(root)):
        if not _SHARD.fullmatch(shard):
            continue
        with os.scandir(root / shard) as entries:
            yield from ((shard, entry) for entry in entries)
