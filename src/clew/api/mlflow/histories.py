"""Histories of metrics, and the datasets of experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from clew.api.mlflow import wire
from clew.api.mlflow.call import Call
from clew.api.mlflow.experiments import checked_id
from clew.api.mlflow.failure import Failure
from clew.api.mlflow.message import Message, Rules
from clew.api.mlflow.names import missing_value
from clew.api.mlflow.protojson import Int32
from clew.api.mlflow.wire import Json
from clew.entities import Metric

_MAX_RUNS = 100
_MAX_BULK = 25_000
_MAX_PER_RUN = 2500
_MAX_EXPERIMENTS = 20


class History(Message):
    """GetMetricHistory."""

    rules: ClassVar[Rules] = {
        "run_id": ("required", "string"),
        "metric_key": ("required", "string"),
        "page_token": ("string",),
    }
    run_id: str = ""
    run_uuid: str = ""
    metric_key: str = ""
    page_token: str = ""
    max_results: Int32 | None = None


class Bulk(Message):
    """The histories of several runs, one after the other (a path of the web page's)."""

    run_id: list[str] = []
    metric_key: str | None = None
    max_results: Int32 = _MAX_BULK


def _few(name: str, value: object) -> str | None:
    if isinstance(value, list) and not value:
        return missing_value(name)
    if isinstance(value, list) and len(value) > _MAX_RUNS:
        return (
            f"GetMetricHistoryBulkInterval request must specify at most {_MAX_RUNS} run_ids. "
            f"Received {len(value)} run_ids."
        )
    return None


def _in_range(_name: str, value: object) -> str | None:
    try:
        fits = 1 <= int(value) <= _MAX_PER_RUN  # type: ignore[call-overload]
    except (ValueError, TypeError):
        return None
    return None if fits else f"max_results must be between 1 and {_MAX_PER_RUN}."


class Interval(Message):
    """GetMetricHistoryBulkInterval."""

    rules: ClassVar[Rules] = {
        "run_ids": ("required", "array", "strings", _few),
        "metric_key": ("required", "string"),
        "start_step": ("int",),
        "end_step": ("int",),
        "max_results": ("int", _in_range),
    }
    run_ids: list[str] = []
    metric_key: str = ""
    start_step: Int32 | None = None
    end_step: Int32 | None = None
    max_results: Int32 = _MAX_PER_RUN


class SearchDatasets(Message):
    """SearchDatasets."""

    experiment_ids: list[str] = []


def history(call: Call, request: History) -> Json:
    """Return a page of a metric's points."""
    limit = request.max_results
    if limit is not None and limit <= 0:
        raise Failure(
            f"Invalid value {limit} for parameter 'max_results' supplied. "
            "It must be a positive integer."
        )
    page = call.stores.histories.history(
        request.run_id or request.run_uuid,
        request.metric_key,
        limit=limit,
        page_token=request.page_token or None,
    )
    answer: Json = {}
    if page.items:
        answer["metrics"] = [wire.metric(m) for m in page.items]
    if page.next:
        answer["next_page_token"] = page.next
    return answer


def bulk(call: Call, request: Bulk) -> Json:
    """Return the histories of several runs, by run, then time."""
    run_ids = request.run_id
    if not run_ids:
        raise Failure("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(run_ids) > _MAX_RUNS:
        raise Failure(
            f"GetMetricHistoryBulk request cannot specify more than {_MAX_RUNS}"
            f" run_ids. Received {len(run_ids)} run_ids."
        )
    if request.metric_key is None:
        raise Failure("GetMetricHistoryBulk request must specify a metric_key.")
    room = min(request.max_results, _MAX_BULK)
    points: list[Json] = []
    for run_id in sorted(set(run_ids)):
        if room <= len(points):
            break
        page = call.stores.histories.history(run_id, request.metric_key, limit=room - len(points))
        points += wire.metrics_of(run_id, page.items)
    return {"metrics": points}


def interval(call: Call, request: Interval) -> Json:
    """Return evenly spaced points of several runs."""
    start, end = request.start_step, request.end_step
    if (start is None) != (end is None):
        raise Failure("If either start step or end step are specified, both must be specified.")
    steps = None
    if start is not None and end is not None:
        if start > end:
            raise Failure(
                "end_step must be greater than start_step. "
                f"Found start_step={start} and end_step={end}."
            )
        steps = (start, end)
    sampled = call.stores.histories.sampled(
        request.run_ids, request.metric_key, steps=steps, limit=request.max_results
    )
    points: list[Json] = []
    for run_id in request.run_ids:
        points += wire.metrics_of(run_id, _thinned(sampled.get(run_id, ()), request.max_results))
    return {"metrics": points} if points else {}


def datasets(call: Call, request: SearchDatasets) -> Json:
    """Return the datasets that the runs of experiments read."""
    ids = request.experiment_ids
    if not ids:
        raise Failure("SearchDatasets request must specify at least one experiment_id.")
    if len(ids) > _MAX_EXPERIMENTS:
        raise Failure(
            f"SearchDatasets request cannot specify more than {_MAX_EXPERIMENTS}"
            f" experiment_ids. Received {len(ids)} experiment_ids."
        )
    found = []
    for summary in call.stores.search.datasets([checked_id(id) for id in ids]):
        fields = {
            "experiment_id": summary.experiment_id,
            "name": summary.name,
            "digest": summary.digest,
        }
        if summary.context is not None:
            fields["context"] = summary.context
        found.append(fields)
    return {"dataset_summaries": found} if found else {}


def _thinned(points: Sequence[Metric], limit: int) -> Sequence[Metric]:
    """Keep `limit` evenly spaced points, with the first and the last; the last if it is one."""
    if len(points) <= limit:
        return points
    if limit == 1:
        return points[-1:]
    last = len(points) - 1
    return [points[round(i * last / (limit - 1))] for i in range(limit)]
