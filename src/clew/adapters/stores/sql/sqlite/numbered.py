"""SQLite's own connection, where newer Pythons ask more of who uses it.

Python 3.14 takes values of numbered parameters (``?1``) from a mapping only, and Python 3.13 warns
of a connection that is given up without being closed.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

_NUMBER = re.compile(r"\?(\d+)")


class NumberedConnection(sqlite3.Connection):
    """SQLite's own connection, in which ``?1`` stands for the first of the values, as in SQLite."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute one statement."""
        if _is_numbered(sql):
            parameters = _named(parameters)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Execute one statement with each of several rows of parameters."""
        if _is_numbered(sql):
            parameters = map(_named, parameters)
        return super().executemany(sql, parameters)

    def __del__(self) -> None:
        """Close what nobody refers to any more: threads end without saying so."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # it was never opened
            self.close()


def _named(values: Sequence[Any]) -> dict[str, Any]:
    return {str(number): value for number, value in enumerate(values, 1)}


@lru_cache(maxsize=4096)
def _is_numbered(sql: str) -> bool:
    return _NUMBER.search(sql) is not None
