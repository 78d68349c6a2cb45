"""Files of runs and models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from clew.entities import Artifact, Owner
from clew.lineage.canonical import ValueId


class ArtifactWriter(Protocol):
    """A file on its way in. Nothing is seen of it before `commit`."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append bytes; they are hashed and written at once, never held."""

    def commit(self) -> Artifact:
        """Make the file visible (it replaces one of the same path); equal bytes are kept once."""

    def abort(self) -> None:
        """Drop what was written; nothing happens after `commit`."""


class Artifacts(Protocol):
    """Files of runs, models and traces, kept by content: the same bytes are stored once.

    Paths are relative, with ``/``; an empty or absolute one, ``..``, ``\\``, NUL and control
    characters, a part beyond 255 bytes or a path beyond 4,096 are `InvalidParameter`. A path cannot
    be a file and a folder at once.
    """

    def writer(self, owner: Owner, path: str) -> ArtifactWriter:
        """Begin a file of an existing run or model (`NotFound`), or of a folder."""

    def get(self, owner: Owner, path: str) -> Artifact:
        """Return a file's or folder's record; `NotFound` when there is none."""

    def read(self, artifact: Artifact, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield a file's bytes from `start` up to (not including) `stop`, in pieces.

        Raises
        ------
        CorruptValue
            When the file is damaged: before the first piece where that is known, else before
            the last one, so that a reader of the whole never takes it for complete.
        """

    def list(self, owner: Owner, path: str = "") -> tuple[Artifact, ...]:
        """Return what lies directly in a folder, by path; nothing where there is no folder."""

    def delete(self, owner: Owner, path: str = "") -> int:
        """Remove a file, or a folder with all in it; return how many files that were.

        The bytes go with the next `clew gc`, unless something else has the same content.
        """

    def link(self, owner: Owner, path: str, content: ValueId) -> Artifact:
        """Name bytes that are stored already; `NotFound` when they are not."""
