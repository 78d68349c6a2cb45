"""Versions of a table of a million rows: what they take, and how fast deltas answer.

Ten versions change all values but the key of one row in a hundred. Storage is what the store's
folder grows by. The question is which rows all ten versions share; DuckDB is asked the same of the
ten tables, checked out before in memory.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import clew
from bench.figure import Figure
from clew.app.datasets import Dataset

SEED, VERSIONS, SHARE = 20_261_127, 10, 0.01
_TRIES = 5


def figures(quick: bool) -> Iterator[Figure]:
    rows = 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        dataset, tables, base, all_ = made(Path(folder), rows)
        yield Figure("versions.growth", all_ / base, "ratio", all_, base, "the first version")
        yield from diff(dataset, tables)
        yield from shared(dataset, tables)


def made(folder: Path, rows: int) -> tuple[Dataset, list[Any], int, int]:
    """Return a dataset, its tables, and the bytes of one version and of all."""
    import pyarrow as pa

    dataset = clew.open(folder / "store").dataset("bench")
    random = np.random.default_rng(SEED)
    columns: dict[str, Any] = {"id": np.arange(rows)} | values(random, rows)
    tables, base = [], 0
    for number in range(VERSIONS + 1):
        if number:
            chosen = random.choice(rows, int(rows * SHARE), replace=False)
            for name, new in values(random, len(chosen)).items():
                columns[name] = columns[name].copy()
                columns[name][chosen] = new
        tables.append(pa.table(columns))
        dataset.commit(tables[-1], key=None if number else ["id"])
        base = base or size(folder)
    return dataset, tables, base, size(folder)


def values(random: np.random.Generator, rows: int) -> dict[str, Any]:
    return {
        "amount": random.random(rows),
        "count": random.integers(0, 1_000, rows),
        "share": random.random(rows).astype(np.float32),
        "place": np.array([f"place-{one}" for one in random.integers(0, 5_000, rows)], object),
    }


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def diff(dataset: Dataset, tables: list[Any]) -> Iterator[Figure]:
    import polars as pl

    newest = len(tables)
    found = dataset.diff(newest - 1, newest)
    took = best(lambda: dataset.diff(newest - 1, newest))
    old, new = (pl.from_arrow(table) for table in tables[-2:])

    def peer() -> Any:
        both = old.join(new, on="id", suffix="_new")
        names = [name for name in old.columns if name != "id"]
        return both.filter(pl.any_horizontal(*(pl.col(n) != pl.col(f"{n}_new") for n in names)))

    agrees = peer().height == found.new.table.num_rows
    yield Figure("versions.diff_s", took, "s", took, best(peer), "a join in Polars", agrees)


def shared(dataset: Dataset, tables: list[Any]) -> Iterator[Figure]:
    import duckdb

    asked = range(2, len(tables) + 1)
    found = dataset.intersection(*asked)
    took = best(lambda: dataset.intersection(*asked))
    database = duckdb.connect()
    for number, table in zip(asked, tables[1:], strict=True):
        database.register(f"v{number}", table)
    query = " intersect ".join(f"select * from v{number}" for number in asked)
    answer = database.sql(query).arrow().read_all()
    peer = best(lambda: database.sql(query).arrow().read_all(), tries=2)
    agrees = found.table.equals(answer.sort_by("id").cast(found.table.schema))
    yield Figure(
        "versions.set_query", peer / took, "ratio", took, peer, "DuckDB, versions in memory", agrees
    )


def best(work: Any, tries: int = _TRIES) -> float:
    """Return the shortest wall time of several, in seconds."""
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
