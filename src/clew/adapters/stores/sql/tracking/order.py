"""Sorting, and going on where a page ended: conditions over several keys of mixed direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """An expression to sort by; an index can begin in its middle where it is never NULL."""

    expression: str
    ascending: bool = True
    nullable: bool = True


def clause(keys: Sequence[Key]) -> str:
    """Return what stands behind ORDER BY."""
    return ", ".join(f"{key.expression} {_direction(key)}" for key in keys)


def _direction(key: Key) -> str:
    """Return the direction with the place of NULL: SQLite's own, which others must be told."""
    if not key.nullable:
        return "ASC" if key.ascending else "DESC"
    return "ASC NULLS FIRST" if key.ascending else "DESC NULLS LAST"


def after(keys: Sequence[Key], last: Sequence[object]) -> tuple[str, tuple[object, ...]]:
    """Return the condition that a row comes after the row whose keys had these values.

    NULL sorts as SQLite has it: before everything when ascending.
    """
    condition = "FALSE"
    values: tuple[object, ...] = ()
    for key, value in zip(reversed(keys), reversed(list(last)), strict=True):
        beyond, beyond_values = _beyond(key, value)
        condition = f"({beyond} OR ({key.expression} IS ? AND {condition}))"
        values = (*beyond_values, value, *values)
    first = keys[0]
    if first.nullable:
        return condition, values
    bound = f"{first.expression} {'>=' if first.ascending else '<='} ?"
    return f"{condition} AND {bound}", (*values, last[0])


def _beyond(key: Key, value: object) -> tuple[str, tuple[object, ...]]:
    if key.ascending:
        if value is None:
            return f"{key.expression} IS NOT NULL", ()
        return f"{key.expression} > ?", (value,)
    if value is None:
        return "FALSE", ()
    return f"({key.expression} < ? OR {key.expression} IS NULL)", (value,)
