"""Names of columns in tables of runs: ``params.depth``, ``metrics.auc@max``, ``attributes.user``.

One grammar for requests, saved views and stores.
"""

from __future__ import annotations

import re
from typing import Literal, cast

import msgspec

from clew.errors import InvalidParameter

Kind = Literal["params", "tags", "metrics", "attributes"]
Aggregate = Literal["last", "max", "min", "first", "mean", "step"]

ATTRIBUTES = ("id", "name", "status", "user", "flow", "experiment", "started", "ended", "duration")
_AGGREGATE = re.compile(
    r"(?P<key>.*)@(?:(?P<word>last|max|min|first|mean)|step:(?P<step>-?\d{1,18}))"
)
_LONGEST = 600


class Column(msgspec.Struct, frozen=True):
    """One column.

    Parameters
    ----------
    aggregate : str
        Which of a metric's values: the last by default. ``step``: the one at `step`, or the latest
        before it.
    """

    kind: Kind
    key: str
    aggregate: Aggregate = "last"
    step: int = 0

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers by nature."""
        return self.kind == "metrics" or self.key in ("started", "ended", "duration")


class Sorted(msgspec.Struct, frozen=True):
    """A column to sort by."""

    column: Column
    ascending: bool


def parse(text: str) -> Column:
    """Return the column that a text names.

    Raises
    ------
    InvalidParameter
        When it names none.

    Examples
    --------
    >>> parse("metrics.val/auc@step:10")
    Column(kind='metrics', key='val/auc', aggregate='step', step=10)
    """
    kind, dot, key = text.partition(".")
    if not dot or not key or kind not in ("params", "tags", "metrics", "attributes"):
        raise _unknown(text)
    if len(text) > _LONGEST or "\0" in text:
        raise _unknown(text)
    if kind == "attributes" and key not in ATTRIBUTES:
        raise _unknown(text)
    if kind == "metrics" and "@" in key:
        match = _AGGREGATE.fullmatch(key)
        if match is None or not match["key"]:
            raise _unknown(text)
        if match["step"] is not None:
            return Column("metrics", match["key"], "step", int(match["step"]))
        return Column("metrics", match["key"], cast(Aggregate, match["word"]))
    return Column(cast(Kind, kind), key)


def parse_order(text: str) -> tuple[str, bool]:
    """Return the name to sort by, and whether upwards: ``NAME``, ``NAME ASC``, ``NAME DESC``."""
    head, space, word = text.rpartition(" ")
    if space and word.upper() in ("ASC", "DESC"):
        return head.strip(), word.upper() == "ASC"
    return text.strip(), True


def parse_sorted(text: str) -> Sorted:
    """Return the column to sort by, and the direction."""
    name, ascending = parse_order(text)
    return Sorted(parse(name), ascending)


def _unknown(text: str) -> InvalidParameter:
    return InvalidParameter(
        "no such column",
        got=repr(text[:200]),
        expected="params.KEY, tags.KEY, metrics.KEY, metrics.KEY@max (min, first, mean, step:N) "
        f"or attributes. with one of {', '.join(ATTRIBUTES)}",
    )
