"""Histories of metrics, thinned out for charts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Id, Query
from clew.api.rest.contract.route import Route
from clew.entities.number import NonFinite

RunIds = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=500)]


class HistoryQuery(Query, frozen=True, kw_only=True):
    """Which histories, and how many points of each.

    Parameters
    ----------
    key : list of str
        Metrics; those that a run does not have are left out.
    points : int
        At most so many points of each history.
    method : {"lttb", "minmax", "all"}
        How a longer one is thinned out: ``lttb`` keeps the shape (largest triangle in three
        buckets), ``minmax`` the extremes of each bucket; ``all`` refuses instead.
    x : {"step", "time"}
        Which axis the buckets divide, and the order of the points.
    from_step, to_step : int, optional
        Only this part, ends included.
    """

    run: RunIds
    key: Annotated[list[str], msgspec.Meta(min_length=1, max_length=500)]
    points: Annotated[int, msgspec.Meta(ge=3, le=200_000)] = 500
    method: Literal["lttb", "minmax", "all"] = "lttb"
    x: Literal["step", "time"] = "step"
    from_step: int | None = None
    to_step: int | None = None


class Gap(Answer, frozen=True, kw_only=True):
    """A point that is no finite number."""

    step: int
    time_ms: int
    value: NonFinite


class Series(Answer, frozen=True, kw_only=True):
    """One metric of one run. The three lists are as long as each other.

    Parameters
    ----------
    count : int
        Points in the history, before it was thinned out.
    gaps : list of Gap
        Up to 100 points that are NaN or infinite; they are not in `values`.
    """

    run_id: str
    key: str
    count: int
    steps: list[int]
    times_ms: list[int]
    values: list[float]
    gaps: list[Gap]


class Histories(Answer, frozen=True, kw_only=True):
    """Histories, by run and key in the order that was asked for."""

    series: list[Series]


ROUTES = (
    Route(
        "runs.metrics",
        "GET",
        "/runs/metrics",
        "Return histories of metrics of several runs",
        Histories,
        HistoryQuery,
    ),
)
