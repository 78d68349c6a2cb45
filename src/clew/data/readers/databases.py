"""Tables of databases, by a query."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clew.data.readers.plain import pyarrow
from clew.errors import InvalidParameter, MissingExtra, NotFound

_NAME = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?")


def query(address: str, *, query: str | None = None, table: str | None = None) -> Any:
    """Return what a query answers, or a whole table.

    Parameters
    ----------
    address : str
        ``sqlite:///file.db``, ``duckdb:///file.duckdb`` or ``postgresql://…``. Files are opened to
        be read only; of a server's database nothing is committed.
    query, table : str
        One of them.
    """
    if (query is None) == (table is None):
        raise InvalidParameter("a query or a table of a database", expected="one of them")
    if table is not None and not _NAME.fullmatch(table):
        raise InvalidParameter("name of a table", got=table, hint="write a query")
    statement = query if query is not None else f"SELECT * FROM {table}"
    scheme = urlsplit(address).scheme
    if scheme == "sqlite":
        return _sqlite(_file(address), statement)
    if scheme == "duckdb":
        return _duckdb(_file(address), statement)
    if scheme in ("postgresql", "postgres"):
        return _postgres(address, statement)
    raise InvalidParameter(
        "a database's address", got=scheme, expected="sqlite:///, duckdb:///, postgresql://"
    )


def _file(address: str) -> Path:
    path = Path(address.partition("://")[2].removeprefix("/"))
    if address.startswith(("sqlite:////", "duckdb:////")):
        path = Path("/") / path
    if not path.is_file():
        raise NotFound("no such database", got=str(path))
    return path


def _sqlite(path: Path, statement: str) -> Any:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return _fetched(connection.execute(statement))
    except sqlite3.Error as error:
        raise InvalidParameter("SQLite refuses the query", got=str(error)) from error
    finally:
        connection.close()


def _duckdb(path: Path, statement: str) -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtra("DuckDB is not installed", hint="pip install 'clew[sql]'") from error
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            pyarrow()
            found = connection.sql(statement)
            if found is None:
                raise InvalidParameter("a statement that answers nothing", expected="a query")
            return found.to_arrow_table()
    except duckdb.Error as error:
        raise InvalidParameter("DuckDB refuses the query", got=str(error)[:300]) from error


def _postgres(address: str, statement: str) -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtra(
            "PostgreSQL needs psycopg", hint="pip install 'clew[postgres]'"
        ) from error
    try:
        with psycopg.connect(address) as connection:
            connection.read_only = True
            found = _fetched(connection.execute(statement))
            connection.rollback()
            return found
    except psycopg.Error as error:
        raise InvalidParameter("PostgreSQL refuses the query", got=str(error)[:300]) from error


def _fetched(cursor: Any) -> Any:
    pa = pyarrow()
    if cursor.description is None:
        raise InvalidParameter("a statement that answers nothing", expected="a query")
    names = [column[0] for column in cursor.description]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidParameter("two columns have one name", got=", ".join(twice))
    rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    try:
        return pa.table(
            {name: pa.array(list(values)) for name, values in zip(names, columns, strict=True)}
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidParameter(
            "a column holds values of different kinds", got=str(error)[:300], hint="CAST it"
        ) from error
