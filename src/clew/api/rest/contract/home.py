"""The first page: what runs, what ran, what reuse saved."""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.route import Route
from clew.api.rest.contract.runs import RunRow


class HomeQuery(Query, frozen=True, kw_only=True):
    """How many days back the sums reach."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30


class ReuseDay(Answer, frozen=True, kw_only=True):
    """One day (UTC, ``2026-11-25``) of computing and reuse."""

    day: str
    computed: int
    reused: int
    pruned: int
    computed_s: float
    saved_s: float


class ReuseSummary(Answer, frozen=True, kw_only=True):
    """What reuse saved within the days asked for.

    Parameters
    ----------
    computed, reused, pruned, failed : int
        Steps; pruned ones were needed by nobody.
    computed_s, saved_s : float
        Seconds spent on computing, and saved by reuse.
    pruned_s : float
        Seconds that the pruned steps would have taken, by the mean of what their operations cost.
    days : list of ReuseDay
        Only days on which something happened, oldest first.
    """

    computed: int
    reused: int
    pruned: int
    failed: int
    computed_s: float
    saved_s: float
    pruned_s: float
    days: list[ReuseDay]


class RecentModel(Answer, frozen=True, kw_only=True):
    """A model version, newest first."""

    name: str
    version: int
    created_ms: int
    user: str | None
    aliases: list[str]
    run_id: str | None


class Totals(Answer, frozen=True, kw_only=True):
    """What the store holds."""

    experiments: int
    runs: int
    running: int
    nodes: int
    values: int
    stored_bytes: int
    datasets: int
    models: int
    versions: int
    studies: int


class Home(Answer, frozen=True, kw_only=True):
    """The first page."""

    running: list[RunRow]
    recent: list[RunRow]
    reuse: ReuseSummary
    models: list[RecentModel]
    totals: Totals


ROUTES = (
    Route(
        "home.get",
        "GET",
        "/home",
        "What runs, what ran, what reuse saved",
        Home,
        HomeQuery,
    ),
)
