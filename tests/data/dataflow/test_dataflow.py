"""Dataflows: results, where rows come from, parts by a hash, and what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ibis")

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from clew.data.dataflow import Dataflow, sample, split
from clew.data.dataflow.ids import ascending
from clew.errors import InvalidParameter, NotFound, UnsupportedValue, WrongType
from tests.data.dataflow.operators import OPERATORS, PEOPLE, TEAMS, UNFOLLOWED

FOLLOWED = [name for name in OPERATORS if name not in UNFOLLOWED]


def rows_of(table: Any) -> list[str]:
    """Return a table's rows without ids, in an order of their own."""
    kept = [name for name in table.column_names if not name.startswith("rows_")]
    return sorted(map(str, table.select(kept).to_pylist()))


@pytest.fixture(scope="module")
def flow() -> Dataflow:
    return Dataflow(people=PEOPLE, teams=TEAMS)


@pytest.mark.parametrize("name", FOLLOWED)
def test_ids_change_no_result(flow: Dataflow, name: str) -> None:
    expression = OPERATORS[name](flow.people, flow.teams)
    assert rows_of(flow.run(expression, rows=True)) == rows_of(flow.run(expression))


NUMBERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=7)
ORDERED = ("order_limit", "aggregate")  # rows that depend on what is not there


@pytest.mark.parametrize("name", [name for name in FOLLOWED if name not in ORDERED])
@settings(max_examples=4, deadline=None)
@given(people=NUMBERS, teams=NUMBERS)
def test_a_row_is_made_of_its_rows_and_of_no_others(name: str, people: Any, teams: Any) -> None:
    tables = {
        "people": pa.table(
            {
                "name": pa.array([f"n{b}" for _, b in people]),
                "team": pa.array([a or None for a, _ in people], pa.int64()),
                "pay": pa.array([float(b) for _, b in people]),
                "since": pa.array([f"202{b}-01-01" for _, b in people]),
            }
        ),
        "teams": pa.table(
            {
                "team": pa.array([a for a, _ in teams], pa.int64()),
                "title": pa.array([f"t{b}" for _, b in teams]),
            }
        ),
    }
    whole = Dataflow(**tables)
    result = whole.run(OPERATORS[name](whole.people, whole.teams), rows=True)
    carrying = [c.removeprefix("rows_") for c in result.column_names if c.startswith("rows_")]
    for row in range(min(len(result), 3)):
        own = {n: result[f"rows_{n}"][row].as_py() for n in carrying}
        alone = {
            n: t.take(pa.array(own[n], pa.int64())) if n in own else t for n, t in tables.items()
        }
        part = Dataflow(**alone)
        expected = rows_of(result.slice(row, 1))[0]
        assert expected in rows_of(part.run(OPERATORS[name](part.people, part.teams)))


def test_where_a_row_comes_from(flow: Dataflow, tmp_path: Path) -> None:
    halves = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    people = pa.table(PEOPLE)
    pq.write_table(people.slice(0, 3), halves[0])
    pq.write_table(people.slice(3), halves[1])
    stored = Dataflow(people=halves, teams=TEAMS)
    for each in (flow, stored):
        joined = each.people.join(each.teams, "team").group_by("title")
        expression = joined.agg(n=lambda t: t.count()).order_by("title")
        result = each.run(expression, rows=True)
        found = each.where_from(result, 0)
        assert found["people"]["name"].to_pylist() == ["Ann", "Cy", "Ann"]
        assert found["teams"].to_pylist() == [{"team": 1, "title": "x"}]
        only = each.run(expression, rows=["teams"])
        assert only.column_names == ["title", "n", "rows_teams"]
        with pytest.raises(NotFound, match="0 to 2"):
            each.where_from(result, 3)
    assert result["rows_people"].to_pylist() == [[0, 2, 6], [1, 4], [1, 4]]


def test_ids_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    pa.csv.write_csv(pa.table({"key": [70, 50, 60], "team": [1, 2, 1]}), path)
    flow = Dataflow(people=path, row_ids={"people": "key"})
    result = flow.run(flow.people.group_by("team").agg(n=flow.people.count()), rows=True)
    assert sorted(result["rows_people"].to_pylist()) == [[50], [60, 70]]
    place = result["rows_people"].to_pylist().index([60, 70])
    assert flow.where_from(result, place)["people"]["key"].to_pylist() == [60, 70]
    with pytest.raises(NotFound, match="ids"):
        Dataflow(people=path, row_ids={"people": "id"})
    for ids, what in (([1, 1, None], "1 are missing, 1 are there"), ([1, 2, 2], "0 are missing")):
        poor = Dataflow(t=pa.table({"id": ids}), row_ids={"t": "id"})
        assert len(poor.run(poor.t)) == 3
        with pytest.raises(InvalidParameter, match=what):
            poor.run(poor.t, rows=True)


def test_what_cannot_be_followed_is_refused_with_ids_only(flow: Dataflow) -> None:
    for name in UNFOLLOWED:
        expression = OPERATORS[name](flow.people, flow.teams)
        assert len(flow.run(expression)) > 0
        with pytest.raises(UnsupportedValue, match="row lineage"):
            flow.run(expression, rows=True)
    above = flow.people.filter(flow.people.pay > flow.people.pay.mean())
    with pytest.raises(UnsupportedValue, match="ScalarSubquery"):
        flow.run(above, rows=True)


def test_ids_are_put_in_order_once() -> None:
    rng = np.random.default_rng(0)
    for longest in (4, 300):
        lists = [rng.integers(-5, 50, n).tolist() for n in rng.integers(0, longest, 200)]
        for kind in (pa.int32(), pa.int64()):
            found = ascending(pa.array([*lists, None], pa.list_(kind)))
            assert found.to_pylist() == [*(sorted(set(one)) for one in lists), []]
            assert found.type.value_type == pa.int64()
    assert ascending(pa.array([3, None, 1])).to_pylist() == [[3], [], [1]]
    assert ascending(pa.array([], pa.list_(pa.int64()))).to_pylist() == []


def test_parts_by_a_hash_are_a_split_that_lasts(flow: Dataflow) -> None:
    table = pa.table({"id": range(4_000), "who": [f"p{i % 50}" for i in range(4_000)]})
    numbers = Dataflow(t=table)
    parts = split(numbers.t, {"train": 0.7, "test": 0.3}, by="id")
    got = {name: numbers.run(part)["id"].to_pylist() for name, part in parts.items()}
    assert sorted(got["train"] + got["test"]) == list(range(4_000))
    assert 0.27 < len(got["test"]) / 4_000 < 0.33
    digests = [hashlib.md5(f"0|{i}".encode()).hexdigest()[:8] for i in range(4_000)]
    line = f"{round(0.7 * 2**32):08x}"
    assert sorted(got["test"]) == [i for i, d in enumerate(digests) if d >= line]
    fewer = Dataflow(t=table.slice(1_000, 500))
    same = fewer.run(split(fewer.t, {"train": 0.7, "test": 0.3}, by="id")["test"])
    assert set(same["id"].to_pylist()) == {i for i in got["test"] if 1_000 <= i < 1_500}
    people = numbers.run(sample(numbers.t, 0.5, by="who", seed=3))["who"].to_pylist()
    assert len(people) == 80 * len(set(people))
    assert len(numbers.run(sample(numbers.t, 1.0, by="id"))) == 4_000
    assert len(numbers.run(sample(numbers.t, 0.0, by="id"))) == 0
    with pytest.raises(WrongType, match="pay"):
        sample(flow.people, 0.5, by="pay")
    with pytest.raises(InvalidParameter, match="sum is 1"):
        split(flow.people, {"a": 0.5, "b": 0.4}, by="team")


def test_more_than_fits_is_spilt_and_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pq.write_table(
        pa.table({"k": rng.integers(0, 10**9, 1_500_000), "v": rng.normal(size=1_500_000)}),
        tmp_path / "big.parquet",
    )
    flow = Dataflow(big=tmp_path / "big.parquet", memory="60MB", threads=1)
    path = flow.write(flow.big.order_by("k"), tmp_path / "sorted.parquet")
    keys = pq.read_table(path)["k"].to_numpy()
    assert len(keys) == 1_500_000
    assert (np.diff(keys) >= 0).all()
    with pytest.raises(InvalidParameter, match="parquet"):
        flow.write(flow.big, tmp_path / "sorted.txt")


def test_sources_and_what_is_no_source(flow: Dataflow, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    (tmp_path / "b.tsv").write_text("a\tb\n1\tx\n")
    (tmp_path / "o'c.csv").write_text("a\n1\n")
    files = Dataflow(j=tmp_path / "a.jsonl", t=tmp_path / "b.tsv", q=tmp_path / "o'c.csv")
    assert files.run(files.j.agg(s=files.j.a.sum())).to_pylist() == [{"s": 3}]
    assert files.run(files["t"]).to_pylist() == [{"a": 1, "b": "x"}]
    assert files.run(files.q, rows=True)["rows_q"].to_pylist() == [[0]]
    with pytest.raises(NotFound, match="no such file"):
        Dataflow(t=tmp_path / "none.csv")
    with pytest.raises(InvalidParameter, match="of one kind"):
        Dataflow(t=[tmp_path / "a.jsonl", tmp_path / "b.tsv"])
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InvalidParameter, match="table bad cannot be read"):
        Dataflow(bad=tmp_path / "bad.parquet")
    with pytest.raises(InvalidParameter, match="one at least"):
        Dataflow()
    with pytest.raises(NotFound, match="people, teams"):
        flow["boats"]
    with pytest.raises(AttributeError, match="people, teams"):
        flow.boats
    with pytest.raises(InvalidParameter, match="ids of rows"):
        flow.where_from(flow.run(flow.people), 0)
    with pytest.raises(InvalidParameter, match="rows_people"):
        flow.run(flow.people.mutate(rows_people=1), rows=True)
