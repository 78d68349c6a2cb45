"""`clew sql`: DuckDB over the documented views of a store (`clew.adapters.stores.sql.views`).

The query sees the views and nothing else: no file, no network, no extension, no variable of this
program; and what it writes it writes to a database in memory that ends with it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.adapters.stores.sql import SqliteStore, SqlStore
from clew.adapters.stores.sql.view import View
from clew.adapters.stores.sql.views import VIEWS
from clew.errors import InvalidParameter, MissingExtra, NotFound

DATABASE = "clew.db"
_WORD = re.compile(r"\w+")
_SETTINGS = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Column names, and rows of plain values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def sql(store: str | Path | SqlStore, text: str) -> Answer:
    """Ask a store in SQL.

    Parameters
    ----------
    store : str, Path or SqlStore
        Folder of the store (or its database file), or an open one.
    text : str
        DuckDB's SQL over the views (`clew.adapters.stores.sql.views`). Of several statements
        the last one is answered.

    Raises
    ------
    MissingExtra
        When DuckDB is not installed.
    NotFound
        When there is no store in that place.
    InvalidParameter
        When DuckDB refuses the query; says why, and which tables there are.
    """
    if not isinstance(store, SqlStore):
        path = Path(store)
        path = path / DATABASE if path.is_dir() else path
        if not path.is_file():
            raise NotFound("there is no store here", got=str(path))
        with SqliteStore(path) as opened:
            return sql(opened, text)
    words = {word.lower() for word in _WORD.findall(text)}
    return _ask(store, text, [view for name, view in VIEWS.items() if name in words])


def _ask(store: SqlStore, text: str, views: list[View]) -> Answer:
    try:
        import duckdb
        import pyarrow  # noqa: F401 (DuckDB takes the tables as Arrow)
    except ImportError as error:
        raise MissingExtra(
            "SQL needs DuckDB and Arrow", got=str(error), hint="pip install 'clew[sql]'"
        ) from error
    connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
    try:
        for view in views:
            connection.register(view.name, _table(store, view))
        connection.execute("SET lock_configuration = true")
        found = connection.execute(text)
        if found is None:
            raise InvalidParameter("the query is empty", hint='try "select * from runs"')
        columns = tuple(column[0] for column in found.description or ())
        return Answer(columns, tuple(found.fetchall()) if columns else ())
    except duckdb.Error as error:
        raise InvalidParameter(
            "the query cannot be answered",
            got=str(error),
            expected=f"DuckDB's SQL over {', '.join(map(_quoted, VIEWS))}",
            hint="`describe nodes` lists the columns of a table",
        ) from error
    finally:
        connection.close()


def _quoted(name: str) -> str:
    return f'"{name}"' if name == "values" else name


def _table(store: SqlStore, view: View) -> Any:
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "real": pa.float64(),
        "boolean": pa.bool_(),
        "time": pa.timestamp("ms"),
    }
    rows = store.view(view)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(view.columns)
    arrays = [
        pa.array(map(_PREPARE.get(kind, _same), column), type=types[kind])
        for (_, kind, _), column in zip(view.columns, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=[name for name, _, _ in view.columns])


def _same(value: Any) -> Any:
    return value


def _number(value: Any) -> float | None:
    return math.nan if value == "nan" else value  # SQLite has no NaN: see `runs`.


def _truth(value: Any) -> bool | None:
    return None if value is None else bool(value)


_PREPARE = {"real": _number, "boolean": _truth}
