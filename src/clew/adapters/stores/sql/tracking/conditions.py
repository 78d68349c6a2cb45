"""From the tree of a filter to SQL: conditions on text and numbers, keys by their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from clew.adapters.stores.sql.connection import Connection
from clew.entities.filter import Comparison
from clew.errors import InvalidParameter

_LONGEST_PATTERN = 50_000
"""SQLite refuses longer ones."""

NEVER = "FALSE"
ALWAYS = "TRUE"

ALL = (1 << 63) - 1
"""A limit that is none."""


@dataclass(slots=True)
class Sql:
    """Conditions that must all hold, with what stands for their question marks."""

    where: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> None:
        """Add a condition."""
        self.where.append(condition)
        self.values += values

    @property
    def text(self) -> str:
        """What stands behind WHERE."""
        return " AND ".join(self.where) or ALWAYS


def key_number(connection: Connection, key: str) -> int | None:
    """Return the number of a key; None when nothing was ever logged under it."""
    row = connection.execute("SELECT n FROM word WHERE text = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def on_text(column: str, one: Comparison) -> tuple[str, tuple[object, ...]]:
    """Return a condition on a text column, and its values."""
    if isinstance(one.value, tuple):
        marks = ", ".join("?" * len(one.value))
        return f"{column} {one.op} ({marks})", one.value
    if one.op == "LIKE":
        # GLOB minds the case, SQLite's LIKE does not.
        return f"{column} GLOB ?", (_short(_glob(str(one.value))),)
    if one.op == "ILIKE":
        return f"{column} LIKE ?", (_short(str(one.value)),)
    return f"{column} {one.op} ?", (one.value,)


def on_number(column: str, one: Comparison) -> tuple[str, tuple[object, ...]]:
    """Return a condition on a column of numbers."""
    return f"{column} {one.op} ?", (one.value,)


def on_metric(column: str, one: Comparison) -> tuple[str, tuple[object, ...]]:
    """Return a condition on a column of metrics' values; NaN is unequal to all, and no more."""
    value = float(one.value)  # type: ignore[arg-type]
    if one.op == "!=":
        return f"{column} <> ?", (value,)
    return f"{column} {one.op} ? AND {column} < 'nan'", (value,)


def _glob(pattern: str) -> str:
    return "".join({"%": "*", "_": "?"}.get(c, f"[{c}]" if c in "*?[" else c) for c in pattern)


def _short(pattern: str) -> str:
    if len(pattern.encode()) > _LONGEST_PATTERN:
        raise InvalidParameter(
            "the pattern is too long", expected=f"at most {_LONGEST_PATTERN} bytes"
        )
    return pattern
