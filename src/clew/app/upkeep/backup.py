"""`clew backup` and `clew restore`: a copy of a store that is a store, made while others write.

The database is copied by SQLite's online backup: one consistent state, without holding up who
writes. Then the files of large values are copied, which never change once they are there; a value
is stored before the record that names it, so every value that the copied state names is found. The
new database takes the old one's place last, so a backup that breaks off leaves the one before it
whole. At the end everything is read again and compared with its checksums.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clew.adapters.blobs.local import LocalBlobs, layout
from clew.adapters.stores.sql import SqliteStore
from clew.app.upkeep.check import check
from clew.errors import CorruptValue, InvalidParameter, NotFound, StoreError

DATABASE = "clew.db"
VALUES = "values"
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup, or a restoration, did.

    Parameters
    ----------
    database_bytes : int
        Size of the copied database, with the small values in it.
    copied, copied_bytes : int
        Files of large values that were copied (or linked).
    known : int
        Files that an earlier backup in the same folder had brought already.
    values, runs : int
        What was verified.
    """

    folder: str
    database_bytes: int
    copied: int
    copied_bytes: int
    known: int
    values: int
    runs: int


def backup(store: Path, folder: Path, *, link: bool = False) -> Backup:
    """Copy a store into a folder, which becomes (or stays) a store of its own.

    Parameters
    ----------
    link : bool, default False
        Share the files of large values instead of copying them (hard links, on one file system):
        quick and small, but no protection from a damaged disk.

    Raises
    ------
    InvalidParameter
        When the folder is the store, lies in it, or holds something else.
    CorruptValue
        When the copy is not sound.
    StoreError
        When something cannot be read or written.
    """
    _check_places(store, folder)
    draft = folder / f".{DATABASE}-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with SqliteStore(store / DATABASE) as source:
            source.copy_to(draft)
        copied, known, size_bytes = 0, 0, 0
        for name, file in _files(store / VALUES):
            target = folder / VALUES / name[:2] / name[2:]
            if _is_there(target, file):
                known += 1
                continue
            size_bytes += _copy(file, target, link=link)
            copied += 1
        for ending in _BESIDE:
            (folder / (DATABASE + ending)).unlink(missing_ok=True)
        draft.replace(folder / DATABASE)
    except OSError as error:
        raise StoreError(
            f"the backup could not be written: {folder}",
            got=error.strerror or str(error),
            hint="what an earlier backup in this folder holds is still whole",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    values, runs = _verify(folder)
    size = (folder / DATABASE).stat().st_size
    return Backup(str(folder), size, copied, size_bytes, known, values, runs)


def restore(folder: Path, store: Path) -> Backup:
    """Copy a backup to the place of a store that is not there.

    Raises
    ------
    NotFound
        When the folder holds no backup.
    InvalidParameter
        When there is a store already.
    """
    if not (folder / DATABASE).is_file():
        raise NotFound(
            f"{folder} holds no backup", expected=f"a folder with {DATABASE}, made by clew backup"
        )
    if (store / DATABASE).exists():
        raise InvalidParameter(
            f"there is a store already: {store}",
            hint="move it away, or name another place with `clew --store FOLDER restore …`",
        )
    return backup(folder, store)


def _check_places(store: Path, folder: Path) -> None:
    if not (store / DATABASE).is_file():
        raise NotFound(f"there is no store: {store}", hint="CLEW_STORE or --store names one")
    inner, outer = folder.resolve(), store.resolve()
    if inner == outer or outer in inner.parents:
        raise InvalidParameter(
            "a backup cannot lie in the store itself", got=str(folder), expected="another folder"
        )
    if folder.is_dir() and not (folder / DATABASE).exists():
        strange = [entry.name for entry in folder.iterdir() if entry.name not in (VALUES, ".clew")]
        if [name for name in strange if not name.startswith(f".{DATABASE}-")]:
            raise InvalidParameter(
                "the folder holds something else",
                got=", ".join(sorted(strange)[:5]),
                expected="a new or empty folder, or an earlier backup",
            )


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    for id, entry in layout.values(root):
        yield id.hex(), Path(entry.path)


def _is_there(target: Path, file: Path) -> bool:
    try:
        return target.stat().st_size == file.stat().st_size
    except FileNotFoundError:
        return False


def _copy(file: Path, target: Path, *, link: bool) -> int:
    """Copy or link a file under its final name at once; return its size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(layout.temporary_beside(str(target)))
    try:
        if link:
            os.link(file, draft)
        else:
            shutil.copyfile(file, draft)
        draft.replace(target)
    except FileNotFoundError:
        return 0  # Collected meanwhile: if the copied state needs it, verifying says so.
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def _verify(folder: Path) -> tuple[int, int]:
    with SqliteStore(folder / DATABASE) as copied:
        found = check(copied, LocalBlobs(folder / VALUES))
    harmful = [p for p in found.problems if p.harm and p.kind != "lost-run"]
    if harmful:
        first = harmful[0]
        raise CorruptValue(
            f"the backup is not sound: {first.text}",
            got=f"{len(harmful)} problems, the first with {first.what}",
            hint="`clew fsck` tells whether the store itself is; if it is, back up once more",
        )
    return found.values, found.runs
