"""Datasets in a store: named, merged, written by several at once, and never collected."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import clew
from clew.app.datasets import Dataset, datasets
from clew.errors import InvalidParameter, InvalidState, NotFound, WrongType


def rows(**columns: object) -> pa.Table:
    return pa.table({"id": list(range(6)), "x": [0.5] * 6, "t": list("abcdef")} | columns)


@pytest.fixture
def dataset() -> Dataset:
    found = clew.open().dataset("letters")
    found.commit(rows(), key=["id"])
    return found


def test_a_version_is_what_was_committed_whatever_the_table_is(dataset: Dataset) -> None:
    table = rows(x=[0.0, -0.0, float("nan"), 1.0, 2.0, None], t=["é", "", None, "d", "e", "f"])
    dataset.commit(table.take([5, 3, 1, 0, 2, 4]))
    assert repr(dataset.checkout(2).to_pylist()) == repr(table.to_pylist())
    assert dataset.checkout(1).equals(rows())
    assert dataset.commit(table).number == 2
    frame = pd.DataFrame({"id": [0, 9], "x": [1.0, 2.0], "t": pd.Categorical(["a", "b"])})
    third = dataset.commit(frame)
    assert (third.rows, third.added, third.deleted, third.changed) == (2, 1, 5, 1)
    assert dataset.commit(pl.from_pandas(frame.astype({"t": str}))).number == 3
    wider = dataset.commit(frame.assign(new=[True, False]).drop(columns="x"))
    assert dataset.checkout().column_names == ["id", "t", "new"] and wider.rows == 2
    assert dataset.diff(3, 4).columns_added == ("new",)
    dataset.branch("again", 3)
    same = dataset.commit(frame.assign(new=[True, False]).drop(columns="x"), branch="again")
    assert dataset.checkout(same.node[:12]).equals(dataset.checkout(4))
    dataset.commit({"id": [1], "row": [2]})
    with pytest.raises(InvalidParameter, match="a column 'row'"):
        dataset.checkout(ids=True)


def test_names_stand_for_versions(dataset: Dataset) -> None:
    version = dataset.commit(rows(t=list("ABCDEF")), message="in capitals")
    dataset.tag("small", 1)
    for at in (2, "2", "main", "latest", version.node[:10]):
        assert dataset.checkout(at).column("t")[0].as_py() == "A"
    assert dataset.checkout("small").column("t")[0].as_py() == "a"
    with pytest.raises(InvalidState, match="another version"):
        dataset.tag("small", 2)
    assert dataset.tag("small", 2, move=True).number == 2
    with pytest.raises(InvalidState):
        dataset.tag("main", 1, move=True)
    for wrong in ("3", "none", "0", "-1", ""):
        with pytest.raises(NotFound):
            dataset.checkout(wrong)
    with pytest.raises(InvalidParameter):
        dataset.tag("7")
    assert [one.message for one in dataset.log()] == ["in capitals", ""]
    assert datasets(clew.open()) == ["letters"]
    with pytest.raises(NotFound, match="no dataset"):
        clew.open().dataset("numbers").checkout()


def test_what_is_no_version_is_refused_and_changes_nothing(dataset: Dataset) -> None:
    with pytest.raises(InvalidParameter, match="two rows have one key"):
        dataset.commit(rows(id=[0, 1, 2, 3, 4, 4]))
    with pytest.raises(InvalidParameter, match="no key"):
        dataset.commit(rows(id=[0, 1, 2, 3, 4, None]))
    with pytest.raises(InvalidParameter, match="lacks"):
        dataset.commit(rows().drop(["id"]))
    with pytest.raises(InvalidParameter, match="keeps its key"):
        dataset.commit(rows(), key=["t"])
    with pytest.raises(WrongType):
        dataset.commit(rows(id=list("abcdef")))
    with pytest.raises(WrongType):
        clew.open().dataset("lists").commit({"l": [[1], [2]]})
    with pytest.raises(NotFound, match="branch"):
        dataset.commit(rows(), branch="other")
    for name in ("../up", "", "a/b", "a" * 101):
        with pytest.raises(InvalidParameter):
            clew.open().dataset(name)
    assert len(dataset.log()) == 1


def test_merges_take_both_sides_and_show_what_clashes(dataset: Dataset) -> None:
    dataset.branch("fix")
    dataset.commit(rows(t=list("Abcdef"), x=[1.0] + [0.5] * 5))
    dataset.commit(rows(t=list("Xbcdeg")), branch="fix")
    (conflict,) = dataset.conflicts("fix")
    assert (conflict.kind, conflict.column, conflict.ours, conflict.theirs) == (
        "cell",
        "t",
        "A",
        "X",
    )
    with pytest.raises(InvalidState, match="1 conflicts"):
        dataset.merge("fix")
    merged = dataset.merge("fix", prefer="theirs")
    assert merged.parents == (2, 3)
    assert dataset.checkout().column("t").to_pylist() == list("Xbcdeg")
    assert dataset.checkout().column("x")[0].as_py() == 1.0
    assert dataset.merge("fix").number == merged.number
    dataset.commit(rows(t=list("XYcdeg")), branch="fix")
    assert dataset.conflicts("fix") == ()
    dataset.merge("fix")
    assert dataset.checkout().column("t").to_pylist() == list("XYcdeg")


def test_without_a_key_rows_are_known_by_their_values() -> None:
    dataset = clew.open().dataset("plain")
    dataset.commit({"a": [1, 1, 2]})
    version = dataset.commit({"a": [2, 1, 3, 1]})
    assert (version.added, version.deleted, version.changed) == (1, 0, 0)
    assert sorted(dataset.checkout().column("a").to_pylist()) == [1, 1, 2, 3]


def test_writers_at_once_lose_nothing() -> None:
    first = clew.open().dataset("shared")
    first.commit({"id": [-1], "v": [0]}, key=["id"])

    def write(writer: int) -> None:
        mine = clew.open().dataset("shared")
        for turn in range(4):
            mine.branch(f"b{writer}.{turn}", 1)
            table = {"id": [-1, writer], "v": [0, turn]}
            mine.commit(table, branch=f"b{writer}.{turn}")

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = first.log()
    assert sorted(one.number for one in versions) == list(range(1, 18))
    assert len(first.branches) == 17
    fresh = [first.checkout(one.number, ids=True).column("row")[-1].as_py() for one in versions]
    assert len(set(fresh)) == 17


def test_versions_are_nodes_that_lead_back_and_are_kept(dataset: Dataset) -> None:
    dataset.commit(rows(t=list("ABCDEF")))
    store = clew.open()
    newest = store.node(dataset.log()[0].node)
    assert newest.operation == "clew.data:version"
    assert {"dataset", "parent0", "delta"} <= {edge.name for edge in newest.inputs}
    store.gc(older_than_s=0, dry_run=False, grace_s=0)
    again = clew.open().dataset("letters")
    assert again.checkout(1).equals(rows())
    assert again.checkout(2).column("t").to_pylist() == list("ABCDEF")


def test_a_long_history_is_small_and_equal_to_its_tables(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.arange(3_000), "v": random.random(3_000)})
    dataset = clew.open().dataset("long")
    tables = []
    for _ in range(20):
        frame.loc[random.choice(len(frame), 30, replace=False), "v"] = random.random(30)
        tables.append(pa.Table.from_pandas(frame.copy(), preserve_index=False))
        dataset.commit(tables[-1], key=["id"] if not tables[1:] else None)
    assert all(
        dataset.checkout(number).equals(table.replace_schema_metadata())
        for number, table in enumerate(tables, 1)
    )
    shared = dataset.intersection(*range(1, 21))
    assert shared.plan == "deltas"
    same = np.all([table.column("v").to_numpy() == frame["v"] for table in tables], axis=0)
    assert shared.table.column("id").to_pylist() == frame["id"][same].tolist()
