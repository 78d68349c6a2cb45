"""Finding runs among many: 10,000 in both servers, 200,000 in clew's.

MLflow's file is filled by SQL, and clew imports it, so that both hold the same runs with the same
ids; the 200,000 are logged through clew's own store. Answers are compared run by run.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from bench.figure import Figure
from bench.tracking_servers import QUIET, Server, clew_server, peer

FIGURES = ("tracking.order10k_ms", "tracking.read10k_s", "tracking.order200k_ms")
MANY = 200_000
CALLS = 50
"""The clock of a process ticks every 10 ms: a question is put often enough for that."""
NOW_MS = 1_700_000_000_000


def figures(quick: bool) -> Iterator[Figure]:
    os.environ.update(QUIET)
    other = peer(stock=not quick)
    runs = 1_000 if quick else 10_000
    experiment = fill_mlflow(other, runs)
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        store = Path(base) / "store"
        experiment_here = take_in(store, other.folder / "mlflow.db")
        with clew_server(store) as server:
            ours, our_s = top(server, experiment_here, CALLS)
            rows, read_s = read_all(server, experiment_here)
        theirs, their_s = top(other, experiment, 1 if not quick else 2)
        their_rows, their_read_s = read_all(other, experiment)
    same = ours == theirs and len(ours) == 100
    yield Figure(FIGURES[0], our_s * 1e3, "ms", our_s * 1e3, their_s * 1e3, other.name, same)
    same = sorted(rows) == sorted(their_rows) and len(rows) == runs
    yield Figure(FIGURES[1], read_s, "s", read_s, their_read_s, other.name, same)
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        store = Path(base) / "store"
        experiment, best = fill_clew(store, MANY // 40 if quick else MANY)
        with clew_server(store) as server:
            found, seconds = top(server, experiment, CALLS)
    same = [value for _, _, value in found] == best
    yield Figure(FIGURES[2], seconds * 1e3, "ms", seconds * 1e3, agrees=same)


def top(server: Server, experiment: str, times: int) -> tuple[list[Any], float]:
    """Return the 100 runs with the highest metric, and what asking costs the server, in CPU s."""
    from mlflow import MlflowClient

    client = MlflowClient(server.uri)
    ask = lambda: client.search_runs(  # noqa: E731
        [experiment], order_by=["metrics.m0 DESC"], max_results=100
    )
    found, seconds = cost_s(server, ask, times)
    return [(r.info.run_id, r.data.params, r.data.metrics["m0"]) for r in found], seconds


def read_all(server: Server, experiment: str) -> tuple[list[Any], float]:
    """Return all runs, read in pages of 5,000, and what that costs the server, in CPU s."""
    from mlflow import MlflowClient

    client = MlflowClient(server.uri)

    def read() -> list[Any]:
        rows, token = [], None
        while True:
            page = client.search_runs([experiment], max_results=5000, page_token=token)
            rows += page
            token = page.token
            if not token:
                return rows

    rows, seconds = cost_s(server, read, 1)
    found = [(r.info.run_id, sorted(r.data.params.items()), r.data.metrics) for r in rows]
    return [(id, params, sorted(metrics.items())) for id, params, metrics in found], seconds


def cost_s(server: Server, ask: Callable[[], Any], times: int) -> tuple[Any, float]:
    if times > 1:  # The first time fills caches.
        ask()
    before = server.cpu_s()
    for _ in range(times):
        found = ask()
    return found, (server.cpu_s() - before) / times


def fill_mlflow(server: Server, runs: int) -> str:
    """Put runs with 5 params, 5 metrics and 2 tags into MLflow's file; return the experiment."""
    from mlflow import MlflowClient

    experiment = MlflowClient(server.uri).create_experiment(f"search-{uuid.uuid4().hex}")
    random = Random(0)
    heads, params, metrics, tags = [], [], [], []
    for i in range(runs):
        run = f"{random.getrandbits(128):032x}"
        place = f"mlflow-artifacts:/{experiment}/{run}/artifacts"
        heads.append(
            (run, f"r{i}", "ann", "FINISHED", NOW_MS + i, NOW_MS + i + 1, place, experiment)
        )
        params += [(f"p{j}", str((i * 7 + j) % 50), run) for j in range(5)]
        metrics += [(f"m{j}", random.random(), NOW_MS, run) for j in range(5)]
        tags += [("team", "ab"[i % 2], run), ("mlflow.runName", f"r{i}", run)]
    connection = sqlite3.connect(server.folder / "mlflow.db", timeout=60)
    with connection:
        for statement, rows in (
            (
                "INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, "
                "artifact_uri, experiment_id, lifecycle_stage, source_type) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', 'LOCAL')",
                heads,
            ),
            ("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params),
            (
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
                "VALUES (?, ?, ?, ?, 0, 0)",
                metrics,
            ),
            (
                "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) "
                "VALUES (?, ?, ?, ?, 0, 0)",
                metrics,
            ),
            ("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", tags),
        ):
            connection.executemany(statement, rows)
    connection.close()
    return str(experiment)


def take_in(store: Path, file: Path) -> str:
    """Import MLflow's file into a new store of clew; return the id of its last experiment."""
    from clew.app.importing.mlflow import import_mlflow
    from clew.app.settings import load
    from clew.app.tracking import open_tracking

    tracking = open_tracking(load(store=store))
    import_mlflow(tracking, file)
    return tracking.search.experiments(limit=1, order_by=["experiment_id DESC"]).items[0].id


def fill_clew(store: Path, runs: int) -> tuple[str, list[float]]:
    """Log runs to a new store; return the experiment and the 100 highest values of the metric."""
    from clew.app.settings import load
    from clew.app.tracking import open_tracking
    from clew.entities import Metric

    tracking = open_tracking(load(store=store))
    experiment = tracking.experiments.create("many").id
    random = Random(0)
    values = []
    for start in range(0, runs, 1000):
        with tracking.transaction():
            for i in range(start, start + 1000):
                run = tracking.runs.create(experiment, name=f"r{i}", started_ms=NOW_MS + i)
                metrics = [Metric(f"m{j}", random.random(), NOW_MS) for j in range(5)]
                params = [(f"p{j}", str((i * 7 + j) % 50)) for j in range(5)]
                tracking.logging.log(
                    run.id, metrics=metrics, params=params, tags=[("team", "ab"[i % 2])]
                )
                values.append(metrics[0].value)
    return experiment, sorted(values, reverse=True)[:100]
