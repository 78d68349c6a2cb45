"""The adapter: `NodeStore`, `ValueIndex` and `RunStore` over one database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from clew.adapters.stores.sql import audit, graph, usage, views
from clew.adapters.stores.sql import nodes as _nodes
from clew.adapters.stores.sql import runs as _runs
from clew.adapters.stores.sql import values as _values
from clew.adapters.stores.sql.backlog import Waiting
from clew.adapters.stores.sql.blobs import SqlBlobs
from clew.adapters.stores.sql.connection import Connection
from clew.adapters.stores.sql.database import Database
from clew.adapters.stores.sql.view import View
from clew.lineage.canonical import CodeId, Digest, NodeId, ValueId
from clew.lineage.ports import Direction
from clew.lineage.records import Code, LogEntry, Node, Run, Use, Value


class SqlStore(ABC):
    """The graph of one place in one database: nodes, values, runs.

    Parameters
    ----------
    database : Database
        Where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.blobs = SqlBlobs(database)

    @property
    def database(self) -> Database:
        """The database, for the other adapters over it."""
        return self._database

    @abstractmethod
    def copy_to(self, path: Path) -> None:
        """Write one consistent state into a SQLite file, while others may write."""

    def transaction(self) -> AbstractContextManager[object]:
        """Make all writes of this thread within the block one transaction."""
        return self._database.writing()

    def artifact_contents(self) -> set[ValueId]:
        """Return the contents of all artifacts: what `gc` keeps."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT DISTINCT content FROM artifact").fetchall()
        return {row[0] for row in rows}

    @property
    def read_only(self) -> bool:
        """Whether this user may only read the store."""
        return self._database.read_only

    def close(self) -> None:
        """Close the store; what it returned stays valid."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(
        self,
        nodes: Sequence[Node] = (),
        values: Sequence[Value] = (),
        *,
        run: str | None = None,
        uses: Sequence[Use] = (),
        entries: Sequence[LogEntry] = (),
        kept: Callable[[], None] | None = None,
    ) -> None:
        """Add all that one step leaves behind in one transaction: all of it, or nothing.

        Parameters
        ----------
        kept : callable, optional
            The record may be committed a moment later, together with others; then this is called.
        """

        def write(connection: Connection) -> None:
            words = self._database.words
            for value in values:
                _values.add(connection, words, value)
            for node in nodes:
                _nodes.add(connection, words, node)
            if run is not None:
                _runs.add(connection, words, run, uses, entries)

        if kept is None:
            with self._database.writing() as connection:
                write(connection)
            return
        calls = tuple(node.call for node in nodes)
        contents: dict[Digest, bytes] = {
            value.id: value.content for value in values if value.content is not None
        }
        self._database.later(Waiting(write, kept, calls, contents))

    # NodeStore

    def add(self, nodes: Sequence[Node], values: Sequence[Value]) -> None:
        """Add nodes with the values they touch, atomically; what is there already stays."""
        self.record(nodes, values)

    def node(self, id: NodeId) -> Node | None:
        """Return one node."""
        with self._database.reading() as connection:
            return _nodes.node(connection, self._database.words, id)

    def variants(self, calls: Sequence[NodeId]) -> Mapping[NodeId, tuple[Node, ...]]:
        """Return the nodes of each call, newest first; calls never seen are left out."""
        if not calls:
            return {}
        with self._database.reading(about=calls) as connection:
            return _nodes.variants(connection, self._database.words, calls)

    def linked(self, value: ValueId, direction: Direction) -> tuple[NodeId, ...]:
        """Return the nodes that made a value ("up") or that read it ("down"), oldest first."""
        with self._database.reading() as connection:
            return graph.linked(connection, value, direction)

    def closure(
        self, start: Sequence[NodeId], direction: Direction, depth: int | None = None
    ) -> tuple[NodeId, ...]:
        """Return `start` and all its ancestors ("up") or descendants ("down"), nearest first."""
        with self._database.reading() as connection:
            return graph.closure(connection, start, direction, depth)

    def mark_irreproducible(self, id: NodeId) -> None:
        """Remember that a node gave two different results."""
        with self._database.writing() as connection:
            _nodes.mark_irreproducible(connection, id)

    def history(
        self, operation: str, limit: int, *, until_ms: int | None = None
    ) -> tuple[Node, ...]:
        """Return the newest nodes of an operation, made no later than `until_ms` if given."""
        with self._database.reading() as connection:
            return _nodes.history(connection, self._database.words, operation, limit, until_ms)

    def match(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """Return up to 20 ``(kind, id)`` of runs, nodes and values that begin with `prefix`."""
        with self._database.reading() as connection:
            return graph.match(connection, prefix)

    def readers(self, kind: str, name: str) -> tuple[NodeId, ...]:
        """Return the nodes that were seen to read a file, variable or generator by name."""
        with self._database.reading() as connection:
            return graph.reading(connection, _nodes.read_name(kind, name))

    def codes(self) -> Iterator[Code]:
        """Yield every code fingerprint that the store has a record of."""
        with self._database.reading() as connection:
            yield from usage.codes(connection)

    def nodes_of_code(self, ids: Sequence[CodeId]) -> tuple[NodeId, ...]:
        """Return the nodes that ran one of the codes."""
        with self._database.reading() as connection:
            return usage.nodes_of_code(connection, ids)

    def paths_called(self, text: str) -> tuple[ValueId, ...]:
        """Return the values that are paths and read `text`."""
        with self._database.reading() as connection:
            return usage.paths_called(connection, text)

    # ValueIndex

    def describe(self, ids: Sequence[ValueId]) -> Mapping[ValueId, Value]:
        """Return what is known of each value."""
        with self._database.reading() as connection:
            return _values.describe(connection, self._database.words, ids)

    def update(self, values: Sequence[Value]) -> None:
        """Insert or replace descriptions (state, format, size)."""
        with self._database.writing() as connection:
            for value in values:
                _values.replace(connection, self._database.words, value)

    def put_code(self, code: Code) -> None:
        """Remember a code fingerprint's record."""
        with self._database.writing() as connection:
            _values.put_code(connection, code)

    def code(self, id: CodeId) -> Code | None:
        """Return a code fingerprint's record."""
        with self._database.reading() as connection:
            return _values.code(connection, id)

    def put_environment(self, id: Digest, record: Mapping[str, str]) -> None:
        """Remember an environment (name to version)."""
        with self._database.writing() as connection:
            _values.put_environment(connection, id, record)

    def environment(self, id: Digest) -> Mapping[str, str] | None:
        """Return an environment."""
        with self._database.reading() as connection:
            return _values.environment(connection, id)

    def values(self) -> Iterator[Value]:
        """Yield every value that was ever described."""
        with self._database.reading() as connection:
            yield from audit.described(connection, self._database.words)

    def view(self, view: View) -> list[tuple[object, ...]]:
        """Return the rows of a documented view (see `views`)."""
        with self._database.reading() as connection:
            return views.rows(connection, view)

    def damage(self) -> tuple[str, ...]:
        """Return what the database finds wrong with its own pages and indexes."""
        return self._database.damage()

    def dangling(self) -> tuple[tuple[str, str], ...]:
        """Return ``(table, text)`` for references that lead nowhere."""
        with self._database.reading() as connection:
            return tuple(audit.dangling(connection))

    # RunStore

    def start(self, run: Run) -> None:
        """Add a run."""
        with self._database.writing() as connection:
            _runs.start(connection, self._database.words, run)

    def finish(self, run: Run) -> None:
        """Replace a run's status, end, result and error."""
        with self._database.writing() as connection:
            _runs.finish(connection, run)

    def use(self, run: str, uses: Sequence[Use], entries: Sequence[LogEntry] = ()) -> None:
        """Add uses of nodes and log entries to a run, atomically."""
        self.record(run=run, uses=uses, entries=entries)

    def run(self, id: str) -> Run | None:
        """Return one run."""
        with self._database.reading() as connection:
            return _runs.run(connection, self._database.words, id)

    def runs(self, *, flow: str | None = None, limit: int = 100) -> tuple[Run, ...]:
        """Return the newest runs first."""
        with self._database.reading() as connection:
            return _runs.runs(connection, self._database.words, flow, limit)

    def uses(self, run: str) -> tuple[Use, ...]:
        """Return the uses of a run in order; a later use of a label replaces an earlier one."""
        with self._database.reading() as connection:
            return _runs.uses(connection, self._database.words, run)

    def entries(self, run: str) -> tuple[LogEntry, ...]:
        """Return what a run logged, in order."""
        with self._database.reading() as connection:
            return _runs.entries(connection, self._database.words, run)
