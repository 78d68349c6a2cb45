"""`read`: which reader reads what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clew.data.readers import arrays, databases, documents, matrices, plain
from clew.errors import ClewError, InvalidParameter, NotFound

_READERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys((".parquet", ".pq"), plain.parquet),
    **dict.fromkeys((".arrow", ".feather", ".ipc"), plain.arrow),
    ".csv": plain.csv,
    ".tsv": plain.tsv,
    **dict.fromkeys((".jsonl", ".ndjson"), plain.json_lines),
    ".json": documents.json,
    ".xml": documents.xml,
    **dict.fromkeys((".libsvm", ".svmlight", ".svm"), matrices.libsvm),
    ".mtx": matrices.matrix_market,
    **dict.fromkeys((".h5", ".hdf5"), arrays.hdf5),
    ".nc": arrays.netcdf,
}
FORMATS = tuple(_READERS)
"""Endings of files that are read."""


def read(source: str | Path, **options: Any) -> Any:
    """Return a table as an Arrow table.

    Parameters
    ----------
    source : str or Path
        A file, by its ending (`FORMATS`), or the address of a database: ``sqlite:///file.db``,
        ``duckdb:///file.duckdb``, ``postgresql://USER@HOST/DATABASE``.
    options
        ``query`` or ``table`` of a database; ``rows`` of XML and JSON: the path of what is a row;
        ``at`` of HDF5: a group or dataset; ``variables`` of NetCDF.

    Raises
    ------
    NotFound
        When there is no such file, or nothing of that name in it.
    InvalidParameter
        When it cannot be read as what its ending says, or is no table.
    MissingExtra
        When what reads it is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from clew.data.readers import read
    >>> _ = Path("towns.xml").write_text("<all><town id='1'/><town id='2'/></all>")
    >>> read("towns.xml").to_pylist()
    [{'id': 1}, {'id': 2}]
    """
    if "://" in str(source):
        return databases.query(str(source), **options)
    path = Path(source)
    if not path.is_file():
        raise NotFound("no such file", got=str(path))
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InvalidParameter(
            "no table is read from such a file", got=path.name, expected=", ".join(FORMATS)
        )
    try:
        return reader(path, **options)
    except ClewError:
        raise
    except TypeError as error:
        if options and "unexpected keyword" in str(error):
            raise InvalidParameter(
                f"options of {path.suffix} files", got=", ".join(options)
            ) from error
        raise
    except (ValueError, OSError, EOFError) as error:  # of the libraries, pyarrow's among them
        raise InvalidParameter(
            f"{path.name} is no such table", got=f"{type(error).__name__}: {error}"[:300]
        ) from error
