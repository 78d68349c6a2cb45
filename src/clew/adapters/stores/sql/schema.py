"""The tables, and how an older database becomes a newer one.

Every migration is a function decorated with the version that it leads to. Ids are interned: 20
bytes once, an integer wherever they are used, so that a node with two inputs and two outputs stays
under 400 bytes with all its indexes. The indexes on ids hold their first 4 bytes only, which are
nearly unique; that an id is not added twice is the writer's look before it, which the write lock
makes safe.

A row of `edge` is an input, an output or an observed read of a node, told apart by `slot`: outputs
are −1, −2, …, inputs 0, 1, …, reads `READ_SLOT` and up. An input that a node made names that node
as its `source`: threads follow sources, not equal contents, since a literal, or a result of another
run, may have the same content by chance. Such inputs are found by their source, all other edges by
their value: each edge is in one of the two indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clew.adapters.stores.sql import access_tables, tracking_tables
from clew.adapters.stores.sql.connection import Connection
from clew.errors import StoreError

READ_SLOT = 1 << 20

PORTABLE = 5
"""From this version on every column that PostgreSQL must know the type of has one."""

BY_ID = "substr({0}.id, 1, 4) = substr(?1, 1, 4) AND {0}.id = ?1"
"""Condition that finds the row of table ``{0}`` by its id, through the index on the prefix."""

Migration = Callable[[Connection], None]
_MIGRATIONS: dict[int, Migration] = {}


def migration(to_version: int) -> Callable[[Migration], Migration]:
    """Register a function that brings a database from ``to_version - 1`` to `to_version`."""

    def register(function: Migration) -> Migration:
        if to_version != len(_MIGRATIONS) + 1:
            raise AssertionError(f"migration {to_version} is out of order")
        _MIGRATIONS[to_version] = function
        return function

    return register


def newest() -> int:
    """Return the version of the schema that this clew writes."""
    return len(_MIGRATIONS)


def refuse_newer(found: int, place: str) -> None:
    """Refuse a store that a later clew wrote.

    Raises
    ------
    StoreError
        When the version is newer than `newest`.
    """
    if found > newest():
        raise StoreError(
            f"the store was written by a newer clew: {place}",
            got=f"schema version {found}",
            expected=f"schema version {newest()} or older",
            hint="upgrade with `pip install --upgrade clew`",
        )


def migrate(connection: Connection, found: int, to: int | None = None) -> Iterator[int]:
    """Yield each version that a database has come to, from `found` to the newest (or to `to`)."""
    for target in range(found + 1, (newest() if to is None else to) + 1):
        _MIGRATIONS[target](connection)
        yield target


@migration(1)
def _lay_the_ground(connection: Connection) -> None:
    for statement in _VERSION_1.split(";\n"):
        if statement.strip():
            connection.execute(statement)


@migration(2)
def _keep_small_values_with_their_records(connection: Connection) -> None:
    connection.execute("ALTER TABLE value ADD COLUMN content BLOB")
    connection.execute("ALTER TABLE value ADD COLUMN used_s INTEGER")
    connection.execute(
        "CREATE TABLE quarantine (n INTEGER PRIMARY KEY, id BLOB NOT NULL, content BLOB NOT NULL, "
        "damaged_s INTEGER NOT NULL)"
    )


@migration(3)
def _add_tracking(connection: Connection) -> None:
    tracking_tables.lay(connection)


@migration(4)
def _add_access(connection: Connection) -> None:
    access_tables.lay(connection)


@migration(5)
def _tell_unknown_nodes_by_their_ids(connection: Connection) -> None:
    """A column of its own: `use.node` held a number, or the id of a node that is not there."""
    connection.execute("ALTER TABLE use ADD COLUMN unknown BLOB")
    connection.execute("UPDATE use SET unknown = node, node = NULL WHERE typeof(node) = 'blob'")


_VERSION_1 = """
CREATE TABLE word (n INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE code (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT, record BLOB);
CREATE TABLE environment (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, record TEXT);
CREATE TABLE value (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, type INTEGER, preview TEXT, format INTEGER,
    size_bytes INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX value_id ON value (substr(id, 1, 4));
CREATE TABLE node (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, call BLOB, operation INTEGER NOT NULL,
    kind INTEGER NOT NULL, code INTEGER, environment INTEGER, seed,
    wall_s REAL NOT NULL, cpu_s REAL NOT NULL, size_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, irreproducible INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX node_id ON node (substr(id, 1, 4));
CREATE INDEX node_call ON node (call) WHERE call IS NOT NULL;
CREATE INDEX node_operation ON node (operation, created_ms);
CREATE TABLE edge (
    node INTEGER NOT NULL, slot INTEGER NOT NULL, name INTEGER NOT NULL, value INTEGER NOT NULL,
    source INTEGER, PRIMARY KEY (node, slot)
) WITHOUT ROWID;
CREATE INDEX edge_source ON edge (source) WHERE source IS NOT NULL;
CREATE INDEX edge_value ON edge (value, slot) WHERE source IS NULL;
CREATE INDEX edge_read ON edge (name) WHERE slot >= 1048576;
CREATE TABLE run (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flow INTEGER NOT NULL, status TEXT NOT NULL,
    started_ms INTEGER NOT NULL, ended_ms INTEGER, arguments TEXT NOT NULL, context TEXT NOT NULL,
    result BLOB, error TEXT
);
CREATE INDEX run_started ON run (started_ms);
CREATE INDEX run_flow ON run (flow, started_ms);
CREATE TABLE use (
    run INTEGER NOT NULL, label TEXT NOT NULL, seq INTEGER NOT NULL, node,
    decision INTEGER NOT NULL, code INTEGER NOT NULL, text TEXT NOT NULL, fields TEXT,
    wall_s REAL NOT NULL, saved_s REAL NOT NULL, PRIMARY KEY (run, label)
) WITHOUT ROWID;
CREATE INDEX use_node ON use (node) WHERE node IS NOT NULL;
CREATE TABLE entry (
    run INTEGER NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, key INTEGER NOT NULL,
    text TEXT, number, step INTEGER NOT NULL, time_ms INTEGER NOT NULL, node BLOB,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE INDEX entry_key ON entry (key, run)
"""
