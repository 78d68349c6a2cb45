"""Connections to read with: lent to one thread at a time, kept for the next.

Where connections are dear (each one of PostgreSQL is a process of the server), their number has a
limit: a thread waits for one that comes back. A thread that holds one already does not wait: it may
be itself whom it would wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from clew.adapters.stores.sql.connection import Connection


class Readers:
    """The connections of one process.

    Parameters
    ----------
    limit : int, optional
        How many there may be.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._idle: list[Connection] = []
        self._lent: dict[int, int] = {}
        """How many each thread holds."""
        self._changed = threading.Condition(threading.Lock())

    def add(self, connection: Connection) -> None:
        """Keep an open connection for whoever asks next."""
        self._idle.append(connection)

    def take(
        self, borrower: int, open: Callable[[], Connection], is_stale: Callable[[Connection], bool]
    ) -> Connection:
        """Lend a connection to a thread, an idle one or a new one."""
        with self._changed:
            if self._limit is not None and borrower not in self._lent:
                while sum(self._lent.values()) >= self._limit:
                    self._changed.wait(1)  # With a limit: Ctrl-C is answered.
            self._lent[borrower] = self._lent.get(borrower, 0) + 1
        try:
            while (connection := self._pop()) is not None:
                if not is_stale(connection):
                    return connection
                connection.close()
            return open()
        except BaseException:
            self._forget(borrower)
            raise

    def give_back(self, borrower: int, connection: Connection, *, keep: bool) -> None:
        """Take a connection back from the thread that it was lent to."""
        if keep:
            self._idle.append(connection)
        else:
            connection.close()
        self._forget(borrower)

    def close(self) -> None:
        """Close what is idle."""
        while (connection := self._pop()) is not None:
            connection.close()

    def _pop(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _forget(self, borrower: int) -> None:
        with self._changed:
            if self._lent[borrower] == 1:
                del self._lent[borrower]
            else:
                self._lent[borrower] -= 1
            self._changed.notify()
