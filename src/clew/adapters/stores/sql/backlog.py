"""Group commit: what short steps leave behind waits a moment, and is committed together.

A commit costs as much as everything else that clew does for a step of some milliseconds. So a
record whose writer does not need it kept at once waits here, until the first of these: another
write of this process, a read that may see it, `MOST` records, `SOON_S` at the next record, or
`LATEST_S` by a thread that watches. It is committed in the order in which it came.

To this process a waiting record is as good as written. Others do not see it, and it does not
survive SIGKILL: whoever gives it says with `kept` what may happen only after the commit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from clew.adapters.stores.sql.connection import Connection
from clew.lineage.canonical import Digest

MOST = 64
"""So many records are one transaction at most: it holds the write lock of all processes."""

SOON_S = 0.1
LATEST_S = 0.2

Write = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits.

    Parameters
    ----------
    write : callable
        Puts it into the database, inside a transaction.
    kept : callable
        Called when it was committed, or failed for good.
    calls : tuple of Digest
        Ids by which it may be looked up.
    contents : mapping of Digest to bytes
        The values' bytes in it.
    """

    write: Write
    kept: Callable[[], None]
    calls: tuple[Digest, ...]
    contents: Mapping[Digest, bytes]


class Backlog:
    """The records of one process that wait for their commit; any thread may use it.

    Parameters
    ----------
    commit : callable
        Makes several writes in one transaction.
    """

    def __init__(self, commit: Callable[[Sequence[Write]], None]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._waiting: list[Waiting] = []
        self._calls: set[Digest] = set()
        self._contents: dict[Digest, bytes] = {}
        self._since = 0.0
        self._watched = False
        self._failure: Exception | None = None

    def add(self, record: Waiting) -> None:
        """Let a record wait.

        Raises
        ------
        StoreError
            When a commit fails that this call makes, or that the watching thread made.
        """
        now = time.monotonic()
        with self._lock:
            if not self._waiting:
                self._since = now
            self._waiting.append(record)
            self._calls.update(record.calls)
            self._contents.update(record.contents)
            due = len(self._waiting) >= MOST or now - self._since >= SOON_S
            unwatched = not self._watched
            self._watched = True
        if unwatched:
            threading.Thread(target=self._watch, name="clew-commit", daemon=True).start()
        if due or self._failure is not None:
            self.flush()

    def concerns(self, calls: Collection[Digest] | None) -> bool:
        """Tell whether a record waits that one of the calls may find; None stands for any."""
        if not self._waiting:
            return self._failure is not None
        return calls is None or any(call in self._calls for call in calls)

    def content(self, id: Digest) -> bytes | None:
        """Return the bytes of a value that waits."""
        return self._contents.get(id)

    def flush(self) -> None:
        """Commit what waits: what was added before this call is kept when it returns.

        Raises
        ------
        StoreError
            When a record cannot be written: those before it are kept, it and later ones are not.
        """
        with self._flushing:
            batch = tuple(self._waiting)
            try:
                if batch:
                    self._write(batch)
            except Exception as error:
                self._failure = error
            self._forget(batch)
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _write(self, batch: Sequence[Waiting]) -> None:
        try:
            self._commit([record.write for record in batch])
        except Exception:
            if len(batch) == 1:
                raise
            for record in batch:
                self._commit([record.write])

    def _forget(self, batch: Sequence[Waiting]) -> None:
        with self._lock:
            del self._waiting[: len(batch)]
            self._since = time.monotonic()
            self._calls = {call for record in self._waiting for call in record.calls}
            self._contents = {}
            for record in self._waiting:
                self._contents.update(record.contents)
        for record in batch:
            record.kept()

    def _watch(self) -> None:
        """Flush what nobody else flushes in time; end when nothing waits."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._watched = False
                    return
                left_s = self._since + LATEST_S - time.monotonic()
            if left_s > 0:
                time.sleep(left_s)
                continue
            try:
                self.flush()
            except Exception as error:
                self._failure = error  # The next to write or read is told.
