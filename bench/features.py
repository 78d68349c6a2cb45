"""Features as they were known at a million times, joined to a million rows of 50,000 entities.

DuckDB's ASOF join is asked the same; a table of random facts with late arrivals shows whether any
row knows what became known after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bench.figure import Figure
from clew.data.features import FeatureView, history

SEED = 20_261_127
_TRIES = 5


def figures(quick: bool) -> Iterator[Figure]:
    rows, keys = (100_000, 5_000) if quick else (1_000_000, 50_000)
    yield asof(rows, keys)
    yield leaks(20_000 if quick else 200_000)


def tables(rows: int, keys: int) -> tuple[Any, Any]:
    """Return facts, and rows that ask for them."""
    import pyarrow as pa

    random = np.random.default_rng(SEED)
    times = random.permutation(10 * rows).astype("datetime64[us]").astype("datetime64[ns]")
    facts = {"key": random.integers(0, keys, rows), "since": times[:rows]}
    asked = {"key": random.integers(0, keys, rows), "time": times[rows : 2 * rows]}
    return pa.table(facts | {"value": random.random(rows)}), pa.table(asked)


def asof(rows: int, keys: int) -> Figure:
    import duckdb

    facts, asked = tables(rows, keys)
    view = FeatureView(name="v", entities=("key",), features=("value",), event_time="since")
    database = duckdb.connect()
    database.register("facts", facts)
    database.register("asked", asked)
    query = (
        "select a.key, a.time, f.value from asked a asof left join facts f "
        "on a.key = f.key and a.time >= f.since"
    )
    mine = history(asked, [(view, facts)])
    theirs = database.sql(query).arrow().read_all()
    order = [("time", "ascending")]
    agrees = mine.sort_by(order).equals(theirs.sort_by(order).cast(mine.schema))
    clew = best(lambda: history(asked, [(view, facts)]))
    peer = best(lambda: database.sql(query).arrow().read_all())
    return Figure("features.asof", clew / peer, "ratio", clew, peer, "DuckDB's ASOF join", agrees)


def leaks(rows: int) -> Figure:
    """Count the rows that know what became known after them, or not what was known."""
    random = np.random.default_rng(SEED)
    since = random.integers(0, rows, rows)
    known = since + random.geometric(0.01, rows) * (random.random(rows) < 0.3)
    facts = {"key": random.integers(0, rows // 20, rows), "since": since, "known": known}
    facts["fact"] = np.arange(rows)
    asked = {"key": random.integers(0, rows // 20, rows), "time": random.integers(0, rows, rows)}
    view = FeatureView(
        name="v", entities=("key",), features=("fact",), event_time="since", created_time="known"
    )
    found = history(asked, [(view, facts)]).column("fact").to_numpy(zero_copy_only=False)
    of: dict[int, list[int]] = {}
    for fact in np.lexsort((known, since)).tolist():
        of.setdefault(int(facts["key"][fact]), []).append(fact)
    wrong = 0
    for place in range(0, rows, 7):
        at = asked["time"][place]
        right = None
        for fact in of.get(int(asked["key"][place]), []):
            if since[fact] <= at and known[fact] <= at:
                right = fact
        told = found[place]
        same = (
            np.isnan(told)
            if right is None
            else (
                not np.isnan(told)
                and since[int(told)] == since[right]
                and known[int(told)] == known[right]
            )
        )
        wrong += not same
    return Figure("features.leaks", wrong, "count", wrong, len(range(0, rows, 7)), "rows looked at")


def best(work: Callable[[], Any]) -> float:
    """Return the shortest wall time of several, in seconds."""
    times = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
