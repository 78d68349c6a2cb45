"""Histories of metrics, thinned out for charts."""

from __future__ import annotations

import math

from clew.api.rest.contract.metrics import Gap, Histories, HistoryQuery, Series
from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers.thin import lttb, minmax
from clew.app.served import Served
from clew.entities.number import named
from clew.errors import InvalidParameter
from clew.track.ports.pages import Points

_GAPS = 100


def histories(served: Served, query: HistoryQuery) -> Histories:
    """Return histories of metrics of several runs."""
    series = []
    for run_id in dict.fromkeys(query.run):
        found = served.run_pages.points(run_id, query.key, steps=(query.from_step, query.to_step))
        series += [_series(run_id, key, points, query) for key, points in found.items()]
    return Histories(series=series)


def _series(run_id: str, key: str, points: Points, query: HistoryQuery) -> Series:
    steps, times, values = points
    finite = [i for i, value in enumerate(values) if math.isfinite(value)]
    gaps = [i for i, value in enumerate(values) if not math.isfinite(value)]
    if query.x == "time":
        finite.sort(key=lambda i: (times[i], steps[i]))
    if len(finite) > query.points:
        if query.method == "all":
            raise InvalidParameter(
                f"the history of {key!r} has too many points",
                got=str(len(finite)),
                expected=f"at most {query.points}",
                hint="ask for more points, or let them be thinned out by lttb or minmax",
            )
        axis = [times[i] if query.x == "time" else steps[i] for i in finite]
        thin = lttb if query.method == "lttb" else minmax
        chosen = thin(axis, [values[i] for i in finite], query.points)
        finite = [finite[i] for i in chosen]
    return Series(
        run_id=run_id,
        key=key,
        count=len(values),
        steps=[steps[i] for i in finite],
        times_ms=[times[i] for i in finite],
        values=[values[i] for i in finite],
        gaps=[Gap(step=steps[i], time_ms=times[i], value=named(values[i])) for i in gaps[:_GAPS]],
    )


HANDLERS: dict[str, Handler] = {"runs.metrics": histories}
