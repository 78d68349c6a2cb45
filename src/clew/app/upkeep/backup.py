"""`clew backup` and `clew restore`: a copy of a store that is a store, made while others write.

A backup is a folder, whatever holds the store: a backup of a database restores into a folder, and
the other way round. One consistent state of the records is copied, without holding up who writes
(by SQLite's online backup, or from a snapshot of PostgreSQL). Then the files of large values are
copied, which never change once they are there; a value is stored before the record that names it,
so every value that the copied state names is found; then the journal of predictions, and what
deployments learnt. Everything that records name is read again and compared with its checksums. The
new database takes its place last, so a backup that breaks off leaves the one before it whole, and a
restoration leaves no store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.stores.sql import SqliteStore, SqlStore
from clew.adapters.stores.sql.open import fresh_postgres, read_file
from clew.adapters.stores.sql.postgres.address import parse
from clew.app.settings import Settings, local
from clew.app.upkeep.beside import NAMES, copy_beside
from clew.app.upkeep.check import check
from clew.app.upkeep.files import Files, Moved, into_folder, into_objects
from clew.app.wiring import open_files, open_graph
from clew.errors import ClewError, CorruptValue, InvalidParameter, NotFound, StoreError

DATABASE = "clew.db"
VALUES = "values"
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup, or a restoration, did.

    Parameters
    ----------
    folder : str
        Where the copy is; an address without its password, of a database.
    database_bytes : int
        Size of the copied database, with the small values in it.
    copied, copied_bytes : int
        Files of large values that were copied (or linked), and those of predictions.
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


def backup(settings: Settings, folder: Path, *, link: bool = False) -> Backup:
    """Copy a store into a folder, which becomes (or stays) a store of its own.

    Parameters
    ----------
    settings : Settings
        Those that name the store: a folder or a database, its large values in it or elsewhere.
    link : bool, default False
        Share the files of large values instead of copying them (hard links, on one file system):
        quick and small, but no protection from a damaged disk.

    Raises
    ------
    NotFound
        When there is no store.
    InvalidState
        When the store is a server's.
    InvalidParameter
        When the folder is the store, lies in it, or holds something else.
    CorruptValue
        When the copy is not sound.
    StoreError
        When something cannot be read or written.
    """
    local(settings, "`clew backup`")
    _check_places(settings, folder)
    with open_graph(settings, make=False) as source, _writing(folder) as draft:
        source.copy_to(draft)
        moved = into_folder(open_files(settings, source), folder / VALUES, link=link)
        copy_beside(settings.store, folder, moved)
        return _take_place(draft, folder, LocalBlobs(folder / VALUES), moved)


def restore(folder: Path, settings: Settings) -> Backup:
    """Copy a backup to the place of a store that is not there: a folder, or a database.

    Raises
    ------
    NotFound
        When the folder holds no backup.
    InvalidState
        When the store is a server's.
    InvalidParameter
        When there is a store already, or a database cannot keep a text of the backup.
    CorruptValue
        When the backup is not sound.
    StoreError
        When something cannot be read or written.
    """
    local(settings, "`clew restore`")
    if not (folder / DATABASE).is_file():
        raise NotFound(
            f"{folder} holds no backup", expected=f"a folder with {DATABASE}, made by clew backup"
        )
    if settings.database is not None:
        with fresh_postgres(settings.database) as target:
            files = open_files(settings, target)
            moved = _move(folder / VALUES, files)
            copy_beside(folder, settings.store, moved)
            read_file(folder / DATABASE, target)
            return _verified(parse(settings.database).shown, target, files, moved)
    place = settings.store
    if (place / DATABASE).exists():
        raise InvalidParameter(
            f"there is a store already: {place}",
            hint="move it away, or name another place with `clew --store FOLDER restore …`",
        )
    _check_folders(folder, place)
    with _writing(place) as draft:
        with SqliteStore(folder / DATABASE) as source:
            source.copy_to(draft)
            files = open_files(settings, source)
            moved = _move(folder / VALUES, files)
        copy_beside(folder, place, moved)
        return _take_place(draft, place, files, moved)


def _move(root: Path, files: Files) -> Moved:
    if isinstance(files, LocalBlobs):
        return into_folder(LocalBlobs(root), files.root)
    return into_objects(root, files)


@contextmanager
def _writing(folder: Path) -> Iterator[Path]:
    """Lend a name in a folder for a database that is not whole yet."""
    draft = folder / f".{DATABASE}-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield draft
    except ClewError:
        raise
    except OSError as error:
        raise StoreError(
            f"the copy could not be written: {folder}",
            got=error.strerror or str(error),
            hint="what an earlier backup in this folder holds is still whole",
        ) from error
    finally:
        for ending in ("", *_BESIDE):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _take_place(draft: Path, folder: Path, files: Files, moved: Moved) -> Backup:
    with SqliteStore(draft) as copied:
        done = _verified(str(folder), copied, files, moved)
    for ending in _BESIDE:
        (folder / (DATABASE + ending)).unlink(missing_ok=True)
    draft.replace(folder / DATABASE)
    return done


def _check_places(settings: Settings, folder: Path) -> None:
    if settings.database is None:
        if not (settings.store / DATABASE).is_file():
            raise NotFound(
                f"there is no store: {settings.store}", hint="CLEW_STORE or --store names one"
            )
        _check_folders(settings.store, folder)
    if folder.is_dir() and not (folder / DATABASE).exists():
        known = (VALUES, ".clew", *NAMES)
        strange = [entry.name for entry in folder.iterdir() if entry.name not in known]
        if [name for name in strange if not name.startswith(f".{DATABASE}-")]:
            raise InvalidParameter(
                "the folder holds something else",
                got=", ".join(sorted(strange)[:5]),
                expected="a new or empty folder, or an earlier backup",
            )


def _check_folders(source: Path, target: Path) -> None:
    inner, outer = target.resolve(), source.resolve()
    if inner == outer or outer in inner.parents:
        raise InvalidParameter(
            "a copy cannot lie in the store itself", got=str(target), expected="another folder"
        )


def _verified(place: str, copied: SqlStore, files: Files, moved: Moved) -> Backup:
    """Read everything again; tell what was done."""
    found = check(copied, files)
    harmful = [p for p in found.problems if p.harm and p.kind != "lost-run"]
    if harmful:
        first = harmful[0]
        raise CorruptValue(
            f"the copy is not sound: {first.text}",
            got=f"{len(harmful)} problems, the first with {first.what}",
            hint="`clew fsck` tells whether the store itself is; if it is, back up once more",
        )
    return Backup(
        place,
        copied.database.size_bytes(),
        moved.copied,
        moved.copied_bytes,
        moved.known,
        found.values,
        found.runs,
    )
