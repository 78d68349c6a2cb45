"""Repairs: found, applied, taken out again, and refused where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.data import adult
from clew.data.repair import Dependency, Repair, apply, dependencies, find, read, revert, write
from clew.errors import InvalidParameter, NotFound

CITIES = ["birmingham", "hartselle", "boaz", "guntersville", "anniston", "selma"]


def places(rows: int = 240) -> pd.DataFrame:
    which = np.arange(rows) % len(CITIES)
    return pd.DataFrame(
        {
            "zip": 35000 + 37 * which,
            "city": np.array(CITIES)[which],
            "county": np.array([city[::-1] for city in CITIES])[which],
            "open": which % 2 == 0,
            "beds": np.random.default_rng(0).integers(10, 500, rows),
        }
    )


def dirtied() -> tuple[pd.DataFrame, pd.DataFrame]:
    clean = places()
    dirty = clean.copy()
    dirty.loc[3, "city"] = "guntersvile"
    dirty.loc[50, "city"] = "bxaz"
    dirty.loc[77, "county"] = clean.loc[78, "county"]
    dirty.loc[200, "zip"] = clean.loc[201, "zip"]
    return dirty, clean


def changed(one: pd.DataFrame, other: pd.DataFrame) -> set[tuple[int, str]]:
    return {(row, name) for name in one for row in np.flatnonzero(one[name] != other[name])}


def test_errors_are_found_and_repaired_with_reasons() -> None:
    dirty, clean = dirtied()
    found = find(dirty)
    assert {(one.row, one.column) for one in found} == changed(dirty, clean)
    assert apply(dirty, found).equals(clean)
    assert all(one.confidence > 0.5 and "other rows" in one.reason for one in found)
    assert next(one for one in found if one.row == 50).reason.endswith(
        "'bxaz' is a slip away from it"
    )


def test_a_clean_table_has_nothing_to_repair() -> None:
    assert find(places()) == ()
    rows = pd.read_parquet(adult.path()).drop(columns=["row_id", "split"])
    assert len(find(rows.sample(2_000, random_state=1))) <= 1


def test_a_constraint_tells_what_the_table_alone_does_not() -> None:
    few = pd.DataFrame({"key": ["a", "a", "a", "b", "b", "b"], "of": list("xxyzzz")})
    rules = ["key -> of"]
    assert [(one.row, one.new) for one in find(few, rules, least=0.0)] == [(2, "x")]


def test_missing_values_and_fractions_are_left_alone() -> None:
    dirty, _ = dirtied()
    dirty.loc[10, "city"] = None
    dirty["share"] = np.linspace(0, 1, len(dirty))
    found = find(dirty)
    assert (10, "city") not in {(one.row, one.column) for one in found}
    assert "share" not in {one.column for one in found}


def test_the_same_table_is_repaired_in_the_same_way() -> None:
    dirty, _ = dirtied()
    assert find(dirty) == find(pl.from_pandas(dirty)) == find(pa.Table.from_pandas(dirty))


@pytest.mark.parametrize(
    "line",
    [
        "t1&t2&EQ(t1.zip,t2.zip)&IQ(t1.city,t2.city)",
        "t1&t2&EQ(t1.zip, t2.zip) & IQ(t1.city, t2.city)",
        "zip->city",
        "zip -> city  # of the post office",
    ],
)
def test_constraints_are_read(line: str, tmp_path: Path) -> None:
    rule = Dependency(("zip",), "city")
    assert dependencies([line]) == (rule,)
    file = tmp_path / "rules.txt"
    file.write_text(f"# rules\n\n{line}\n{line}\n")
    assert dependencies(file) == (rule,)


@pytest.mark.parametrize(
    "line",
    [
        "zip city",
        "-> city",
        "zip ->",
        "zip -> zip",
        "t1&EQ(t1.zip,t2.zip)&IQ(t1.city,t2.city)",
        "t1&t2&EQ(t1.zip,t2.zip)",
        "t1&t2&EQ(t1.zip,t2.city)&IQ(t1.city,t2.city)",
        "t1&t2&EQ(t1.zip,t2.zip)&GT(t1.beds,t2.beds)",
        "zip -> nowhere",
    ],
)
def test_what_is_no_constraint_is_refused(line: str) -> None:
    with pytest.raises(InvalidParameter):
        find(places(), [line])


def test_what_cannot_be_repaired_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="without rows"):
        find(places(0))
    with pytest.raises(InvalidParameter, match="probability"):
        find(places(), least=1.5)
    with pytest.raises(NotFound):
        find(places(), tmp_path / "none.txt")
    with pytest.raises(NotFound):
        read(tmp_path / "none.jsonl")
    (tmp_path / "odd.jsonl").write_text('{"row": "first"}\n')
    with pytest.raises(InvalidParameter):
        read(tmp_path / "odd.jsonl")


def repair(**changes: Any) -> Repair:
    parts = {"row": 0, "column": "city", "old": "birmingham", "new": "boaz", "confidence": 1.0}
    return Repair(**parts | changes)


@pytest.mark.parametrize(
    "made",
    [
        [repair(row=1)],
        [repair(row=10_000)],
        [repair(row=-1)],
        [repair(column="town")],
        [repair(column="zip", old=35000, new="elsewhere")],
        [repair(), repair(new="selma")],
    ],
)
def test_repairs_of_another_table_are_refused(made: list[Repair]) -> None:
    with pytest.raises(InvalidParameter):
        apply(places(), made)


Cells = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(-3, 3), st.booleans()),
    min_size=1,
    max_size=12,
)


@given(Cells, st.data())
def test_repairs_are_taken_out_as_they_were_put_in(cells: Any, data: st.DataObject) -> None:
    names = ("text", "number", "truth")
    table = pa.table(
        {
            name: pa.array(column)
            for name, column in zip(names, zip(*cells, strict=True), strict=True)
        }
    )
    kinds = {
        "text": st.sampled_from(["a", "d", ""]),
        "number": st.integers(-9, 9),
        "truth": st.booleans(),
    }
    places = [
        (row, name)
        for name in names
        for row, value in enumerate(table.column(name).to_pylist())
        if value is not None
    ]
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True) if places else st.just([]))
    made = [
        repair(
            row=row, column=name, old=table.column(name)[row].as_py(), new=data.draw(kinds[name])
        )
        for row, name in chosen
    ]
    for one in (table, table.to_pandas(), pl.from_arrow(table)):
        there = apply(one, made)
        assert type(there) is type(one)
        for change in made:
            column = there[change.column]
            found = column.iloc[change.row] if hasattr(column, "iloc") else column[change.row]
            assert (found.as_py() if hasattr(found, "as_py") else found) == change.new
        assert revert(there, made).equals(one)


def test_categories_of_pandas_are_repaired(tmp_path: Path) -> None:
    dirty, clean = dirtied()
    found = find(dirty.astype({"city": "category"}))
    assert (
        apply(dirty.astype({"city": "category"}), found)["city"].tolist() == clean["city"].tolist()
    )
    write(found, tmp_path / "repairs.jsonl")
    assert read(tmp_path / "repairs.jsonl") == found
