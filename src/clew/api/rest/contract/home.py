"""The first page: what runs, what ran, what reuse saved."""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.route import Route
from clew.entities.overview import RecentModel, ReuseSummary, RunRow, Totals


class HomeQuery(Query, frozen=True, kw_only=True):
    """How many days back the sums reach."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30


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
