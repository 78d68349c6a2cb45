"""Files as they were: what steps write while a thread is rebuilt is undone afterwards.

A rebuild compares; it must neither leave files behind nor replace newer ones by those of an older
run. Steps write where they wrote in their run, later steps find it there, and at the end every file
and folder that Python was seen to change has its former content, or is gone again. Not seen: what
other programs and C libraries write.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clew.steps.observe import unobserved

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ELSEWHERE = ("/dev/", "/proc/", "/sys/")


@contextmanager
def files_put_back(*own: str) -> Iterator[None]:
    """Undo, at the end of the block, what was done to files in it.

    Parameters
    ----------
    own : str
        Folders that are left alone.
    """
    global _kept
    with tempfile.TemporaryDirectory(prefix="clew-rebuild-") as aside:
        kept = _Kept(aside, (*(os.path.realpath(folder) + os.sep for folder in own), *_ELSEWHERE))
        if _kept is None:
            sys.addaudithook(_hook)
        _kept = kept
        try:
            yield
        finally:
            kept.active = False
            with unobserved():
                kept.put_back()


class _Kept:
    """How files and folders were before they were touched for the first time."""

    def __init__(self, aside: str, skipped: tuple[str, ...]) -> None:
        self.active = True
        self._skipped = (*skipped, os.path.realpath(aside) + os.sep)
        self._aside = Path(aside)
        self._before: dict[Path, Path | str | None] = {}
        """By path: a copy of the file, "" for a folder, None where there was nothing."""

    def touch(self, name: Any) -> None:
        if isinstance(name, int) or name is None:
            return
        path = Path(os.path.realpath(os.path.dirname(os.path.abspath(os.fsdecode(name)))))  # noqa: PTH100, PTH120
        path /= os.path.basename(os.fsdecode(name))  # noqa: PTH119
        if path in self._before or f"{path}{os.sep}".startswith(self._skipped):
            return
        if "__pycache__" in path.parts or any(
            self._before.get(above, "") is None for above in path.parents
        ):
            return
        if path.is_symlink() or path.is_file():
            copy = self._aside / str(len(self._before))
            shutil.copy2(path, copy, follow_symlinks=False)
            self._before[path] = copy
        else:
            self._before[path] = "" if path.is_dir() else None

    def touch_tree(self, name: Any) -> None:
        self.touch(name)
        if not isinstance(name, int) and os.path.isdir(name):  # noqa: PTH112
            for folder, _, files in os.walk(os.fsdecode(name)):
                self.touch(folder)
                for file in files:
                    self.touch(os.path.join(folder, file))  # noqa: PTH118

    def put_back(self) -> None:
        for path, before in reversed(self._before.items()):
            if before is None:
                _remove(path)
        for path, before in self._before.items():
            if before == "":
                path.mkdir(parents=True, exist_ok=True)
        for path, before in self._before.items():
            if isinstance(before, Path):
                _remove(path)
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(before, path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


_kept: _Kept | None = None


def _hook(event: str, args: tuple[Any, ...]) -> None:
    kept, handler = _kept, _HANDLERS.get(event)
    if kept is None or handler is None or not kept.active:
        return
    kept.active = False
    try:
        with unobserved():
            handler(kept, args)
    finally:
        kept.active = True


def _on_open(kept: _Kept, args: tuple[Any, ...]) -> None:
    path, mode, flags = args
    if any(letter in mode for letter in "wax+") if mode else flags & _WRITE_FLAGS:
        kept.touch(path)


def _on_first(kept: _Kept, args: tuple[Any, ...]) -> None:
    kept.touch(args[0])


def _on_second(kept: _Kept, args: tuple[Any, ...]) -> None:
    kept.touch(args[1])


def _on_move(kept: _Kept, args: tuple[Any, ...]) -> None:
    kept.touch_tree(args[0])
    kept.touch_tree(args[1])


def _on_database(kept: _Kept, args: tuple[Any, ...]) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        kept.touch(os.fsdecode(args[0]) + suffix)


_HANDLERS: Mapping[str, Callable[[_Kept, tuple[Any, ...]], None]] = {
    "open": _on_open,
    "os.mkdir": _on_first,
    "os.remove": _on_first,
    "os.rmdir": _on_first,
    "os.truncate": _on_first,
    "os.rename": _on_move,
    "os.link": _on_second,
    "os.symlink": _on_second,
    "shutil.rmtree": lambda kept, args: kept.touch_tree(args[0]),
    "sqlite3.connect": _on_database,
}
