"""A database of any older version opens, holds its facts, and takes new ones."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from clew.adapters.stores.sql import SqliteStore, schema
from clew.adapters.stores.sql.sqlite.version import version as version_of
from clew.lineage.ports import Encoded
from clew.lineage.records import Run
from clew.testing.records import make_node
from tests.adapters.stores.old_databases import (
    CODE,
    ENTRIES,
    FIT,
    LOAD,
    NODES,
    RUN,
    USES,
    VALUES,
    fill,
    restore,
)

VERSIONS = range(1, schema.newest() + 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_database_keeps_its_facts(version: int, tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    restore(version, path)
    with SqliteStore(path) as store:
        assert [store.node(node.id) for node in NODES] == NODES
        assert store.describe([value.id for value in VALUES]) == {v.id: v for v in VALUES}
        assert store.closure([FIT.id], "up") == (FIT.id, LOAD.id)
        assert (store.runs(), store.uses(RUN.id), store.entries(RUN.id)) == ((RUN,), USES, ENTRIES)
        assert store.code(CODE.id) == CODE
        store.add([make_node("m:new", ["model"], ["more"])], [])
        store.start(Run("01NEW", "m:flow", "running", 5000))
        assert store.blobs.put(NODES[0].outputs[0].value, Encoded("plain", b"1")) > 0
        assert [id for id, _, _ in store.blobs.ids()] == [NODES[0].outputs[0].value]
        assert store.damage() == store.dangling() == ()
    with sqlite3.connect(path) as connection:
        assert version_of(connection) == schema.newest()
    connection.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgraded_database_has_the_tables_of_a_new_one(version: int, tmp_path: Path) -> None:
    """When this fails the schema was edited: write a migration instead."""
    restore(version, tmp_path / "old.db")
    definitions = []
    for name in ("old.db", "new.db"):
        with SqliteStore(tmp_path / name) as store:
            if name == "new.db":
                fill(store)
        with sqlite3.connect(tmp_path / name) as connection:
            rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")
            definitions.append(rows.fetchall())
        connection.close()
    assert definitions[0] == definitions[1]


@pytest.mark.parametrize("version", [1, 4])
def test_uses_of_nodes_that_are_not_there_keep_their_ids(version: int, tmp_path: Path) -> None:
    """Before version 5 their ids stood where others have a number."""
    path = tmp_path / "clew.db"
    restore(version, path)
    unknown = make_node("m:gone", ["raw"], ["nothing"]).id
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE use SET node = ? WHERE label = 'fit'", (unknown,))
    connection.close()
    with SqliteStore(path) as store:
        assert [use.node for use in store.uses(RUN.id)] == [LOAD.id, unknown]


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clew.db"
    restore(1, path)
    migrations = {**schema._MIGRATIONS, schema.newest() + 1: break_half_way}
    monkeypatch.setattr(schema, "_MIGRATIONS", migrations)
    with pytest.raises(ZeroDivisionError):
        SqliteStore(path)
    monkeypatch.undo()
    with SqliteStore(path) as store:
        assert [store.node(node.id) for node in NODES] == NODES


def break_half_way(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE edge")
    raise ZeroDivisionError


def test_migrations_are_registered_in_order() -> None:
    with pytest.raises(AssertionError, match="out of order"):
        schema.migration(schema.newest() + 2)(break_half_way)
