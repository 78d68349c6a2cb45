"""Claims by byte-range locks: free at once when the holder dies, whatever killed it.

Threads of one process wait for each other on a dictionary of holders; processes wait on a POSIX
lock of one byte of one file, at an offset that the node's id gives. The kernel drops a process's
locks when it ends, so nothing is left to clean up, no clock decides, and no claim is stolen from a
holder that is merely slow.

POSIX locks belong to a process and vanish when it closes *any* descriptor of the file
(POSIX.1-2024, fcntl, "Advisory record locks"). So each process opens the file once and never closes
it, and the file is used for nothing else.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

from clew.errors import StoreError
from clew.lineage.canonical import NodeId

if sys.platform != "win32":
    import fcntl

_FIRST_WAIT_S = 0.001
_LONGEST_WAIT_S = 0.1
_OFFSET_MASK = (1 << 62) - 1
"""The largest offset that every system's lock call accepts, less one."""


class _Process:
    """What this process knows of one lock file. Never closed: see above."""

    def __init__(self, path: str) -> None:
        self.pid = os.getpid()
        self.descriptor = _open(path)
        self.file = _identity(os.fstat(self.descriptor))
        self.changed = threading.Condition()
        self.held: set[int] = set()

    def serves(self, path: str) -> bool:
        """Tell whether this is the process, and the file is still the one under that name."""
        if self.pid != os.getpid():
            return False
        try:
            return _identity(os.stat(path)) == self.file  # noqa: PTH116
        except FileNotFoundError:
            return False


_processes: dict[str, _Process] = {}
_abandoned: list[_Process] = []
_opening = threading.Lock()


class _Claim:
    """One claim: taken when the block begins, given up when it ends (by any thread)."""

    __slots__ = ("_held", "_offset", "_process", "_wait")

    def __init__(self, process: _Process, offset: int, *, wait: bool) -> None:
        self._process = process
        self._offset = offset
        self._wait = wait
        self._held = False

    def __enter__(self) -> bool:
        at_once = self._enter()
        if at_once is None:
            return False
        try:
            free = _lock(self._process.descriptor, self._offset, wait=self._wait)
        except BaseException:
            self._leave()
            raise
        if free is None:
            self._leave()
            return False
        self._held = True
        return free and at_once

    def __exit__(self, *_: object) -> None:
        # In a forked child that leaves the block the claim is its parent's.
        if self._held and self._process.pid == os.getpid():
            self._held = False
            try:
                fcntl.lockf(self._process.descriptor, fcntl.LOCK_UN, 1, self._offset)
            finally:
                self._leave()

    def _enter(self) -> bool | None:
        """Wait until no other thread holds the claim; None when it is taken and `wait` is off."""
        process, offset = self._process, self._offset
        with process.changed:
            if offset not in process.held:
                process.held.add(offset)
                return True
            if not self._wait:
                return None
            while offset in process.held:
                process.changed.wait(_LONGEST_WAIT_S)  # With a limit: Ctrl-C is answered.
            process.held.add(offset)
            return False

    def _leave(self) -> None:
        with self._process.changed:
            self._process.held.discard(self._offset)
            self._process.changed.notify_all()


class FileClaims:
    """Single flight over threads and processes of one machine.

    Parameters
    ----------
    path : str or Path
        The lock file; it is made when it is absent, and stays empty.

    Raises
    ------
    StoreError
        When the file cannot be opened, or the system has no byte-range locks (Windows).
    """

    def __init__(self, path: str | Path) -> None:
        if sys.platform == "win32":
            raise StoreError(
                "claims need POSIX record locks, which Windows does not have",
                expected="Linux or macOS",
                hint="run clew inside WSL 2",
            )
        self._path = os.path.realpath(path)
        self._process()

    def hold(self, id: NodeId, *, wait: bool = True) -> AbstractContextManager[bool]:
        """Hold a node's claim for the length of a ``with`` block.

        Gives True when the claim was free, False when another thread or process held it meanwhile
        (its result may be there now). With ``wait=False`` a claim that is taken gives False at
        once and nothing is held. A thread that holds a claim must not ask for it again.
        """
        offset = int.from_bytes(id[:8], "big") & _OFFSET_MASK
        return _Claim(self._process(), offset, wait=wait)

    def _process(self) -> _Process:
        found = _processes.get(self._path)
        if found is not None and found.serves(self._path):
            return found
        with _opening:
            found = _processes.get(self._path)
            if found is None or not found.serves(self._path):
                if found is not None:
                    _abandoned.append(found)  # Its descriptor stays open: claims may be held.
                found = _processes[self._path] = _Process(self._path)
        return found


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _lock(descriptor: int, offset: int, *, wait: bool) -> bool | None:
    """Lock one byte. True: it was free; False: after waiting; None: taken and `wait` is off."""
    pause_s = _FIRST_WAIT_S
    free = True
    while not _try(descriptor, offset):
        if not wait:
            return None
        free = False
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_WAIT_S)
    return free


def _try(descriptor: int, offset: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise StoreError(
            "a claim cannot be taken",
            got=str(error),
            hint="keep the store on a local disk whose file system has record locks",
        ) from error
    return True


def _open(path: str) -> int:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    except OSError as error:
        raise StoreError(
            f"the lock file of the store cannot be opened: {path}",
            got=str(error),
            hint="give this user write access to the store's directory",
        ) from error


def _unlock_after_fork() -> None:
    """Give a child fresh locks: a thread that it has not may hold the parent's."""
    global _opening
    _opening = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_after_fork)
