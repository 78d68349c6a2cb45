"""Files of large values, from one place to another as they are stored: a folder, or objects.

Both hold the same bytes under a value's id, so nothing is decoded, and what is there already is
left alone. A file is seen under its name only when it is whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clew.adapters.blobs.local import LocalBlobs, layout
from clew.adapters.blobs.objects import ObjectBlobs
from clew.errors import InvalidParameter
from clew.lineage.canonical import ValueId

Files = LocalBlobs | ObjectBlobs


@dataclass(slots=True)
class Moved:
    """What was copied (or linked), and how much was there already."""

    copied: int = 0
    copied_bytes: int = 0
    known: int = 0

    def add(self, size_bytes: int) -> None:
        """Count one file that was copied."""
        self.copied += 1
        self.copied_bytes += size_bytes


def into_folder(source: Files, root: Path, *, link: bool = False) -> Moved:
    """Copy what is not there yet into the folder of a store's values.

    Parameters
    ----------
    link : bool, default False
        Share files instead (hard links).

    Raises
    ------
    InvalidParameter
        When objects of another place are to be linked.
    """
    moved = Moved()
    if isinstance(source, LocalBlobs):
        for id, entry in layout.values(source.root):
            _copy(Path(entry.path), _place(root, id), moved, link=link)
        return moved
    if link:
        raise InvalidParameter(
            "files can be shared only where the values lie in a folder", got="--link"
        )
    for id, size_bytes, _ in source.ids():
        target = _place(root, id)
        if _size(target) == size_bytes:
            moved.known += 1
        else:
            _write(target, source.raw(id, size_bytes), moved)
    return moved


def into_objects(root: Path, target: ObjectBlobs) -> Moved:
    """Copy what is not there yet from the folder of a store's values."""
    moved = Moved()
    for id, entry in layout.values(root):
        size_bytes = entry.stat().st_size
        if target.size(id) == size_bytes:
            moved.known += 1
            continue
        with Path(entry.path).open("rb") as file:
            target.keep_raw(id, file)
        moved.add(size_bytes)
    return moved


def _place(root: Path, id: ValueId) -> Path:
    return Path(layout.file_of(str(root), id))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _copy(file: Path, target: Path, moved: Moved, *, link: bool) -> None:
    """Copy or link a file under its final name at once."""
    size_bytes = _size(file)
    if size_bytes is None:
        return  # Collected meanwhile: if the copied state needs it, verifying says so.
    if _size(target) == size_bytes:
        moved.known += 1
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(layout.temporary_beside(str(target)))
    try:
        if link:
            os.link(file, draft)
        else:
            shutil.copyfile(file, draft)
        draft.replace(target)
    except FileNotFoundError:
        return
    finally:
        draft.unlink(missing_ok=True)
    moved.add(size_bytes)


def _write(target: Path, pieces: Iterator[bytes], moved: Moved) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(layout.temporary_beside(str(target)))
    try:
        with draft.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        size_bytes = draft.stat().st_size
        if size_bytes:
            draft.replace(target)
            moved.add(size_bytes)
    finally:
        draft.unlink(missing_ok=True)
