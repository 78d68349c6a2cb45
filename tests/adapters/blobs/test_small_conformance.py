"""Values in the database, alone and beside files, keep the promises of the port."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clew.adapters.blobs.local import LocalBlobs
from clew.adapters.blobs.split import SplitBlobs
from clew.adapters.stores.sql import SqliteStore
from clew.adapters.stores.sql.blobs import SqlBlobs
from clew.errors import CorruptValue, WrongType
from clew.lineage.ports import Encoded
from clew.lineage.records import Value
from clew.testing.blob_store import BlobStoreSuite, content
from clew.testing.records import make_node, stored_value, value_id

SMALL = Encoded("plain", b"meta", (b"a number",), (value_id("child"),))
LARGE = Encoded("array", b"", (bytes(range(256)) * 40,))
ID = value_id("x")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "clew.db") as store:
        yield store


@pytest.fixture
def split(store: SqliteStore, tmp_path: Path) -> SplitBlobs:
    return SplitBlobs(store.blobs, LocalBlobs(tmp_path / "values"))


class TestSqliteBlobs(BlobStoreSuite):
    @pytest.fixture
    def blobs(self, store: SqliteStore) -> SqlBlobs:
        return store.blobs


class TestSplitBlobs(BlobStoreSuite):
    @pytest.fixture
    def blobs(self, split: SplitBlobs) -> SplitBlobs:
        return split


def packed(store: SqliteStore, id: object = ID, encoded: Encoded = SMALL) -> bytes:
    content = store.blobs.pack(id, encoded)  # type: ignore[arg-type]
    assert content is not None
    return content


def test_only_what_is_small_lies_in_the_database(store: SqliteStore, split: SplitBlobs) -> None:
    split.put(ID, SMALL)
    split.put(value_id("large"), LARGE)
    assert [id for id, _, _ in store.blobs.ids()] == [ID]
    assert [id for id, _, _ in split.large.ids()] == [value_id("large")]
    assert store.blobs.pack(ID, LARGE) is None


def test_bytes_come_with_the_record_of_their_value(store: SqliteStore) -> None:
    node, value = make_node("m:f", [], ["x"]), replace(stored_value("x"), content=packed(store))
    store.add([node], [value])
    assert content(store.blobs.get(ID)) == content(SMALL)
    assert store.describe([ID])[ID] == stored_value("x")


def test_nothing_is_kept_of_a_record_that_fails(store: SqliteStore) -> None:
    value = replace(stored_value("x"), content=packed(store))
    with pytest.raises(Exception, match="no such run"):
        store.record([make_node("m:f", [], ["x"])], [value], run="01NONE")
    assert not store.blobs.has(ID)


@pytest.mark.parametrize("known", [Value(ID, "builtins.str"), stored_value("x")])
def test_a_value_that_was_only_described_gets_its_bytes(store: SqliteStore, known: Value) -> None:
    store.add([], [known])
    store.add([], [replace(stored_value("x"), content=packed(store))])
    assert content(store.blobs.get(ID)) == content(SMALL)
    assert store.describe([ID])[ID].state == "stored"


def test_what_was_erased_does_not_come_back(store: SqliteStore) -> None:
    store.blobs.put(ID, SMALL)
    store.update([replace(stored_value("x"), state="erased", size_bytes=0)])
    store.blobs.delete(ID)
    store.add([], [replace(stored_value("x"), content=packed(store))])
    store.blobs.put(ID, SMALL)
    assert not store.blobs.has(ID)
    assert store.describe([ID])[ID].state == "erased"


def test_deleting_overwrites_the_bytes(store: SqliteStore) -> None:
    secret = b"a name that nobody may read any more"
    store.blobs.put(ID, Encoded("plain", b"", (secret,)))
    store.blobs.delete(ID)
    store.close()  # the log goes into the file
    assert secret not in store.path.read_bytes()


@pytest.mark.parametrize("damage", ["zeroblob(20)", "substr(content, 1, 30)", "x''"])
@pytest.mark.parametrize("question", ["get", "children"])
def test_damaged_bytes_are_set_aside(store: SqliteStore, damage: str, question: str) -> None:
    store.blobs.put(ID, SMALL)
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"UPDATE value SET content = {damage}")
    connection.close()
    assert not store.blobs.is_intact(ID)
    with pytest.raises(CorruptValue, match="quarantine"):
        getattr(store.blobs, question)(ID)
    assert not store.blobs.has(ID)
    assert store.blobs.put(ID, SMALL) > 0
    assert content(store.blobs.get(ID)) == content(SMALL)


def test_bytes_of_another_value_are_found_out(store: SqliteStore) -> None:
    store.blobs.put_packed(ID, packed(store, value_id("y")))
    with pytest.raises(CorruptValue):
        store.blobs.get(ID)


def test_a_use_is_noted_once_an_hour(store: SqliteStore) -> None:
    store.blobs.put(ID, SMALL)
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE value SET used_s = 1000")
    connection.close()
    assert [used for _, _, used in store.blobs.ids()] == [1000]
    store.blobs.get(ID)
    ((_, _, used),) = store.blobs.ids()
    assert time.time() - used < 3600


def test_a_read_does_not_wait_for_a_writer(store: SqliteStore) -> None:
    store.blobs.put(ID, SMALL)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("UPDATE value SET used_s = 1000")
    other.execute("BEGIN IMMEDIATE")
    assert content(store.blobs.get(ID)) == content(SMALL)
    other.execute("ROLLBACK")
    other.close()


def test_small_values_of_an_older_store_stay_where_they_are(split: SplitBlobs) -> None:
    size = split.large.put(ID, SMALL)
    assert split.put(ID, SMALL) == size
    assert content(split.get(ID)) == content(SMALL)
    assert split.children(ID) == SMALL.children
    assert [(id, stored) for id, stored, _ in split.ids()] == [(ID, size)]


def test_what_lies_in_both_is_one_value(store: SqliteStore, split: SplitBlobs) -> None:
    file = split.large.put(ID, SMALL)
    row = store.blobs.put(ID, SMALL)
    assert [(id, stored) for id, stored, _ in split.ids()] == [(ID, file + row)]
    assert split.delete(ID) == file + row
    assert not split.has(ID)


def test_what_is_no_id_is_refused(store: SqliteStore) -> None:
    with pytest.raises(WrongType, match="content id"):
        store.blobs.put(b"../../x", SMALL)  # type: ignore[arg-type]
