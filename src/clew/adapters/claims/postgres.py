"""Claims by advisory locks of PostgreSQL: steps are computed once over all machines.

One session of each process holds the claims of its threads, which wait for each other on a
dictionary of holders. The server drops a session's locks when it ends, whatever ended it: a process
that is killed closes its connection, and a machine that is gone is noticed within half a minute
(see `clew.adapters.stores.sql.postgres.connection`). So nothing is left to clean up, no clock
decides, and no claim is stolen from a holder that is merely slow.

When the session itself is lost (the server was restarted), a claim may be given to somebody else
while its holder goes on: then both compute the step, and record the same node.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from clew.adapters.stores.sql.postgres import address as addresses
from clew.adapters.stores.sql.postgres import failures
from clew.adapters.stores.sql.postgres.connection import PostgresConnection
from clew.adapters.stores.sql.postgres.database import lock_number
from clew.lineage.canonical import NodeId

_FIRST_WAIT_S = 0.002
_LONGEST_WAIT_S = 0.2

_abandoned: list[object] = []
"""Sessions of a parent process: they are not this one's to end."""


class _Process:
    """What this process holds."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.asking = threading.Lock()
        self.session: PostgresConnection | None = None
        self.changed = threading.Condition()
        self.held: set[int] = set()


class PostgresClaims:
    """Single flight over threads, processes and machines that share a database.

    Parameters
    ----------
    url : str
        Address of the store's database, for a direct connection or a pooler that keeps sessions.
    """

    def __init__(self, url: str) -> None:
        self._address = addresses.parse(url)
        self._process = _Process()

    @contextmanager
    def hold(self, id: NodeId, *, wait: bool = True) -> Iterator[bool]:
        """Hold a node's claim for the length of a ``with`` block.

        Gives True when the claim was free, False when another thread, process or machine held it
        meanwhile (its result may be there now). With ``wait=False`` a claim that is taken gives
        False at once and nothing is held. A thread that holds a claim must not ask for it again.
        """
        process = self._here()
        number = lock_number("claim", self._address.schema, id)
        at_once = _enter(process, number, wait=wait)
        if at_once is None:
            yield False
            return
        try:
            free = self._lock(process, number, wait=wait)
            if free is None:
                yield False
                return
            try:
                yield free and at_once
            finally:
                if process.pid == os.getpid():
                    self._unlock(process, number)
        finally:
            _leave(process, number)

    def close(self) -> None:
        """End the session; what was held is free."""
        process = self._here()
        with process.asking:
            if process.session is not None:
                process.session.close()
                process.session = None

    def _here(self) -> _Process:
        if self._process.pid != os.getpid():
            _abandoned.append(self._process)
            self._process = _Process()
        return self._process

    def _lock(self, process: _Process, number: int, *, wait: bool) -> bool | None:
        """Take a lock. True: it was free; False: after waiting; None: taken and `wait` is off."""
        pause_s = _FIRST_WAIT_S
        free = True
        while not self._ask(process, "SELECT pg_try_advisory_lock($1)", number):
            if not wait:
                return None
            free = False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_WAIT_S)
        return free

    def _unlock(self, process: _Process, number: int) -> None:
        session = process.session
        if session is None or session.is_lost:
            return  # It is free: the locks ended with the session.
        with process.asking:
            try:
                session.raw.execute("SELECT pg_advisory_unlock($1)", (number,))
            except psycopg.Error:
                session.close()  # Rather lose what others hold here than keep this one for ever.
                process.session = None

    def _ask(self, process: _Process, question: str, number: int) -> bool:
        with process.asking:
            try:
                session = process.session
                if session is not None and not session.is_quiet():
                    session.close()
                    session = None
                if session is None:
                    session = process.session = PostgresConnection(self._address)
                row = session.raw.execute(question, (number,)).fetchone()
            except psycopg.Error as error:
                raise failures.explain(error, self._address.shown) from error
        return bool(row and row[0])


def _enter(process: _Process, number: int, *, wait: bool) -> bool | None:
    """Wait until no other thread holds the claim; None when it is taken and `wait` is off."""
    with process.changed:
        if number not in process.held:
            process.held.add(number)
            return True
        if not wait:
            return None
        while number in process.held:
            process.changed.wait(_LONGEST_WAIT_S)  # With a limit: Ctrl-C is answered.
        process.held.add(number)
        return False


def _leave(process: _Process, number: int) -> None:
    if process.pid != os.getpid():
        return  # A forked child leaves the block: the claim is its parent's.
    with process.changed:
        process.held.discard(number)
        process.changed.notify_all()
