"""What a step does besides computing: seen through Python's audit events.

A step that declares nothing may still open a file, list a directory, read a variable, connect to
a host or start a process. Python announces most of this to audit hooks (PEP 578). Files that are
read or asked about, and variables, become part of what names the node, so that a change is
noticed; what cannot be named (a connection, a process, a file changed that was read) makes the
node unfit for reuse, with the reason. A file that the step itself writes is an effect, not an
input: steps whose point is an effect say `reuse=False`.

Not seen: files opened by C and C++ libraries on their own (that is why a string that names a file
counts as a read of it, see `named_files`), reads in threads that the step starts, and effects
outside the process that are not files.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from threading import local
from types import CodeType, FrameType
from typing import Any

from clew.errors import ClewError
from clew.lineage.canonical import ValueId
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Read
from clew.steps.presence import announce

_INSTALLED = ("bin", "include", "lib", "lib64")
"""A project may stand beside them: /usr/local/work, an environment in the project's folder."""
_LIBRARY_ROOTS = tuple(
    os.path.realpath(root) + os.sep
    for root in {
        *(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        os.path.dirname(os.path.dirname(__file__)),  # noqa: PTH120
        *(f"{prefix}/{part}" for prefix in (sys.prefix, sys.base_prefix) for part in _INSTALLED),
    }
    if root != os.sep
)
_IMPORT_SYSTEM = ("<frozen importlib", "<frozen zipimport", os.path.dirname(importlib.__file__))  # noqa: PTH120
_SYSTEM_ROOTS = ("/proc/", "/sys/", "/dev/", "/usr/lib/", "/usr/share/")
_CODE_SUFFIXES = (".py", ".pyc", ".pyi", ".so", ".pyd")
_FRESH_FLAGS = os.O_TRUNC | os.O_EXCL
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Observer:
    """What one execution was seen to do.

    Parameters
    ----------
    own_root : str
        Folder of the store, whose files never count.
    """

    def __init__(self, own_root: str) -> None:
        self._own_root = _folder(own_root)
        self._reads: dict[tuple[str, str], ValueId] = {}
        self._opened: set[str] = set()
        self._made: set[str] = set()
        self.unsound: list[str] = []

    def read_env(self, name: str, value: str | None) -> None:
        """Note that an environment variable was read."""
        self._reads.setdefault(("env", name), fingerprint(value))

    def read_file(self, path: str) -> None:
        """Note that a file was read, with its content as it is now."""
        if ("file", path) not in self._reads and not self._is_own(path):
            try:
                self._reads["file", path] = file_content(path)
            except (ClewError, OSError) as error:
                self.unsound.append(f"reads {path}, which has no content id ({error})")

    def also_read(self, read: Read) -> None:
        """Note what a step called from this one read or left behind."""
        if read.kind == "wrote":
            self.made(read.name)
            return
        self._reads.setdefault((read.kind, read.name), read.value)

    def opened(self, path: str, *, writing: bool, updating: bool = False) -> None:
        """Note that a file was opened.

        Parameters
        ----------
        updating : bool, default False
            For both, with what is in the file kept.
        """
        if self._is_foreign(path):
            if writing:
                if updating and self._holds_something(path):
                    self._opened.add(path)
                self.made(path)
            elif not path.endswith(_CODE_SUFFIXES):
                if not self._is_own(path):
                    self._opened.add(path)
                self.read_file(path)

    def made(self, path: str) -> None:
        """Note that the step made a file or folder: what it finds there is its own."""
        if path in self._opened:
            self.unsound.append(f"changes the file {path}, which it reads")
        self._made.add(os.path.abspath(path))  # noqa: PTH100
        self._reads.pop(("file", path), None)

    def asked_about(self, path: str) -> None:
        """Note a question whether there is a file or folder, and which."""
        if self._is_foreign(path) and not path.endswith(_CODE_SUFFIXES) and not self._is_own(path):
            if os.path.isdir(path):  # noqa: PTH112
                self._reads.setdefault(("folder", path), is_folder(path))
            else:
                self.read_file(path)

    def _holds_something(self, path: str) -> bool:
        return not self._is_own(path) and os.path.isfile(path) and os.path.getsize(path) > 0  # noqa: PTH113, PTH202

    def _is_own(self, path: str) -> bool:
        if not self._made:
            return False
        place = os.path.abspath(path)  # noqa: PTH100
        return any(place == made or place.startswith(made + os.sep) for made in self._made)

    def reads(self) -> tuple[Read, ...]:
        """Return what was read; a file that changed meanwhile makes the execution unsound."""
        for (kind, name), value in self._reads.items():
            if kind == "file" and file_content(name) != value:
                self.unsound.append(f"{name} changed while the step was reading it")
        return tuple(
            Read(kind, name, value)  # type: ignore[arg-type]
            for (kind, name), value in sorted(self._reads.items())
        )

    def left(self, result: object) -> Iterator[Read]:
        """Yield the files that the step made and its result names, by path or by folder.

        Without them as the step left them the result is worth nothing. Other files that it writes
        are effects, which are not done again.
        """
        named = {os.path.abspath(path) for path in _paths(result)} if self._made else set()  # noqa: PTH100
        for path in sorted(self._made):
            is_named = any(path == name or path.startswith(name + os.sep) for name in named)
            if is_named and os.path.isfile(path) and self._is_foreign(path):  # noqa: PTH113
                yield Read("wrote", path, file_content(path))

    def _is_foreign(self, path: str) -> bool:
        real = os.path.realpath(path)
        return not real.startswith((*_LIBRARY_ROOTS, *_SYSTEM_ROOTS, self._own_root))


@cache
def _folder(path: str) -> str:
    return os.path.realpath(path) + os.sep


def file_content(path: str) -> ValueId:
    """Return the content id of a file, a folder's list of names, or of there being nothing."""
    if os.path.isdir(path):  # noqa: PTH112
        return fingerprint(("directory", sorted(os.listdir(path))))  # noqa: PTH208
    return fingerprint(Path(path))


def is_folder(path: str) -> ValueId:
    """Return the content id of whether there is a folder, whatever is in it."""
    return fingerprint(("folder", os.path.isdir(path)))  # noqa: PTH112


def named_files(values: Iterable[object]) -> Iterator[str]:
    """Yield the strings among `values`, however nested, that name an existing file."""
    pending, seen = list(values), set[int]()
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if _names_file(value):
                yield value
        elif isinstance(value, (list, tuple, set, frozenset, dict)) and id(value) not in seen:
            seen.add(id(value))
            pending.extend(value.values() if isinstance(value, dict) else value)
        elif isinstance(value, CodeType):
            pending.append(value.co_consts)


def _names_file(text: str) -> bool:
    if not 0 < len(text) < 1024 or "\n" in text or not ("." in text or "/" in text):
        return False
    try:
        return os.path.isfile(text)  # noqa: PTH113
    except ValueError:
        return False


def _paths(value: object) -> Iterator[str]:
    """Yield the texts and paths in a value that may name a file."""
    if isinstance(value, (str, Path)) and 0 < len(str(value)) < 1024:
        yield str(value)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, dict):
        yield from _paths(list(value.values()))


class _State(local):
    observer: Observer | None = None
    busy: bool = False


_state = _State()
_installed = False


class observing:
    """Send the audit events of this thread to `observer` for the length of the block."""

    __slots__ = ("_observer", "_outer")

    def __init__(self, observer: Observer | None) -> None:
        self._observer = observer

    def __enter__(self) -> None:
        global _installed
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True
        self._outer, _state.observer = _state.observer, self._observer

    def __exit__(self, *_: object) -> None:
        _state.observer = self._outer


def unobserved() -> observing:
    """Keep clew's own work out of what a step is seen to do, for the length of a block."""
    return observing(None)


def note_unsound(reason: str) -> None:
    """Note that the running step, if this thread runs one, did what no record can stand for."""
    if _state.observer is not None and not _state.busy:
        _state.observer.unsound.append(reason)


def watch_questions() -> None:
    """Let the running step's observer know which files are asked about (see `presence`)."""
    announce(_asked)


def _asked(path: str) -> None:
    observer = _state.observer
    if observer is None or _state.busy:
        return
    if sys._getframe(4).f_code.co_filename.startswith(_IMPORT_SYSTEM):
        return
    _state.busy = True
    try:
        observer.asked_about(path)
    finally:
        _state.busy = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    handler = _HANDLERS and _HANDLERS.get(event)  # None while the interpreter goes
    if not handler or _state.observer is None or _state.busy:
        return
    if _looks_for_modules(sys._getframe(1)):
        return  # code counts by its fingerprint
    _state.busy = True
    try:
        handler(_state.observer, args)
    finally:
        _state.busy = False


def _looks_for_modules(frame: FrameType) -> bool:
    """Tell whether it is the import system that acts, for itself (`pkgutil.get_data` asks it)."""
    code, asked_by = frame.f_code, frame.f_back
    if not code.co_filename.startswith(_IMPORT_SYSTEM):
        return False
    return code.co_name != "get_data" or (
        asked_by is not None and asked_by.f_code.co_filename.startswith(_IMPORT_SYSTEM)
    )


def _on_open(observer: Observer, args: tuple[Any, ...]) -> None:
    path, mode, flags = args
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str):
        return
    writing = any(letter in mode for letter in "wax+") if mode else bool(flags & _WRITE_FLAGS)
    updating = bool(flags & os.O_RDWR) and not flags & _FRESH_FLAGS
    observer.opened(path, writing=writing, updating=updating)


def _on_list(observer: Observer, args: tuple[Any, ...]) -> None:
    path = args[0] if args else None
    if not isinstance(path, int):
        observer.opened(os.fsdecode(path) if path is not None else ".", writing=False)


def _on_database(observer: Observer, args: tuple[Any, ...]) -> None:
    """Take an SQLite file, which C code opens, for one that is read, with its journal."""
    name = os.fsdecode(args[0])
    if name.startswith("file:"):
        observer.unsound.append(f"opens the database {name}")
    elif name and name != ":memory:":
        for path in (name, f"{name}-wal"):
            observer.opened(path, writing=False)


def _on_make(observer: Observer, args: tuple[Any, ...]) -> None:
    observer.made(os.fsdecode(args[0]))


def _on_move(observer: Observer, args: tuple[Any, ...]) -> None:
    observer.made(os.fsdecode(args[1]))


def _on_connect(observer: Observer, args: tuple[Any, ...]) -> None:
    observer.unsound.append("opens a network connection")


def _on_process(observer: Observer, args: tuple[Any, ...]) -> None:
    if _called_from_project():
        observer.unsound.append("starts another process")


def _called_from_project() -> bool:
    """Tell whether the nearest caller outside the standard library is the user's own code."""
    frame: FrameType | None = sys._getframe(3)
    standard = _standard_library()
    while frame is not None and frame.f_code.co_filename.startswith(standard):
        frame = frame.f_back
    if frame is None:
        return False
    return not os.path.realpath(frame.f_code.co_filename).startswith(_LIBRARY_ROOTS)


def _standard_library() -> tuple[str, ...]:
    return (os.path.dirname(os.__file__) + os.sep, "<frozen")  # noqa: PTH120


_HANDLERS: dict[str, Callable[[Observer, tuple[Any, ...]], None]] = {
    "open": _on_open,
    "os.listdir": _on_list,
    "os.scandir": _on_list,
    "os.mkdir": _on_make,
    "os.rename": _on_move,
    "os.link": _on_move,
    "os.symlink": _on_move,
    "sqlite3.connect": _on_database,
    "socket.connect": _on_connect,
    "socket.getaddrinfo": _on_connect,
    "subprocess.Popen": _on_process,
    "os.system": _on_process,
    "os.posix_spawn": _on_process,
}
