"""Samples and splits by a hash of the row's key: the same rows on every engine, and tomorrow.

Engines draw at random each in its own way. Here a row's place in [0, 1) is that of the first 32
bits of the MD5 digest of its key and the seed, which all engines compute alike; a row stays in its
part when other rows come and go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.errors import InvalidParameter, WrongType

_WHOLE = 1 << 32


def sample(table: Any, share: float, *, by: str | Sequence[str], seed: int = 0) -> Any:
    """Return the expression for a share of the rows, chosen by their key.

    Parameters
    ----------
    table
        A table of a `Dataflow`, or an expression over them.
    share
        In [0, 1].
    by
        The column, or columns, that identify a row: integers, texts or booleans.
    seed
        Another seed, another sample.
    """
    return split(table, {"in": share, "out": 1.0 - share}, by=by, seed=seed)["in"]


def split(
    table: Any, shares: Mapping[str, float], *, by: str | Sequence[str], seed: int = 0
) -> dict[str, Any]:
    """Return an expression per part; parts share no row and together are the table.

    Rows with the same key are in the same part, so that a key of persons keeps each person's rows
    together.

    Parameters
    ----------
    shares
        Names of parts and their shares, whose sum is 1.
    table, by, seed
        As `sample` takes them.

    Raises
    ------
    InvalidParameter
        When shares do not add up to 1.
    WrongType
        When a key is a float, a time, or nested: engines write those differently.
    """
    numbers = list(shares.values())
    if not numbers or min(numbers) < 0 or abs(sum(numbers) - 1.0) > 1e-9:
        raise InvalidParameter("shares", got=str(dict(shares)), expected="numbers whose sum is 1")
    place = _place(table, [by] if isinstance(by, str) else list(by), seed)
    bounds = [round(sum(numbers[:k]) * _WHOLE) for k in range(len(numbers))] + [_WHOLE]
    return {
        name: table.filter(_between(place, low, high))
        for name, low, high in zip(shares, bounds[:-1], bounds[1:], strict=True)
    }


def _place(table: Any, by: list[str], seed: int) -> Any:
    """Return eight hexadecimal digits, whose order is that of the numbers."""
    import ibis

    key = ibis.literal(str(int(seed)))
    for name in by:
        column = table[name]
        kind = column.type()
        if not (kind.is_integer() or kind.is_string() or kind.is_boolean()):
            raise WrongType(f"the key {name}", got=str(kind), expected="integers, texts, booleans")
        text = column.cast("int8").cast("string") if kind.is_boolean() else column.cast("string")
        key = key + ibis.literal("|") + text.fill_null("")
    return key.hexdigest("md5").substr(0, 8)


def _between(place: Any, low: int, high: int) -> Any:
    import ibis

    if low >= high:
        return ibis.literal(False)
    above = place >= f"{low:08x}"
    return above if high == _WHOLE else above & (place < f"{high:08x}")
