"""What can be read of a damaged database comes into a fresh one, and only what is whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from clew.adapters.stores.sql import SqliteStore
from clew.adapters.stores.sql.sqlite.salvage import damage_of, salvage
from clew.app.upkeep.check import check
from clew.errors import StoreError
from clew.lineage import trace
from clew.lineage.fingerprint import fingerprint
from clew.lineage.records import Node, Read, Reason, Run, Use
from clew.testing.records import make_node
from tests.adapters.stores.old_databases import restore
from tests.app.upkeep.places import MODEL, Place

PAGE_BYTES = 4096
COUNT = 400


def filled(path: Path) -> list[Node]:
    nodes: list[Node] = []
    with SqliteStore(path) as store:
        store.start(Run("01RUN", "m:flow", "finished", 1000, 2000))
        for i in range(COUNT):
            made_by = nodes[-1:]
            inputs = [f"v{i - 1}"] if made_by else []
            read = Read("file", f"{i}.csv", fingerprint(i))
            nodes.append(make_node(f"m:f{i % 7}", inputs, [f"v{i}"], made_by=made_by, reads=[read]))
        store.add(nodes, [])
        reason = Reason("new-call", "")
        uses = [Use(i, f"f{i}", n.id, "computed", reason) for i, n in enumerate(nodes)]
        store.use("01RUN", uses)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return nodes


def root_pages(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as connection:
        rows = dict(connection.execute("SELECT name, rootpage FROM sqlite_master").fetchall())
    connection.close()
    return rows


def destroy(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    start = (page - 1) * PAGE_BYTES
    content[start : start + PAGE_BYTES] = b"\xa5" * PAGE_BYTES
    path.write_bytes(content)


def pages_of(path: Path) -> int:
    return path.stat().st_size // PAGE_BYTES


def test_every_single_page_may_be_lost(tmp_path: Path) -> None:
    nodes = {node.id: node for node in filled(tmp_path / "whole.db")}
    whole = (tmp_path / "whole.db").read_bytes()
    survivors = []
    for page in range(2, pages_of(tmp_path / "whole.db") + 1, 7):
        path = tmp_path / f"{page}.db"
        path.write_bytes(whole)
        destroy(path, page)
        try:
            done = salvage(path)
        except StoreError as error:
            assert "nothing can be read" in error.message
            assert path.exists()
            continue
        assert done.aside.exists()
        with SqliteStore(path) as store:
            assert store.damage() == store.dangling() == ()
            found = [store.node(id) for id in nodes]
            assert all(one is None or one == nodes[one.id] for one in found)
            assert all(use.node is None or len(use.node) == 20 for use in store.uses("01RUN"))
            survivors.append(sum(one is not None for one in found))
            store.add([make_node("m:new", [], ["more"])], [])
    assert max(survivors) == COUNT
    assert sum(survivors) / len(survivors) > COUNT / 3


def test_an_index_that_is_damaged_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    filled(path)
    destroy(path, root_pages(path)["node_id"])
    assert damage_of(path)
    done = salvage(path)
    assert (done.rows["node"], done.left_out) == (COUNT, {})
    assert not damage_of(path)


def test_a_node_that_lost_an_edge_is_left_out_with_what_stands_on_it(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    nodes = filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM edge WHERE node = 301 AND slot >= 1048576")
    connection.close()
    done = salvage(path)
    with SqliteStore(path) as store:
        assert store.node(nodes[299].id) == nodes[299]
        assert store.node(nodes[300].id) is None
        assert store.node(nodes[301].id) is None
        assert all(trace.expected_id(n) == n.id for n in nodes if store.node(n.id))
    assert done.left_out["node"] == COUNT - 300


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_database_is_brought_up_to_date(version: int, tmp_path: Path) -> None:
    restore(version, tmp_path / "clew.db")
    salvage(tmp_path / "clew.db")
    with SqliteStore(tmp_path / "clew.db") as store:
        assert [run.id for run in store.runs()] == ["01RUN"]
        assert len(store.uses("01RUN")) == 2


def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "clew.db"
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(StoreError, match="nothing can be read"):
        salvage(path)
    assert path.read_bytes().startswith(b"something else")
    assert list(tmp_path.iterdir()) == [path]


def test_fsck_salvages_an_open_store(place: Place) -> None:
    place.thread()
    with place.store._database.writing() as connection:
        connection.execute("PRAGMA user_version")
    place.store.close()
    with sqlite3.connect(place.store.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    destroy(place.store.path, root_pages(place.store.path)["node_operation"])
    with place.store._database.aside():
        pass
    found = check(place.store, place.files)
    assert {problem.kind for problem in found.problems} == {"database"}
    assert not found.is_sound
    mended = check(place.store, place.files, repair=True)
    assert mended.is_sound
    (problem,) = [one for one in mended.problems if one.kind == "database"]
    assert "3 nodes" in problem.text and ".damaged-" in problem.text
    assert place.vault.get(fingerprint(MODEL)) == MODEL
    assert check(place.store, place.files).problems == ()
