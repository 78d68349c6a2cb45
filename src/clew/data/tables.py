"""Tables as this stage reads them: Arrow, a column at a time.

A file is never read whole: who looks at one column holds one column in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.errors import InvalidParameter, MissingExtra, NotFound, WrongType


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns of a table, each read when it is asked for.

    Parameters
    ----------
    names : tuple of str
    read : callable
        Gives the Arrow array of a column, in one chunk.
    """

    names: tuple[str, ...]
    read: Callable[[str], Any]


def columns_of(table: Any) -> Columns:
    """Return the columns of a table.

    Parameters
    ----------
    table : path, pandas, Polars or Arrow table, mapping of arrays, or sequence of mappings
        Of files Parquet, CSV and TSV.

    Raises
    ------
    MissingExtra
        When pyarrow is not installed.
    NotFound
        When there is no such file.
    WrongType
        When it is no table, or a column mixes kinds of values.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtra("tables need pyarrow", hint="pip install 'clew[tables]'") from error
    if isinstance(table, Columns):
        return table
    if isinstance(table, (str, Path)):
        return _file(Path(table))
    try:
        found = _arrow(table, pyarrow)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
        raise WrongType(
            "a column holds values of different kinds",
            got=str(error),
            hint="convert it to one type",
        ) from error
    names = tuple(found.column_names)
    _differ(names)
    return Columns(names, lambda name: found.column(name).combine_chunks())


def _arrow(table: Any, pyarrow: Any) -> Any:
    if isinstance(table, pyarrow.Table):
        return table
    if isinstance(table, pyarrow.RecordBatch):
        return pyarrow.Table.from_batches([table])
    if type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns"):
        return pyarrow.Table.from_pandas(table, preserve_index=False)
    if hasattr(table, "__arrow_c_stream__"):
        return pyarrow.table(table)
    if isinstance(table, Mapping):
        return pyarrow.table({str(name): values for name, values in table.items()})
    if isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
        return pyarrow.Table.from_pylist([dict(row) for row in table])
    raise WrongType(
        "that is no table",
        got=type(table).__name__,
        expected="a path, a pandas, Polars or Arrow table, a mapping, or a list of mappings",
    )


def _file(path: Path) -> Columns:
    if not path.is_file():
        raise NotFound("no such file", got=str(path))
    readers = {".parquet": _parquet, ".csv": _text, ".tsv": _text}
    reader = readers.get(path.suffix.lower())
    if reader is None:  # One that cannot give a column alone.
        from clew.data.readers import read

        return columns_of(read(path))
    import pyarrow

    try:
        return reader(path)
    except pyarrow.ArrowInvalid as error:
        raise InvalidParameter(f"{path.name} is no such table", got=str(error)) from error


def _parquet(path: Path) -> Columns:
    import pyarrow.parquet as parquet

    names = tuple(parquet.read_schema(path).names)
    _differ(names)
    return Columns(
        names, lambda name: parquet.read_table(path, columns=[name]).column(0).combine_chunks()
    )


def _text(path: Path) -> Columns:
    from pyarrow import csv

    parse = csv.ParseOptions(delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    with csv.open_csv(path, parse_options=parse) as reader:
        names = tuple(reader.schema.names)
    _differ(names)

    def read(name: str) -> Any:
        # An empty field of text is missing, as everywhere else in clew.
        options = csv.ConvertOptions(include_columns=[name], strings_can_be_null=True)
        found = csv.read_csv(path, parse_options=parse, convert_options=options)
        return found.column(0).combine_chunks()

    return Columns(names, read)


def _differ(names: tuple[str, ...]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidParameter("two columns have one name", got=", ".join(twice))
