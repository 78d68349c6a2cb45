"""Interned strings: operations, edge names, types and keys are written once, then numbered.

The numbers of rows that a process refers to again and again (code, environments, runs) are
remembered in the same way.
"""

from __future__ import annotations

from clew.adapters.stores.sql.connection import Connection

_CAPACITY = 50_000


class Words:
    """Number every distinct string of a database, and remember the numbers in this process.

    `number` is for the writer, inside its transaction: what it adds is remembered for good only
    when the transaction commits (`keep`), since a rollback gives the number to another string.
    `text` may be called by any thread.

    Attributes
    ----------
    values, nodes : dict
        Numbers that the transaction met, by id; forgotten when it ends.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._pending: dict[str, int] = {}
        self._rows: dict[tuple[str, object], int] = {}
        self._pending_rows: dict[tuple[str, object], int] = {}
        self._named: dict[bytes, int] = {}
        self._pending_named: dict[bytes, int] = {}
        self.values: dict[bytes, int] = {}
        self.nodes: dict[bytes, int] = {}

    def row(self, table: str, id: object) -> int | None:
        """Return the remembered number of a row."""
        key = table, id
        return self._rows.get(key) or self._pending_rows.get(key)

    def remember(self, table: str, id: object, number: int) -> int:
        """Remember the number of a row, once the transaction commits; return it."""
        self._pending_rows[table, id] = number
        return number

    def number(self, connection: Connection, text: str) -> int:
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

    def named(self, id: bytes) -> int | None:
        """Return the number of a value that lately committed without bytes; rows of values stay."""
        return self._named.get(id)

    def name(self, id: bytes, number: int) -> None:
        """Remember a value that comes without bytes, once the transaction commits."""
        self._pending_named[id] = number

    def text(self, connection: Connection, number: int) -> str:
        """Return the string of a number."""
        found = self._texts.get(number)
        if found is None:
            row = connection.execute("SELECT text FROM word WHERE n = ?", (number,)).fetchone()
            found = self._texts[number] = str(row[0])
        return found

    def keep(self) -> None:
        """Remember what the transaction added: it has committed."""
        if len(self._numbers) + len(self._rows) + len(self._named) > _CAPACITY:
            self._numbers, self._texts, self._rows, self._named = {}, {}, {}, {}
        self._numbers.update(self._pending)
        self._rows.update(self._pending_rows)
        self._named.update(self._pending_named)
        self.forget()

    def forget(self) -> None:
        """Forget what the transaction added: it is over, or it was rolled back."""
        self._pending = {}
        self._pending_rows = {}
        self._pending_named = {}
        self.values.clear()
        self.nodes.clear()
