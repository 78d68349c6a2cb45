"""Counts and latencies of a serving process in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clew.api.inference.models import Models
from clew.serve.deployment.meter import BOUNDS_S, Meter
from clew.serve.hosted import Hosted

_OF_MODELS: tuple[tuple[str, str, str, Callable[[Hosted], float]], ...] = (
    ("clew_rows_total", "counter", "Rows that were answered.", lambda m: _rows(m)),
    ("clew_batches_total", "counter", "Batches that were run.", lambda m: m.batcher.counts.batches),
    (
        "clew_refused_rows_total",
        "counter",
        "Rows refused because too many waited.",
        lambda m: m.batcher.counts.refused,
    ),
    (
        "clew_busy_seconds_total",
        "counter",
        "Seconds spent in batches.",
        lambda m: m.batcher.counts.busy_s,
    ),
    ("clew_cache_hits_total", "counter", "Rows answered from the cache.", lambda m: _hits(m)),
    (
        "clew_largest_batch_rows",
        "gauge",
        "Rows of the largest batch so far.",
        lambda m: m.batcher.counts.largest,
    ),
    ("clew_waiting_rows", "gauge", "Rows that wait now.", lambda m: m.batcher.waiting),
)


def metrics(models: Models) -> str:
    """Return what all models of a process did so far."""
    return "\n".join(_lines(models)) + "\n"


def _lines(models: Models) -> Iterator[str]:
    served = [
        (f'model="{_escaped(name)}",version="{_escaped(version)}"', hosted, meter)
        for name, version, hosted, meter in models.metered()
    ]
    for name, kind, help, value in _OF_MODELS:
        yield from _head(name, kind, help)
        for labels, hosted, _ in served:
            yield f"{name}{{{labels}}} {value(hosted)}"
    metered = [(labels, meter) for labels, _, meter in served if meter is not None]
    yield from _head("clew_request_errors_total", "counter", "Requests that a model failed.")
    for labels, meter in metered:
        yield f"clew_request_errors_total{{{labels}}} {meter.errors}"
    yield from _head("clew_request_seconds", "histogram", "Latency of requests, wait included.")
    for labels, meter in metered:
        yield from _histogram(labels, meter)
    yield from _head("clew_responses_total", "counter", "Requests that were answered, by status.")
    for (protocol, status), count in sorted(models.responses.items()):
        yield f'clew_responses_total{{protocol="{protocol}",status="{status}"}} {count}'


def _histogram(labels: str, meter: Meter) -> Iterator[str]:
    below = 0
    for bound_s, count in zip(BOUNDS_S, meter.histogram, strict=False):
        below += count
        yield f'clew_request_seconds_bucket{{{labels},le="{bound_s:g}"}} {below}'
    yield f'clew_request_seconds_bucket{{{labels},le="+Inf"}} {meter.requests}'
    yield f"clew_request_seconds_sum{{{labels}}} {meter.seconds}"
    yield f"clew_request_seconds_count{{{labels}}} {meter.requests}"


def _head(name: str, kind: str, help: str) -> Iterator[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} {kind}"


def _rows(hosted: Hosted) -> int:
    return hosted.batcher.counts.rows + int(_hits(hosted))


def _hits(hosted: Hosted) -> float:
    return hosted.cache.hits if hosted.cache else 0


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
