"""The same expressions on Spark: equal results, equal ids, equal parts."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clew.data.dataflow import Dataflow, split
from tests.data.dataflow.operators import OPERATORS, PEOPLE, TEAMS, UNFOLLOWED
from tests.data.dataflow.test_dataflow import rows_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("pyspark") or not which("java"), reason="Spark and Java"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.driver.host", "127.0.0.1")
    for key, value in (
        ("spark.ui.enabled", "false"),
        ("spark.driver.bindAddress", "127.0.0.1"),
        ("spark.sql.shuffle.partitions", "1"),
        ("spark.sql.session.timeZone", "UTC"),
    ):
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.filterwarnings("ignore")
def test_an_operator_gives_the_same(session: Any, name: str) -> None:
    flow = Dataflow(people=PEOPLE, teams=TEAMS)
    expression = OPERATORS[name](flow.people, flow.teams)
    assert rows_of(flow.run(expression, on=session)) == rows_of(flow.run(expression))
    if name not in UNFOLLOWED:
        ours, theirs = (flow.run(expression, rows=True, on=on) for on in (None, session))
        assert sorted(map(str, ours.to_pylist())) == sorted(map(str, theirs.to_pylist()))


@pytest.mark.filterwarnings("ignore")
def test_files_and_parts_are_the_same(session: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table(PEOPLE), tmp_path / "people.parquet")
    flow = Dataflow(people=tmp_path / "people.parquet")
    for part in split(flow.people, {"a": 0.5, "b": 0.5}, by=["name", "team"]).values():
        ours, theirs = (flow.run(part, rows=True, on=on) for on in (None, session))
        assert sorted(map(str, ours.to_pylist())) == sorted(map(str, theirs.to_pylist()))
