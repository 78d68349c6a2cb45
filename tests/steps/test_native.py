"""Libraries that open files unseen: what they read counts, or forbids reuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import clew

UNSEEN = "whose name clew cannot see; pass the path as an argument"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(1)
    return tmp_path


def write(number: int) -> None:
    Path("data").mkdir(exist_ok=True)
    pq.write_table(pa.table({"a": [number]}), "data/rows.parquet")


def with_arrow(folder: str) -> int:
    return pq.read_table(folder + "/" + "rows" + ".parquet")["a"][0].as_py()


def with_polars(folder: str) -> int:
    return pl.scan_parquet(folder + "/" + "rows" + ".parquet").collect()["a"][0]


def with_duckdb(folder: str) -> int:
    return duckdb.read_parquet(folder + "/" + "rows" + ".parquet").fetchall()[0][0]


def with_pandas(folder: str) -> int:
    return int(pd.read_parquet(folder + "/" + "rows" + ".parquet")["a"][0])


@pytest.mark.parametrize("function", [with_arrow, with_polars, with_duckdb])
def test_a_name_made_inside_forbids_reuse(function: Callable[[str], int]) -> None:
    step = clew.step(function)
    assert step("data") == 1
    assert UNSEEN in step.why().text
    write(2)
    assert step("data") == 2


@pytest.mark.parametrize("function", [with_arrow, with_polars, with_duckdb])
def test_the_user_may_say_that_it_is_sound(function: Callable[[str], int]) -> None:
    step = clew.step(reuse=True)(function)
    assert [step("data"), step("data")] == [1, 1]
    assert step.last.decision == "reused"


def test_a_file_that_python_opens_is_seen_whatever_its_name() -> None:
    step = clew.step(with_pandas)
    assert [step("data"), step("data")] == [1, 1]
    assert step.last.decision == "reused"
    write(2)
    assert step("data") == 2


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("shape", [lambda path: path, lambda path: [path], lambda p: {"in": p}])
def test_a_path_that_is_passed_in_counts(kind: type, shape: Callable[[Any], Any]) -> None:
    @clew.step
    def read(where: Any) -> int:
        path = where if isinstance(where, (str, Path)) else next(iter([*where]))
        if isinstance(where, dict):
            path = where["in"]
        return pq.read_table(path)["a"][0].as_py()

    given = shape(kind("data/rows.parquet"))
    assert [read(given), read(given)] == [1, 1]
    assert read.last.decision == "reused"
    write(2)
    assert read(given) == 2


def test_a_literal_name_counts() -> None:
    @clew.step
    def read() -> int:
        return pq.read_table("data/rows.parquet")["a"][0].as_py()

    assert [read(), read()] == [1, 1]
    assert read.last.decision == "reused"
    write(2)
    assert read() == 2


def test_a_pattern_or_a_folder_is_no_file() -> None:
    @clew.step
    def read(pattern: str) -> int:
        return pl.scan_parquet(pattern).collect()["a"][0]

    for pattern in ("data/*.parquet", "data"):
        write(1)
        assert read(pattern) == 1
        assert UNSEEN in read.why().text
        write(2)
        assert read(pattern) == 2


def test_an_outer_step_is_no_more_reusable_than_the_step_that_it_calls() -> None:
    inner = clew.step(with_arrow)

    @clew.step
    def outer(folder: str) -> int:
        return inner(folder)

    assert outer("data") == 1
    write(2)
    assert outer("data") == 2


def test_tables_in_memory_need_no_file() -> None:
    @clew.step
    def total(rows: pl.DataFrame) -> int:
        return rows["a"].sum()

    rows = pl.DataFrame({"a": [1, 2]})
    assert [total(rows), total(rows)] == [3, 3]
    assert total.last.decision == "reused"
