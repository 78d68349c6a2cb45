"""Finding runs by what people remember of them: the learner, the features, about when."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from clew.app.tracking import Tracking
from clew.entities import Run, View
from clew.errors import InvalidParameter
from clew.track.find import ids_of, search_runs
from clew.track.learner import FEATURES, LEARNER

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def find(
    tracking: Tracking,
    filter: str = "",
    *,
    flow: str | None = None,
    experiments: Sequence[str] | None = None,
    learner: str | None = None,
    features: Sequence[str] = (),
    since: str | float | None = None,
    order_by: Sequence[str] = (),
    view: View = "active",
    limit: int = 20,
) -> list[Run]:
    """Return runs that meet all conditions (see `clew.app.store.Store.find`).

    Raises
    ------
    InvalidParameter
        When a condition cannot be understood.
    """
    parts = [filter] if filter.strip() else []
    if learner is not None:
        parts.append(f"tags.`{LEARNER}` = {_quoted(learner)}")
    parts += [f"tags.`{FEATURES}` LIKE {_quoted(f'%|{name}|%')}" for name in features]
    if since is not None:
        parts.append(f"attributes.start_time >= {int((time.time() - age_s(since)) * 1000)}")
    if flow is not None:
        if tracking.experiments.by_name(flow) is None:
            return []
        experiments = [flow]
    places = ids_of(tracking, experiments)
    return search_runs(
        tracking.search, places, " AND ".join(parts), order_by=order_by, view=view, limit=limit
    )


def age_s(text: str | float) -> float:
    """Return the seconds of ``30m``, ``12h``, ``7d``, ``2w``."""
    if isinstance(text, int | float):
        return float(text)
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise InvalidParameter("a length of time", got=repr(text), expected="30m, 12h, 7d or 2w")
    return float(match[1]) * _SECONDS[match[2]]


def _quoted(text: str) -> str:
    quote = '"' if "'" in text else "'"
    if quote in text:
        raise InvalidParameter("a name with both kinds of quotes cannot be asked for", got=text)
    return f"{quote}{text}{quote}"
