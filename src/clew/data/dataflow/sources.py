"""The named tables of a dataflow, as each engine reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.data.tables import columns_of
from clew.errors import InvalidParameter, NotFound, UnsupportedValue

ROW = "__row"  # the id that a source's rows get where they bring none: their place, from 0
_READERS = {
    ".parquet": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}


@dataclass(frozen=True, eq=False)
class Source:
    """A table by name: files of one kind, or an Arrow table."""

    name: str
    paths: tuple[Path, ...] = ()
    table: Any = None

    @classmethod
    def of(cls, name: str, given: Any) -> Source:
        """Return the source that a user named: a path, paths, or a table.

        Raises
        ------
        NotFound, InvalidParameter
            When a file is not there, or of no kind that is read.
        """
        if not name.isidentifier() or name.startswith("_"):
            raise InvalidParameter("a table's name", got=name, expected="a word")
        files = isinstance(given, Sequence) and bool(given)
        if isinstance(given, (str, Path)):
            paths: tuple[Path, ...] = (Path(given),)
        elif files and all(isinstance(one, (str, Path)) for one in given):
            paths = tuple(Path(one) for one in given)
        else:
            columns = columns_of(given)
            import pyarrow as pa

            return cls(name, table=pa.table({c: columns.read(c) for c in columns.names}))
        for path in paths:
            if not path.is_file():
                raise NotFound("no such file", got=str(path))
        kinds = {path.suffix.lower() for path in paths}
        if len(kinds) != 1 or not kinds <= set(_READERS):
            raise InvalidParameter(
                "the files of a table",
                got=", ".join(sorted(kinds)),
                expected="files of one kind: " + ", ".join(_READERS),
            )
        return cls(name, paths)

    @property
    def kind(self) -> str:
        """The suffix of the files; empty for an Arrow table."""
        return self.paths[0].suffix.lower() if self.paths else ""

    def count(self) -> int | None:
        """Return how many rows there are, where that is known without reading them."""
        if not self.paths:
            return int(self.table.num_rows)
        if self.kind != ".parquet":
            return None
        from pyarrow.parquet import read_metadata

        return sum(int(read_metadata(path).num_rows) for path in self.paths)

    def in_duckdb(self, connection: Any, *, with_places: bool = False) -> None:
        """Make the table known to DuckDB under its name, or with its rows' places as `numbered`."""
        name = numbered(self.name) if with_places else self.name
        if not self.paths:
            connection.register(name, self._counted() if with_places else self.table)
            return
        parts = [self._select(path, with_places) for path in self.paths]
        if with_places and len(parts) > 1:
            at = 0
            for place, (path, part) in enumerate(zip(self.paths, parts, strict=True)):
                parts[place] = f"SELECT * REPLACE ({ROW} + {at} AS {ROW}) FROM ({part})"
                at += self._count(connection, path)
        query = " UNION ALL BY NAME ".join(parts)
        connection.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS {query}')

    def _counted(self) -> Any:
        import pyarrow as pa

        return self.table.append_column(ROW, pa.array(range(len(self.table)), pa.int64()))

    def _select(self, path: Path, with_places: bool) -> str:
        file = str(path).replace("'", "''")
        reader = _READERS[self.kind]
        if not with_places:
            return f"SELECT * FROM {reader}('{file}')"
        if self.kind == ".parquet":
            read = f"read_parquet('{file}', file_row_number = true)"
            return f"SELECT * EXCLUDE (file_row_number), file_row_number AS {ROW} FROM {read}"
        return f"SELECT *, row_number() OVER () - 1 AS {ROW} FROM {reader}('{file}')"

    def _count(self, connection: Any, path: Path) -> int:
        file = str(path).replace("'", "''")
        read = f"SELECT count(*) FROM {_READERS[self.kind]}('{file}')"
        return int(connection.execute(read).fetchall()[0][0])

    def in_spark(self, session: Any, *, with_places: bool = False) -> None:
        """Make the table known to Spark, as `in_duckdb` does to DuckDB.

        Raises
        ------
        UnsupportedValue
            When rows are to be numbered that Spark reads in no order of its own.
        """
        name = numbered(self.name) if with_places else self.name
        if not self.paths:
            table = self._counted() if with_places else self.table
            session.createDataFrame(table).createOrReplaceTempView(name)
            return
        paths = [str(path) for path in self.paths]
        if with_places and (self.kind != ".parquet" or len(paths) > 1):
            raise UnsupportedValue(
                f"row ids of {self.name} on Spark",
                got=f"{len(paths)} files, {self.kind}",
                expected="one Parquet file, or an Arrow table",
                hint="name a column that identifies rows: Dataflow(row_ids={...})",
            )
        if self.kind == ".parquet":
            frame = session.read.parquet(*paths)
            if with_places:
                frame = frame.selectExpr("*", f"_metadata.row_index AS {ROW}")
        elif self.kind in (".csv", ".tsv"):
            separator = "\t" if self.kind == ".tsv" else ","
            frame = session.read.csv(paths, header=True, inferSchema=True, sep=separator)
        else:
            frame = session.read.json(paths)
        frame.createOrReplaceTempView(name)


def numbered(name: str) -> str:
    """Return the name under which an engine knows a table with its rows' places."""
    return f"__numbered_{name}"


def sources_of(tables: Mapping[str, Any]) -> dict[str, Source]:
    """Return the sources by name; one at least."""
    if not tables:
        raise InvalidParameter("a dataflow's tables", got="none", expected="one at least, by name")
    return {name: Source.of(name, given) for name, given in tables.items()}
