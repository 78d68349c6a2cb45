"""What a call of the stock MLflow client costs a server: clew's beside MLflow's, one load for both.

The figure is the CPU time of all processes of the server, which other work on the machine does not
change. What was logged is read back from both and must be equal.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.tracking_servers import QUIET, Server, clew_server, peer

FIGURES = (
    "tracking.create_run_ms",
    "tracking.log_metric_ms",
    "tracking.log_param_ms",
    "tracking.set_tag_ms",
    "tracking.batch1000_ms",
    "tracking.history_s",
    "tracking.upload_mb_s",
    "tracking.download_mb_s",
)
NOW_MS = 1_700_000_000_000


@dataclass
class Measured:
    """What a server took for each figure, and what was read back from it."""

    taken: dict[str, float] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)


def figures(quick: bool) -> Iterator[Figure]:
    os.environ.update(QUIET)
    other = peer(stock=not quick)
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as base:
        with clew_server(Path(base) / "store") as server:
            ours = load(server, quick=quick)
        theirs = load(other, quick=quick)
    for figure in FIGURES:
        unit = figure.rpartition("_")[2] if "mb_s" not in figure else "MB/s"
        value, beside = ours.taken[figure], theirs.taken[figure]
        agrees = ours.seen == theirs.seen
        yield Figure(figure, value, unit, value, beside, other.name, agrees)


def load(server: Server, *, quick: bool) -> Measured:
    """Put the load on a server."""
    from mlflow import MlflowClient

    client = MlflowClient(server.uri)
    measured = Measured()
    experiment = client.create_experiment(f"calls-{time.time_ns()}")
    calls = 60 if quick else 500
    single(client, server, experiment, calls, measured)
    batches(client, server, experiment, 5 if quick else 100, measured)
    files(server, experiment, 16 if quick else 256, 1 if quick else 3, measured)
    return measured


def single(client: Any, server: Server, experiment: str, calls: int, measured: Measured) -> None:
    """Create runs, and log one thing a call."""
    run = client.create_run(experiment, start_time=NOW_MS).info.run_id

    def cost_ms(figure: str, call: Callable[[int], object]) -> None:
        before = server.cpu_s()
        for i in range(calls):
            call(i)
        measured.taken[figure] = (server.cpu_s() - before) * 1000 / calls

    cost_ms("tracking.create_run_ms", lambda i: client.create_run(experiment, start_time=NOW_MS))
    cost_ms(
        "tracking.log_metric_ms",
        lambda i: client.log_metric(run, f"m{i % 5}", i / 7, timestamp=NOW_MS + i, step=i),
    )
    cost_ms("tracking.log_param_ms", lambda i: client.log_param(run, f"p{i}", i))
    cost_ms("tracking.set_tag_ms", lambda i: client.set_tag(run, f"t{i}", i))
    data = client.get_run(run).data
    tags = {key: value for key, value in data.tags.items() if not key.startswith("mlflow.")}
    measured.seen["run"] = (data.params, tags, data.metrics)
    measured.seen["runs"] = len(client.search_runs([experiment], max_results=5000))


def batches(client: Any, server: Server, experiment: str, count: int, measured: Measured) -> None:
    """Log a history in batches of 1,000 points, and read it whole."""
    from mlflow.entities import Metric

    run = client.create_run(experiment).info.run_id
    before = server.cpu_s()
    for batch in range(count):
        steps = range(batch * 1000, batch * 1000 + 1000)
        client.log_batch(run, metrics=[Metric("loss", s / 3, NOW_MS + s, s) for s in steps])
    measured.taken["tracking.batch1000_ms"] = (server.cpu_s() - before) * 1000 / count
    before = server.cpu_s()
    points = client.get_metric_history(run, "loss")
    measured.taken["tracking.history_s"] = server.cpu_s() - before
    measured.seen["history"] = [(point.value, point.timestamp, point.step) for point in points]


def files(server: Server, experiment: str, size_mb: int, times: int, measured: Measured) -> None:
    """Send a large file up and down; the fastest of some times, since this is wall time."""
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient(server.uri)
    # The client asks for artifacts of `runs:/` URIs at the global address.
    mlflow.set_tracking_uri(server.uri)
    up, down, equal, kept_twice = [], [], True, False
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="clew-bench-") as folder:
            path, target = Path(folder) / "big.bin", Path(folder) / "down"
            content = os.urandom(size_mb << 20)
            path.write_bytes(content)
            target.mkdir()
            run, again = (client.create_run(experiment).info.run_id for _ in range(2))
            up.append(size_mb / wall_s(client.log_artifact, run, str(path)))
            down.append(size_mb / wall_s(client.download_artifacts, run, "big.bin", str(target)))
            equal = equal and (target / "big.bin").read_bytes() == content
            stored = server.stored_bytes()
            client.log_artifact(again, str(path))
            kept_twice = kept_twice or server.stored_bytes() - stored > size_mb << 19
    measured.taken["tracking.upload_mb_s"] = max(up)
    measured.taken["tracking.download_mb_s"] = max(down)
    measured.seen["file"] = equal
    # MLflow keeps the same file twice, and is not asked to do better.
    measured.seen["kept twice"] = kept_twice and server.name == "clew"


def wall_s(call: Callable[..., object], *arguments: object) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - began
