"""A dataflow over 16 million rows of eight columns, joined, filtered and grouped, against DuckDB.

`vs_duckdb`: the same query as SQL in DuckDB and as an expression in `clew.data.dataflow`, from
Parquet files to an Arrow table: time, or the peak of memory that it adds to a process with its
libraries loaded, to DuckDB's, the worse of the two. `row_lineage`: time with the ids of the big
table's rows in each row of the result, to DuckDB's time without. Each runs in processes of its own,
in turn: the best time of three rounds of three, the median of memory. The results are compared, ids
too: each group has as many as it has rows, and none is in two. Where PySpark is installed, the same
expression runs there and has to give the same.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.figure import Figure

ROUNDS = 3
KEYS = 50_000
SQL = """
    SELECT region, s, count(*) AS n, sum(a * w) AS aw, avg(b) AS mb, max(t) AS mt, sum(c) AS sc
    FROM '{big}' JOIN '{dim}' USING (k)
    WHERE a > 0.5 AND c < 900
    GROUP BY region, s ORDER BY region, s
"""


def figures(quick: bool) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made(folder, 2_000_000 if quick else 16_000_000)
        made(folder / "tiny", 1_000)
        taken: dict[str, list[dict[str, Any]]] = {"duckdb": [], "clew": [], "rows": []}
        for _ in range(ROUNDS):
            for how, runs in taken.items():
                runs.append(child(folder, how))
        peer, ours, rows = (best(runs) for runs in taken.values())
        results = [pa.ipc.open_file(folder / f"{how}.arrow").read_all() for how in taken]
        agrees = same(results[0], results[1]) and same(results[0], results[2])
        agrees = agrees and counted(results[2]) and on_spark(folder, results[0])
        who = f"DuckDB {duckdb.__version__}"
        worst = max(ours[what] / peer[what] for what in ("seconds", "megabytes"))
        times = ours["seconds"], peer["seconds"]
        yield Figure("dataflow.vs_duckdb", worst, "ratio", *times, who, agrees)
        ratio = rows["seconds"] / peer["seconds"]
        yield Figure(
            "dataflow.row_lineage", ratio, "ratio", rows["seconds"], peer["seconds"], who, agrees
        )


def made(folder: Path, rows: int) -> None:
    """Write the two tables."""
    folder.mkdir(exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"""
        COPY (SELECT i AS id, (hash(i) % {KEYS})::INT AS k, (hash(i * 3) % 100)::INT AS g,
            (hash(i * 7) % 1000000) / 1e6 AS a, (hash(i * 11) % 1000000) / 1e6 AS b,
            (hash(i * 13) % 1000)::INT AS c, 'cat' || (hash(i * 17) % 20) AS s,
            TIMESTAMP '2024-01-01' + to_seconds((hash(i * 19) % 31536000)::BIGINT) AS t
            FROM range({rows}) r(i)) TO '{folder / "big.parquet"}' (FORMAT parquet)
    """)
    connection.execute(f"""
        COPY (SELECT i::INT AS k, 'region' || (hash(i) % 200) AS region,
            (hash(i * 5) % 100) / 100.0 AS w FROM range({KEYS}) r(i))
            TO '{folder / "dim.parquet"}' (FORMAT parquet)
    """)


def child(folder: Path, how: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.dataflow", str(folder), how]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def best(runs: list[dict[str, Any]]) -> dict[str, float]:
    return {
        "seconds": min(run["seconds"] for run in runs),
        "megabytes": statistics.median(run["megabytes"] for run in runs),
    }


def expression(flow: Any) -> Any:
    """Return the query of `SQL`, as Ibis writes it."""
    big = flow.big.filter((flow.big.a > 0.5) & (flow.big.c < 900))
    return (
        big.join(flow.dim, "k")
        .group_by(["region", "s"])
        .agg(
            n=lambda t: t.count(),
            aw=lambda t: (t.a * t.w).sum(),
            mb=lambda t: t.b.mean(),
            mt=lambda t: t.t.max(),
            sc=lambda t: t.c.sum(),
        )
        .order_by(["region", "s"])
    )


def same(one: Any, other: Any) -> bool:
    """Tell whether two results are equal; sums of floats to nine digits, as order changes them."""
    names = [name for name in one.column_names if not name.startswith("rows_")]
    if len(one) != len(other):
        return False
    for name in names:
        a, b = one[name].to_pylist(), other[name].to_pylist()
        if isinstance(a[0], float):
            if any(abs(x - y) > 1e-9 * abs(x) for x, y in zip(a, b, strict=True)):
                return False
        elif a != b:
            return False
    return True


def counted(result: Any) -> bool:
    """Tell whether each group has as many ids as rows, and none is in two groups."""
    import numpy as np

    ids = result["rows_big"].combine_chunks()
    lengths = ids.value_lengths().to_numpy(zero_copy_only=False)
    flat = ids.flatten().to_numpy(zero_copy_only=False)
    return bool(
        np.array_equal(lengths, result["n"].to_numpy()) and len(np.unique(flat)) == len(flat)
    )


def on_spark(folder: Path, expected: Any) -> bool:
    """Tell whether Spark gives the same; yes where it is not installed."""
    if not find_spec("pyspark"):
        return True
    from pyspark.sql import SparkSession

    from clew.data.dataflow import Dataflow

    local = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1"}
    builder = SparkSession.builder.master("local[2]").config("spark.driver.host", "127.0.0.1")
    for key, value in local.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    try:
        session.conf.set("spark.sql.session.timeZone", "UTC")
        flow = Dataflow(big=folder / "big.parquet", dim=folder / "dim.parquet")
        result = flow.run(expression(flow), on=session)
        result = result.set_column(5, "mt", result["mt"].cast(expected["mt"].type))
        return same(expected, result)
    finally:
        session.stop()


def main(folder: Path, how: str) -> None:
    """Run the query three times in this process; print the best time, and the memory it added."""
    asked(folder / "tiny", how)  # libraries are loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        result = asked(folder, how)
        taken.append(time.perf_counter() - started)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    with (
        pa.OSFile(str(folder / f"{how}.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, result.schema) as writer,
    ):
        writer.write_table(result)
    print(json.dumps({"seconds": min(taken), "megabytes": kilobytes / 1024}))


def asked(folder: Path, how: str) -> Any:
    files = {name: str(folder / f"{name}.parquet") for name in ("big", "dim")}
    if how == "duckdb":
        return duckdb.connect().sql(SQL.format(**files)).to_arrow_table()
    from clew.data.dataflow import Dataflow

    flow = Dataflow(**files)
    return flow.run(expression(flow), rows=["big"] if how == "rows" else False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
