"""A dataflow: named tables, expressions over them, and where they run."""

from __future__ import annotations

import shutil
import tempfile
import threading
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clew.data.dataflow.ids import ascending
from clew.data.dataflow.sources import ROW, Source, numbered, sources_of
from clew.errors import InvalidParameter, MissingExtra, NotFound


class Dataflow:
    """Tables by name, and the results of expressions over them.

    An expression is one of Ibis (https://ibis-project.org) over `flow.NAME`. It names the tables
    and holds no data, so the same expression runs on the embedded engine, which keeps to a bound
    of memory and spills to a disk, and on Spark.

    Parameters
    ----------
    memory
        What the embedded engine may hold, as DuckDB writes it: ``"500MB"``. None: 80 % of the
        machine's.
    threads
        Of the embedded engine. None: one per core.
    spill
        Folder for what does not fit; by default one that is removed with the dataflow.
    row_ids
        For tables by name, the column of integers that identifies a row. Other tables' rows are
        known by their place, from 0.
    tables
        For each name a path or paths (Parquet, CSV, TSV, JSON, JSON lines), or a pandas, Polars
        or Arrow table.

    Raises
    ------
    MissingExtra
        Without Ibis and DuckDB.
    NotFound, InvalidParameter
        When a file is not there, or of no kind that is read.

    Examples
    --------
    >>> from clew.data.dataflow import Dataflow
    >>> flow = Dataflow(people={"name": ["Ann", "Bo", "Cy"], "team": [1, 2, 1]})
    >>> teams = flow.people.group_by("team").agg(size=flow.people.count()).order_by("team")
    >>> flow.run(teams).to_pydict()
    {'team': [1, 2], 'size': [2, 1]}
    >>> flow.run(teams, rows=True)["rows_people"].to_pylist()
    [[0, 2], [1]]
    """

    def __init__(
        self,
        *,
        memory: str | None = None,
        threads: int | None = None,
        spill: str | Path | None = None,
        row_ids: Mapping[str, str] | None = None,
        **tables: Any,
    ) -> None:
        ibis = _ibis()
        self._sources = sources_of(tables)
        self._row_ids = dict(row_ids or {})
        folder = tempfile.mkdtemp(prefix="clew-spill-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        settings: dict[str, Any] = {"temp_directory": str(spill or folder)}
        settings |= {} if memory is None else {"memory_limit": memory}
        settings |= {} if threads is None else {"threads": threads}
        self._embedded = ibis.duckdb.connect(**settings)
        self._in_turn = threading.Lock()
        self._tables = {name: self._described(source) for name, source in self._sources.items()}
        self._told_apart: set[str] = set()
        for name, column in self._row_ids.items():
            if name not in self._tables or column not in self._tables[name].columns:
                raise NotFound("there is no such column of ids", got=f"{name}.{column}")
            if not self._tables[name][column].type().is_integer():
                raise InvalidParameter(
                    f"the ids of {name}", got=str(self._tables[name][column].type()), expected="int"
                )

    def __getitem__(self, name: str) -> Any:
        if name not in self._tables:
            raise NotFound("there is no such table", got=name, expected=", ".join(self._tables))
        return self._tables[name]

    def __getattr__(self, name: str) -> Any:
        tables = self.__dict__.get("_tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"this dataflow has no table {name!r}: {', '.join(tables)}")

    def run(self, expression: Any, *, rows: bool | Sequence[str] = False, on: Any = None) -> Any:
        """Return the result as an Arrow table.

        Parameters
        ----------
        expression
            A table of Ibis, made of this dataflow's tables.
        rows
            Add a column ``rows_NAME`` per table, or for the tables named: the ids of the rows
            that a row is made of, ascending, as lists of int64.
        on
            A `pyspark.sql.SparkSession`; by default the embedded engine.

        Raises
        ------
        UnsupportedValue
            With `rows`, for an operator through which rows cannot be followed.
        """
        names = list(self._sources) if rows is True else list(rows or ())
        expression, columns = self._with_rows(expression, names) if names else (expression, {})
        with self._engine(on, names) as engine:
            result = engine.to_pyarrow(expression)
        for name, column in columns.items():
            place = result.column_names.index(column)
            result = result.set_column(place, f"rows_{name}", ascending(result[column]))
        return result

    def write(self, expression: Any, path: str | Path) -> Path:
        """Write the result to a Parquet file, of which no more is held than fits in memory."""
        path = Path(path)
        if path.suffix.lower() != ".parquet":
            raise InvalidParameter("the file", got=path.name, expected="a name in .parquet")
        with self._engine(None) as engine:
            engine.to_parquet(expression, path)
        return path

    def where_from(self, result: Any, row: int) -> dict[str, Any]:
        """Return the source rows that a row of a result is made of, for each table.

        Parameters
        ----------
        result
            Of `run` with ``rows=True``.
        row
            Its place in the result.
        """
        columns = [name for name in result.column_names if name.startswith("rows_")]
        if not columns:
            raise InvalidParameter(
                "the result", got="no ids of rows", expected="one of run(…, rows=True)"
            )
        if not -len(result) <= row < len(result):
            raise NotFound("there is no such row", got=str(row), expected=f"0 to {len(result) - 1}")
        found = {}
        for column in columns:
            name = column.removeprefix("rows_")
            ids = result[column][row].as_py()
            found[name] = self._rows(name, ids)
        return found

    def _rows(self, name: str, ids: list[int]) -> Any:
        import pyarrow as pa

        key = self._row_ids.get(name, ROW)
        table = name if name in self._row_ids else numbered(name)
        with self._engine(None, [name]) as engine:
            engine.con.register("__wanted", pa.table({"id": pa.array(ids, pa.int64())}))
            query = f'SELECT * FROM "{table}" WHERE "{key}" IN (SELECT id FROM __wanted)'
            found = engine.con.sql(f'{query} ORDER BY "{key}"').to_arrow_table()
        return found.drop_columns([ROW]) if ROW in found.column_names else found

    def _with_rows(self, expression: Any, names: list[str]) -> tuple[Any, dict[str, str]]:
        from clew.data.dataflow.rows import carried

        for name in names:
            self[name]  # an error that names the tables
            self._tell_apart(name)
        ids = {
            name: (name, self._row_ids[name]) if name in self._row_ids else (numbered(name), ROW)
            for name in names
        }
        taken = {f"rows_{name}" for name in ids} & set(expression.columns)
        if taken:
            raise InvalidParameter("the result's columns", got=", ".join(taken), hint="rename them")
        small = (name for name in ids if self._small(self._sources[name]))
        return carried(expression, ids, frozenset(small))

    def _described(self, source: Source) -> Any:
        """Return a table as Ibis knows it: name and types, and no data."""
        import duckdb

        with self._engine(None) as engine:
            try:
                source.in_duckdb(engine.con)
                schema = engine.table(source.name).schema()
            except duckdb.Error as error:
                raise InvalidParameter(
                    f"the table {source.name} cannot be read", got=str(error)
                ) from error
        return _ibis().table(schema, source.name)

    def _tell_apart(self, name: str) -> None:
        """Raise unless the column of ids that a user named has another one for each row."""
        if name in self._told_apart or name not in self._row_ids:
            return
        column = self._row_ids[name]
        with self._engine(None) as engine:
            counts = f'count(*), count("{column}"), count(DISTINCT "{column}")'
            found = engine.con.execute(f'SELECT {counts} FROM "{name}"').fetchall()
        rows, known, apart = found[0]
        if not rows == known == apart:
            raise InvalidParameter(
                f"the ids of {name}",
                got=f"{rows - known} are missing, {known - apart} are there already",
                expected="one of its own for each row",
            )
        self._told_apart.add(name)

    def _small(self, source: Source) -> bool:
        """Tell whether the ids of a table's rows are known to fit into 32 bits."""
        return source.name not in self._row_ids and (source.count() or 2**31) < 2**31

    @contextmanager
    def _engine(self, session: Any, with_ids: Iterable[str] = ()) -> Iterator[Any]:
        """Give the engine, which knows the tables, and those with ids also numbered."""
        counted = [name for name in with_ids if name not in self._row_ids]
        if session is not None:
            for source in self._sources.values():
                source.in_spark(session)
            for name in counted:
                self._sources[name].in_spark(session, with_places=True)
            yield _ibis().pyspark.connect(session)
            return
        with self._in_turn, warnings.catch_warnings():
            # Ibis 12 calls a method of DuckDB by the name that it had before version 2.
            warnings.filterwarnings("ignore", "fetch_arrow", DeprecationWarning)
            for name in counted:
                self._sources[name].in_duckdb(self._embedded.con, with_places=True)
            yield self._embedded


def _ibis() -> Any:
    try:
        import ibis
        import ibis.backends.duckdb
    except ImportError as error:
        raise MissingExtra(
            "dataflows need Ibis and DuckDB", hint="pip install 'clew[dataflow]'"
        ) from error
    return ibis
