"""The first page."""

from __future__ import annotations

import time

from clew.api.rest.contract.home import Home, HomeQuery
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities.overview import Selection

_DAY_MS = 86_400_000
_RUNNING = 50
_RECENT = 12
_MODELS = 8


def get(served: Served, query: HomeQuery) -> Home:
    """Return what runs, what ran, and what reuse saved."""
    pages, runs = served.pages, served.run_pages
    live = Selection(filter="attributes.status = 'RUNNING'")
    _, running = runs.table(live, columns=[], limit=_RUNNING)
    _, recent = runs.table(Selection(), columns=[], limit=_RECENT)
    since_ms = time.time_ns() // 1_000_000 - query.days * _DAY_MS
    return Home(
        running=list(running),
        recent=list(recent),
        reuse=pages.reuse(since_ms),
        models=list(pages.recent_models(_MODELS)),
        totals=pages.totals(),
    )


HANDLERS: dict[str, Handler] = {"home.get": get}
