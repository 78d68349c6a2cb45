"""Files of a folder that somebody else may have made: nothing outside it is ever read.

A symbolic link, a device or a pipe anywhere in the folder is refused, never followed: it could name
any file of this machine, which the import would then copy into the store.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from clew.errors import NotFound, StoreError, UnsafeLoad

_MOST_TEXT_BYTES = 64 << 20


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, by name; nothing where there is no folder."""
    return [entry.name for entry in _entries(folder)]


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name."""
    return [folder / e.name for e in _entries(folder) if e.is_dir(follow_symlinks=False)]


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file below a folder with its path in it (``a/b.txt``), by name."""
    for entry in _entries(folder):
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            for below, file in files(path):
                yield f"{entry.name}/{below}", file
        elif entry.is_file(follow_symlinks=False):
            yield entry.name, path
        else:
            raise UnsafeLoad(f"{path} is neither a file nor a folder; it was not imported")


def opened(path: Path) -> BinaryIO:
    """Open a file for reading, when it is a plain file and no link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise NotFound(f"{path} is missing") from error
    except OSError as error:
        if path.is_symlink():
            raise _link(path) from error
        raise StoreError(f"{path} cannot be read", got=str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnsafeLoad(f"{path} is not a plain file; it was not imported")
    return os.fdopen(descriptor, "rb")


def text(path: Path) -> str:
    """Return a small text file."""
    with opened(path) as file:
        content = file.read(_MOST_TEXT_BYTES + 1)
    if len(content) > _MOST_TEXT_BYTES:
        raise StoreError(f"{path} is too large", expected=f"at most {_MOST_TEXT_BYTES:,} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is no text", got=str(error)) from error


def texts(folder: Path) -> dict[str, str]:
    """Return every text file below a folder by its path in it."""
    return {name: text(path) for name, path in files(folder)}


def below(root: Path, path: Path) -> bool:
    """Tell whether a path, links resolved, is a folder or lies in it."""
    return path.resolve().is_relative_to(root.resolve())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(f"{folder} cannot be read", got=str(error)) from error
    for entry in entries:
        if entry.is_symlink():
            raise _link(folder / entry.name)
    return entries


def _link(path: Path) -> UnsafeLoad:
    return UnsafeLoad(
        f"{path} is a symbolic link; nothing was imported through it",
        hint="replace it by what it names, when you trust that",
    )
