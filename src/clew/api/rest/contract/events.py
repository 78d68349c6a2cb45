"""The stream of changes that keeps open pages live.

`GET /api/v1/events` is a stream of server-sent events, each with a name and JSON data: ``hello``
(`Hello`) at its start, then ``run`` (`RunEvent`), ``metrics`` (`MetricsEvent`), ``model``
(`ModelEvent`) and ``experiment`` (`ExperimentEvent`). It tells of changes by any process that
writes the store, at most once in half a second for each run.
"""

from __future__ import annotations

from typing import Literal

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.route import Route
from clew.entities.number import Number
from clew.entities.overview import RunRow

Topic = Literal["run", "metrics", "model", "experiment"]


class EventsQuery(Query, frozen=True, kw_only=True):
    """What to be told of.

    Parameters
    ----------
    topic : list
        Kinds of events; all when none is named.
    run : list of str
        Metrics of these runs only.
    experiment : list of str
        Runs of these experiments only.
    """

    topic: list[Topic] = []
    run: list[str] = []
    experiment: list[str] = []


class Hello(Answer, tag="hello", frozen=True, kw_only=True):
    """The stream has begun: what changed before is not told."""

    time_ms: int


class RunEvent(Answer, tag="run", frozen=True, kw_only=True):
    """A run started, changed, or ended."""

    change: Literal["started", "updated", "finished"]
    run: RunRow


class LatestMetric(Answer, frozen=True, kw_only=True):
    """The last value of a metric."""

    key: str
    value: Number
    step: int
    time_ms: int


class MetricsEvent(Answer, tag="metrics", frozen=True, kw_only=True):
    """A run logged metrics: the last value of each that changed."""

    run_id: str
    experiment_id: str
    metrics: list[LatestMetric]


class ModelEvent(Answer, tag="model", frozen=True, kw_only=True):
    """A registered model, one of its versions or aliases changed."""

    name: str


class ExperimentEvent(Answer, tag="experiment", frozen=True, kw_only=True):
    """An experiment was added or changed."""

    id: str


StreamEvent = Hello | RunEvent | MetricsEvent | ModelEvent | ExperimentEvent


ROUTES = (
    Route(
        "events.stream",
        "GET",
        "/events",
        "Tell of changes as they happen",
        StreamEvent,
        EventsQuery,
        media="text/event-stream",
    ),
)
