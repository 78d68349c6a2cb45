"""Repairs: each by itself, put into a table and taken out again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from clew.data.tables import columns_of
from clew.errors import InvalidParameter, NotFound

Value = str | int | bool


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is probably wrong, and the one that it should be.

    Parameters
    ----------
    row : int
        From 0.
    column : str
    old, new : str, int or bool
        The value that stands there, and the one that should.
    confidence : float
        Probability that `new` is right.
    reason : str
    """

    row: int
    column: str
    old: Value
    new: Value
    confidence: float
    reason: str = ""

    def __str__(self) -> str:
        return (
            f"row {self.row} {self.column}: {self.old!r} -> {self.new!r} "
            f"({self.confidence:.2f}) {self.reason}"
        )


def apply(table: Any, repairs: Iterable[Repair]) -> Any:
    """Return a table in which the values are the repaired ones.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
        It is not changed.

    Returns
    -------
    pandas, Polars or Arrow table
        Of the kind that was given; of Arrow for other kinds.

    Raises
    ------
    InvalidParameter
        When a repair is of another table: its row, its column or its old value is not there.
    """
    changes: dict[str, dict[int, Repair]] = defaultdict(dict)
    for one in repairs:
        if changes[one.column].setdefault(one.row, one) != one:
            raise InvalidParameter(
                "a value is repaired in one way", got=f"{changes[one.column][one.row]}; {one}"
            )
    columns = columns_of(table)
    unknown = sorted(set(changes) - set(columns.names))
    if unknown:
        raise InvalidParameter(
            "a repair is of a column that the table has not",
            got=", ".join(unknown),
            expected=", ".join(columns.names),
        )
    return _with(table, {name: _changed(columns.read(name), changes[name]) for name in changes})


def revert(table: Any, repairs: Iterable[Repair]) -> Any:
    """Return the table as it was before repairs were applied: the opposite of `apply`.

    Raises
    ------
    InvalidParameter
        When a repaired value is not there.
    """
    back = (msgspec.structs.replace(one, old=one.new, new=one.old) for one in repairs)
    return apply(table, back)


def write(repairs: Sequence[Repair], path: str | Path) -> None:
    """Write repairs to a file of JSON lines, one a line: whoever reviews it deletes lines."""
    lines = msgspec.json.Encoder().encode_lines(repairs)
    Path(path).write_bytes(lines)


def read(path: str | Path) -> tuple[Repair, ...]:
    """Return the repairs of a file that `write` wrote.

    Raises
    ------
    NotFound
        When there is no such file.
    InvalidParameter
        When it holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound("no such file of repairs", got=str(path))
    try:
        return tuple(msgspec.json.Decoder(Repair).decode_lines(path.read_bytes()))
    except msgspec.MsgspecError as error:
        raise InvalidParameter(
            f"{path.name} holds no repairs",
            got=str(error),
            expected="what `clew data repair` wrote",
        ) from error


def _changed(values: Any, changes: dict[int, Repair]) -> Any:
    import pyarrow as pa

    kind = values.type
    found = values.to_pylist()
    for row, one in changes.items():
        if not 0 <= row < len(found) or found[row] != one.old:
            there = repr(found[row]) if 0 <= row < len(found) else "no such row"
            raise InvalidParameter(
                "a repair is of another table",
                got=f"row {row} {one.column}: {there}",
                expected=repr(one.old),
            )
        found[row] = one.new
    try:
        return pa.array(found, kind.value_type if pa.types.is_dictionary(kind) else kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidParameter("a repair is no value of its column", got=str(error)) from error


def _with(table: Any, changed: dict[str, Any]) -> Any:
    import pyarrow as pa

    library = type(table).__module__.partition(".")[0]
    if library == "pandas":
        import pandas

        frame = table.copy()
        for name, values in changed.items():
            new = pandas.Series(values.to_pylist(), index=frame.index, dtype=object)
            frame[name] = new.astype(frame[name].dtype) if _is_plain(frame[name]) else new
        return frame
    if library == "polars":
        import polars

        return table.with_columns(
            [polars.Series(name, polars.from_arrow(values)) for name, values in changed.items()]
        )
    if isinstance(table, pa.Table):
        found = table
    else:
        columns = columns_of(table)
        found = pa.table({name: columns.read(name) for name in columns.names})
    for name, values in changed.items():
        found = found.set_column(found.column_names.index(name), name, values)
    return found


def _is_plain(column: Any) -> bool:
    """Tell whether new values fit the type of a pandas column; new categories do not."""
    return str(column.dtype) != "category"
