"""Features as they were known: never of later, and of those before the right ones."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.data.features import FeatureView, history, latest
from clew.errors import InvalidParameter, WrongType

VIEW = FeatureView(
    name="spend",
    entities=("user", "shop"),
    features=("total",),
    event_time="since",
    created_time="known",
    ttl_s=5.0,
)
entity = st.tuples(st.sampled_from(["ann", "bo"]), st.integers(1, 2))
moment = st.integers(0, 12)
facts = st.lists(st.tuples(entity, moment, moment, st.integers(0, 99)), max_size=12)


def table(rows: list[Any]) -> pa.Table:
    return pa.table(
        {
            "user": pa.array([row[0][0] for row in rows], pa.string()),
            "shop": pa.array([row[0][1] for row in rows], pa.int64()),
            "since": pa.array([row[1] for row in rows], pa.int64()),
            "known": pa.array([row[2] for row in rows], pa.int64()),
            "total": pa.array([row[3] for row in rows], pa.int64()),
        }
    )


def by_looking(rows: list[Any], who: Any, at: int, ttl: float | None) -> int | None:
    """What the definition says, row by row."""
    best = None
    for row in rows:
        if (
            row[0] == who
            and row[1] <= at
            and row[2] <= at
            and (best is None or (row[1], row[2]) >= (best[1], best[2]))
        ):
            best = row
    return None if best is None or (ttl is not None and at - best[1] > ttl) else best[3]


@settings(max_examples=150)
@given(facts, st.lists(st.tuples(entity, moment), min_size=1, max_size=8), st.booleans())
def test_no_row_knows_what_came_after_it(rows: Any, asked: Any, lives: bool) -> None:
    view = VIEW if lives else FeatureView(**{**fields(VIEW), "ttl_s": None})
    given_ = {
        "shop": [who[1] for who, _ in asked],
        "user": [who[0] for who, _ in asked],
        "time": [at for _, at in asked],
    }
    found = history(given_, [(view, table(rows))])
    expected = [by_looking(rows, who, at, view.ttl_s) for who, at in asked]
    assert found.column("total").to_pylist() == expected
    assert found.column("time").to_pylist() == given_["time"]
    for at in (0, 6, 12):
        now = latest(view, table(rows), at * 10**9).to_pylist()
        told = {(row["user"], row["shop"]): row["total"] for row in now}
        known = {who: by_looking(rows, who, at, None) for who in {row[0] for row in rows}}
        assert told == {who: value for who, value in known.items() if value is not None}


def fields(view: FeatureView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__struct_fields__}


def test_kinds_of_tables_and_times() -> None:
    view = FeatureView(name="v", entities=("id",), features=("x",), event_time="t")
    day = datetime.date(2024, 1, 1)
    when = [day, day + datetime.timedelta(2)]
    values = pd.DataFrame({"id": ["a", "a"], "t": pd.to_datetime(when), "x": [1.0, None]})
    asked = {"id": ["a", "a", "a", "b"], "time": [day, *when[1:], datetime.date(2023, 1, 1), day]}
    for one in (values, pl.from_pandas(values), pa.Table.from_pandas(values)):
        found = history(asked, [(view, one), (FeatureView(**{**fields(view), "name": "w"}), one)])
        assert found.column("x").to_pylist() == [1.0, None, None, None]
        assert found.column_names == ["id", "time", "x", "w__x"]
    assert history({"id": ["a"], "time": [0]}, [(view, values[:0])])["x"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("asked", "values", "error"),
    [
        ({"id": ["a"]}, {}, InvalidParameter),
        ({"time": [1]}, {}, InvalidParameter),
        ({"id": ["a"], "time": [None]}, {}, InvalidParameter),
        ({"id": ["a"], "time": ["noon"]}, {}, WrongType),
        ({"id": ["a"], "time": [1e12]}, {}, InvalidParameter),
        ({"id": [1], "time": [1]}, {}, WrongType),
        ({"id": ["a"], "time": [1]}, {"t": [None]}, InvalidParameter),
        ({"id": ["a"], "time": [1]}, {"id": pa.array([None], pa.string())}, InvalidParameter),
        ({"id": ["a"], "time": [1], "x": [1], "v__x": [1]}, {}, InvalidParameter),
    ],
)
def test_what_cannot_be_joined_is_refused(asked: Any, values: Any, error: Any) -> None:
    view = FeatureView(name="v", entities=("id",), features=("x",), event_time="t")
    with pytest.raises(error):
        history(asked, [(view, {"id": ["a"], "t": [1], "x": [1.0]} | values)])


@pytest.mark.parametrize(
    "changes",
    [{"name": "../v"}, {"entities": ()}, {"features": ()}, {"features": ("t",)}, {"ttl_s": 0.0}],
)
def test_what_is_no_view_is_refused(changes: Any) -> None:
    parts = {"name": "v", "entities": ("id",), "features": ("x",), "event_time": "t"}
    with pytest.raises(InvalidParameter):
        FeatureView(**parts | changes)


def test_times_far_apart_keep_their_order() -> None:
    """Entities and times that fit no one number together."""
    times = [-9_000_000_000, 1e-9, 8_999_999_999]
    view = FeatureView(name="v", entities=("id",), features=("x",), event_time="t")
    values = {"id": list("abc") * 3, "t": [at for at in times for _ in "abc"], "x": list(range(9))}
    asked = {"id": list("cab") * 2, "time": [8_999_999_998, 1, 9e9, -9e9, 0, -1]}
    assert history(asked, [(view, values)])["x"].to_pylist() == [5, 3, 7, 2, 0, 1]
