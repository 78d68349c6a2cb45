"""Schemas: inferred, kept as files, and what is wrong with a table by them."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clew.data import adult
from clew.data.schema import Column, Schema, drift, infer, read, validate, write
from clew.data.schema.chance import differ, grown
from clew.errors import InvalidParameter, NotFound, WrongType

Table = dict[str, list[Any]]


def frame(rows: int = 4_000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(rows) + 10_000 * seed,
            "age": random.integers(18, 90, rows),
            "income": random.lognormal(10, 1, rows),
            "city": random.choice(["Oslo", "Rome", "Bern"], rows, p=[0.6, 0.3, 0.1]),
            "zip": [f"{one:05d}" for one in random.integers(0, 99_999, rows)],
            "member": random.random(rows) < 0.3,
            "seen": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(random.integers(0, 9e6, rows), "s"),
        }
    )


LEARNT = frame()
SCHEMA = infer(LEARNT)


def errors(table: Any, **options: Any) -> dict[str, str]:
    found = validate(table, SCHEMA, **options)
    return {one.column: one.kind for one in found if one.severity == "error"}


def test_what_is_inferred() -> None:
    assert SCHEMA["id"].unique
    assert SCHEMA["id"].high is None, "what counts rows goes on"
    assert (SCHEMA["age"].low, SCHEMA["age"].high) == (18, 89)
    assert (SCHEMA["age"].least, SCHEMA["age"].most) == (18, 89), "many rows share the bound"
    assert SCHEMA["income"].most > LEARNT["income"].max()
    assert SCHEMA["city"].values == ("Bern", "Oslo", "Rome")
    assert SCHEMA["zip"].shapes == ("9",)
    assert SCHEMA["member"].values == (False, True)
    assert SCHEMA["seen"].kind == "time"
    assert SCHEMA.rows == 4_000


def test_rows_drawn_alike_have_no_errors() -> None:
    assert errors(LEARNT) == {}
    for seed in range(1, 21):
        assert errors(frame(seed=seed), like=LEARNT) == {}


FAULTS = {
    "INT_TYPE_SMALL_INT": lambda t: t.assign(age=t["age"].mask(t.index == 7, -1)),
    "INT_TYPE_BIG_INT": lambda t: t.assign(age=t["age"].mask(t.index == 7, 999)),
    "FLOAT_TYPE_BIG_FLOAT": lambda t: t.assign(income=t["income"].mask(t.index == 7, 1e12)),
    "FLOAT_TYPE_SMALL_FLOAT": lambda t: t.assign(income=-t["income"]),
    "FLOAT_TYPE_HAS_INF": lambda t: t.assign(income=t["income"].mask(t.index < 20, math.inf)),
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": lambda t: t.assign(
        city=t["city"].mask(t.index == 7, "ROME ")
    ),
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": lambda t: t.assign(city=t["city"].mask(t.index < 20)),
    "FEATURE_TYPE_NOT_PRESENT": lambda t: t.assign(city=None),
    "TEXT_TYPE_UNEXPECTED_SHAPE": lambda t: t.assign(zip=t["zip"].mask(t.index < 20, "N-1234")),
    "FEATURE_TYPE_LOW_UNIQUE": lambda t: t.assign(id=t["id"].mask(t.index == 7, 3)),
    "UNEXPECTED_DATA_TYPE": lambda t: t.assign(age=t["age"].astype(str)),
    "SCHEMA_MISSING_COLUMN": lambda t: t.drop(columns="city"),
    "SCHEMA_NEW_COLUMN": lambda t: t.assign(town="Oslo"),
    "DATASET_LOW_NUM_EXAMPLES": lambda t: t[:0],
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_an_error_of_its_kind(kind: str) -> None:
    assert set(errors(FAULTS[kind](LEARNT)).values()) == {kind}


def test_what_chance_explains_is_a_notice() -> None:
    rare = LEARNT.assign(city=LEARNT["city"].mask(LEARNT.index == 7, "Paris"))
    (one,) = validate(rare, SCHEMA)
    assert (one.severity, one.count, one.rows) == ("notice", 1, (7,))
    assert one.p_value == pytest.approx(0.5)
    often = LEARNT.assign(city=LEARNT["city"].mask(LEARNT.index < 30, "Paris"))
    assert errors(often) == {"city": "ENUM_TYPE_UNEXPECTED_STRING_VALUES"}


def test_a_reviewed_bound_holds_for_each_row() -> None:
    strict = SCHEMA.edit("age", low=21, least=None, strict=True)
    (one,) = validate(LEARNT, strict)
    assert one.severity == "error"
    assert one.count == (LEARNT["age"] < 21).sum()
    assert "at least 21" in str(one)
    with pytest.raises(NotFound, match="no such column"):
        SCHEMA.edit("town", low=1)
    with pytest.raises(InvalidParameter, match="no such property"):
        SCHEMA.edit("age", minimum=1)


def test_what_the_libraries_do_to_types_is_no_fault() -> None:
    some = LEARNT.assign(age=LEARNT["age"].astype(float))
    assert errors(some) == {}, "pandas has floats where some are missing"
    assert "age" in errors(some.assign(age=some["age"] + 0.5))
    coded = LEARNT.assign(city=LEARNT["city"].astype("category"))
    for table in (
        coded,
        pl.from_pandas(LEARNT),
        pa.Table.from_pandas(LEARNT, preserve_index=False),
    ):
        assert errors(table) == {}
    whole = LEARNT.assign(income=LEARNT["income"].round().astype(int))
    assert errors(whole) == {}


def test_repeated_rows_are_found() -> None:
    part = LEARNT.drop(columns="id")
    doubled = pd.concat([part, part[:50]], ignore_index=True)
    (one,) = validate(doubled, infer(part))
    assert (one.kind, one.count, one.rows[0]) == ("DATASET_DUPLICATE_ROWS", 50, 4_000)


def test_dates_are_bound_where_a_reviewer_says_so() -> None:
    days = [datetime.date(2026, 1, day) for day in range(1, 29)]
    schema = infer({"day": days}).edit("day", low="2026-01-01", high="2026-01-28", strict=True)
    assert validate({"day": days}, schema) == ()
    (one,) = validate({"day": [datetime.date(2025, 12, 31)]}, schema)
    assert (one.kind, one.got) == ("TIME_TYPE_EARLY", "2025-12-31, in 1 of 1 rows")


def test_drift_tells_what_changed() -> None:
    assert drift(LEARNT, frame(seed=3)) == ()
    other = frame(seed=3)
    other["income"] *= 1.5
    other["city"] = other["city"].mask(other.index % 4 == 0, "Bern")
    other["member"] = other["member"].to_numpy()
    found = {one.column: one for one in drift(LEARNT, other)}
    assert found["income"].kind == "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"
    assert found["city"].kind == "COMPARATOR_L_INFTY_HIGH"
    assert "'Bern'" in found["city"].got
    assert set(found) == {"income", "city"}
    assert drift(LEARNT, other, largest=1, divergent=1) == ()


def test_columns_that_no_longer_go_together() -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"x": random.normal(size=5_000)})
    table["y"] = table["x"] + random.normal(size=5_000)
    shuffled = table.assign(y=random.permutation(table["y"]))
    (one,) = drift(table, shuffled)
    assert (one.kind, one.column) == ("COMPARATOR_ASSOCIATION_HIGH", "x, y")
    assert validate(table, infer(table), like=table) == ()


def test_a_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    write(SCHEMA, path)
    assert read(path) == SCHEMA
    LEARNT.to_parquet(tmp_path / "t.parquet")
    LEARNT.to_csv(tmp_path / "t.csv", index=False)
    assert infer(tmp_path / "t.parquet") == SCHEMA
    assert errors(tmp_path / "t.parquet") == {}
    path.write_text(path.read_text().replace('"low"', '"lowest"'))
    with pytest.raises(InvalidParameter, match="holds no schema") as caught:
        read(path)
    assert "lowest" in str(caught.value)
    for text in ("", "[]", '{"rows": 1, "columns": [{"name": 1, "kind": "int"}]}'):
        path.write_text(text)
        with pytest.raises(InvalidParameter, match="holds no schema"):
            read(path)


def test_bad_tables_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        infer(tmp_path / "none.csv")
    (tmp_path / "x.parquet").write_bytes(b"no")
    with pytest.raises(InvalidParameter, match="no such table"):
        infer(tmp_path / "x.parquet")
    (tmp_path / "x.xlsx").write_bytes(b"no")
    with pytest.raises(InvalidParameter, match="no table is read"):
        infer(tmp_path / "x.xlsx")
    with pytest.raises(WrongType, match="different kinds"):
        infer(pd.DataFrame({"a": [1, "x", None]}))
    with pytest.raises(WrongType, match="no table"):
        infer(7)
    with pytest.raises(InvalidParameter, match="rows"):
        infer({"a": []})
    with pytest.raises(InvalidParameter, match="one name"):
        infer(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]))
    with pytest.raises(WrongType, match="takes a schema"):
        validate(LEARNT, {})  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match="kind"):
        Column("a", "integer")  # type: ignore[arg-type]


columns = st.one_of(
    *(
        st.lists(st.none() | cell, min_size=8, max_size=8)
        for cell in (
            st.integers(-(2**63), 2**63 - 1),
            st.integers(0, 3),
            st.floats(),
            st.booleans(),
            st.text(max_size=4),
            st.dates(),
            st.datetimes(),
            st.binary(max_size=3),
        )
    )
)


@given(st.dictionaries(st.text(min_size=1), columns, min_size=1, max_size=3), st.integers(1, 8))
def test_a_table_fits_its_own_schema(table: Table, times: int) -> None:
    repeated = {name: values * times for name, values in table.items()}
    schema = infer(repeated)
    assert validate(repeated, schema, like=repeated) == ()


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_chance_is_the_hypergeometric_tail(count: int, rows: int, before: int, learnt: int) -> None:
    count, before = min(count, rows), min(before, learnt)
    expected = stats.hypergeom.sf(count - 1, rows + learnt, count + before, rows)
    assert grown(count, rows, before, learnt) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_chi_squared_is_near_scipys() -> None:
    random = np.random.default_rng(0)
    for cells in (2, 5, 12):
        shares = random.dirichlet(np.full(cells, 5.0))
        a, b = random.multinomial(4_000, shares), random.multinomial(2_000, shares)
        b[0] += 60
        expected = stats.chi2_contingency(np.stack([a, b]), correction=False).pvalue
        assert differ(a, b) == pytest.approx(expected, rel=0.2)


def test_adult_fits_its_schema() -> None:
    schema = infer(adult.path())
    assert validate(adult.path(), schema) == ()
    assert schema["native_country"].present < 1
    assert isinstance(schema, Schema)
