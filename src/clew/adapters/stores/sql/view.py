"""What a view is: documented columns, and the query that fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "integer", "real", "boolean", "time"]
"""``time`` is a number of milliseconds since the epoch in the rows."""


@dataclass(frozen=True, slots=True)
class View:
    """A documented table.

    Parameters
    ----------
    columns : tuple of (str, Type, str)
        Name, type and meaning of each column.
    query : str
        What SQLite is asked.
    """

    name: str
    columns: tuple[tuple[str, Type, str], ...]
    query: str
