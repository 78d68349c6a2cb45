"""What a feature view is: one definition, from which training and serving read."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from clew.errors import InvalidParameter

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class FeatureView(msgspec.Struct, frozen=True, kw_only=True):
    """Features of entities, in a table with a row for each time at which they changed.

    Parameters
    ----------
    name : str
        Letters, digits, ``_``, ``-`` and ``.``.
    entities : tuple of str
        Columns that say whose the features are.
    features : tuple of str
        Columns with the features.
    event_time : str
        Column with the time from which the values hold.
    created_time : str, optional
        Column with the time at which the row became known: nobody knew it before, even if its
        values held already.
    ttl_s : float, optional
        Seconds after which values are too old to be used.
    """

    name: str
    entities: tuple[str, ...]
    features: tuple[str, ...]
    event_time: str
    created_time: str | None = None
    ttl_s: float | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidParameter(
                "that is no name of a feature view",
                got=repr(self.name),
                expected="letters, digits, '_', '-' and '.', 100 at most",
            )
        columns = self.columns
        if not self.entities or not self.features or len(set(columns)) != len(columns):
            raise InvalidParameter(
                "a feature view has entities and features, each column once",
                got=", ".join(columns),
            )
        if self.ttl_s is not None and not self.ttl_s > 0:
            raise InvalidParameter("values live for some time", got=str(self.ttl_s), expected="> 0")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        created = () if self.created_time is None else (self.created_time,)
        return (*self.entities, self.event_time, *created, *self.features)

    def table(self, rows: Any) -> Any:
        """Return the view's columns of a table, in Arrow.

        Raises
        ------
        InvalidParameter
            When it lacks a column.
        """
        import pyarrow as pa

        from clew.data.tables import columns_of

        found = columns_of(rows)
        missing = [name for name in self.columns if name not in found.names]
        if missing:
            raise InvalidParameter(
                f"the table of {self.name} lacks columns",
                got=", ".join(found.names),
                expected=", ".join(missing),
            )
        return pa.table({name: found.read(name) for name in self.columns})
