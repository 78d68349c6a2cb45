"""Interned strings: operations, edge names, types and keys are written once, then numbered."""

from __future__ import annotations

import sqlite3

_CAPACITY = 50_000


class Words:
    """Number every distinct string of a database, and remember the numbers in this process.

    `number` is for the writer, inside its transaction: what it adds is remembered for good only
    when the transaction commits (`keep`), since a rollback gives the number to another string.
    `text` may be called by any thread.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._pending: dict[str, int] = {}

    def number(self, connection: sqlite3.Connection, text: str) -> int:
        """Return the number of a string, adding it to the database when it is new."""
        found = self._numbers.get(text) or self._pending.get(text)
        if found is not None:
            return found
        row = connection.execute("SELECT n FROM word WHERE text = ?", (text,)).fetchone()
        if row is None:
            added = connection.execute("INSERT INTO word (text) VALUES (?)", (text,)).lastrowid
            row = (added,)
        self._pending[text] = row[0]
        return int(row[0])

    def text(self, connection: sqlite3.Connection, number: int) -> str:
        """Return the string of a number."""
        found = self._texts.get(number)
        if found is None:
            row = connection.execute("SELECT text FROM word WHERE n = ?", (number,)).fetchone()
            found = self._texts[number] = str(row[0])
        return found

    def keep(self) -> None:
        """Remember what the transaction added: it has committed."""
        if len(self._numbers) > _CAPACITY:
            self._numbers, self._texts = {}, {}
        self._numbers.update(self._pending)
        self._pending = {}

    def forget(self) -> None:
        """Forget what the transaction added: it was rolled back."""
        self._pending = {}
