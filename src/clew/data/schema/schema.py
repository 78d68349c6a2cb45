"""A schema: what a table of this kind looks like, as a value that is read, reviewed and edited."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from clew.errors import InvalidParameter, NotFound

Kind = Literal["bool", "int", "float", "text", "bytes", "date", "time", "other"]
Value = str | int | float | bool
KINDS: tuple[Kind, ...] = ("bool", "int", "float", "text", "bytes", "date", "time", "other")


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds.

    What was inferred is told apart from what was reviewed: an inferred bound may be passed by as
    many rows as chance allows, and is only told of; a bound of a `strict` column by none.

    Parameters
    ----------
    name : str
    kind : str
        ``bool``, ``int``, ``float``, ``text``, ``bytes``, ``date``, ``time`` (a point in time), or
        ``other``, of which only the presence is checked. Dates and times are given in ISO 8601.
    required : bool
        Whether a table without the column is wrong.
    present : float
        Share of rows that have a value.
    nan : float
        Share of rows with a float that is no number, or infinite.
    values : tuple, optional
        All values that it takes; None where they are open.
    low, high : optional
        Smallest and largest value.
    least, most : optional
        What a value must not pass even in one row.
    shapes : tuple of str, optional
        Forms of a text that is no category: ``9`` for digits, ``a`` for letters, the rest as it is.
    unique : bool
        Whether no two rows share a value.
    strict : bool
        Whether not even one row may differ.
    """

    name: str
    kind: Kind
    required: bool = True
    present: float = 1.0
    nan: float = 0.0
    values: tuple[Value, ...] | None = None
    low: Value | None = None
    high: Value | None = None
    least: Value | None = None
    most: Value | None = None
    shapes: tuple[str, ...] | None = None
    unique: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidParameter("no such kind", got=repr(self.kind), expected=", ".join(KINDS))
        for name in ("present", "nan"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidParameter(f"{name} is a share", got=str(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, and of how many rows that was learnt.

    Parameters
    ----------
    columns : tuple of Column
    rows : int
        Rows that it was inferred from: what is rare there may by chance be found elsewhere.
    twins : int
        Rows among them that repeat an earlier one.
    """

    columns: tuple[Column, ...]
    rows: int
    twins: int = 0

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidParameter("two columns have one name", got=", ".join(twice))

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise NotFound(
            "no such column", got=name, expected=", ".join(one.name for one in self.columns)
        )

    def edit(self, name: str, **changes: Any) -> Schema:
        """Return the schema with one column changed.

        Raises
        ------
        NotFound
            When there is no such column.
        InvalidParameter
            When a column has no such property.
        """
        known = {field.name for field in fields(Column)}
        strange = sorted(set(changes) - known)
        if strange:
            raise InvalidParameter(
                "a column has no such property",
                got=", ".join(strange),
                expected=", ".join(sorted(known)),
            )
        edited = replace(self[name], **changes)
        return replace(
            self, columns=tuple(edited if one.name == name else one for one in self.columns)
        )
