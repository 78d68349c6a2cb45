"""Files that Arrow reads itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clew.errors import MissingExtra


def pyarrow() -> Any:
    """Return pyarrow, or say what to install."""
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtra("tables need pyarrow", hint="pip install 'clew[tables]'") from error
    return pyarrow


def parquet(path: Path) -> Any:
    """Read Parquet."""
    pyarrow()
    from pyarrow import parquet

    return parquet.read_table(path)


def arrow(path: Path) -> Any:
    """Read Arrow's own format: a file, or a stream."""
    pa = pyarrow()
    with pa.memory_map(str(path)) as file:
        try:
            return pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            return pa.ipc.open_stream(file).read_all()


def csv(path: Path, *, delimiter: str = ",") -> Any:
    """Read comma-separated values; an empty field is missing."""
    pyarrow()
    from pyarrow import csv

    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = csv.ConvertOptions(strings_can_be_null=True)
    return csv.read_csv(path, parse_options=parse, convert_options=convert)


def tsv(path: Path) -> Any:
    """Read tab-separated values."""
    return csv(path, delimiter="\t")


def json_lines(path: Path) -> Any:
    """Read an object a line."""
    pyarrow()
    from pyarrow import json

    return json.read_json(path)
