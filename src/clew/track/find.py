"""Finding runs: MLflow's filter strings in Python."""

from __future__ import annotations

from collections.abc import Sequence

from clew.entities import Experiment, Run, View
from clew.errors import NotFound
from clew.track import place
from clew.track.ports import Search

_PAGE = 1000


def runs(
    filter: str = "",
    *,
    experiments: Sequence[str] | None = None,
    order_by: Sequence[str] = (),
    view: View = "active",
    limit: int = 100,
) -> tuple[Run, ...]:
    """Return runs with all that they logged, newest first by default.

    Parameters
    ----------
    filter : str
        As in MLflow: ``metrics.auc > 0.9 and params.model = 'LogisticRegression'``; the whole
        language is described in `clew.track.query`.
    experiments : sequence of str, optional
        Names of experiments; all by default.
    order_by : sequence of str
        ``metrics.auc DESC``, ``attributes.start_time``, …
    limit : int
        Most runs to return.

    Raises
    ------
    NotFound
        When there is no experiment of a name.
    InvalidParameter
        When the filter cannot be understood.
    """
    ports = place.current()
    places = ids_of(ports, experiments)
    found = search_runs(ports.search, places, filter, order_by=order_by, view=view, limit=limit)
    return tuple(found)


def search_runs(
    search: Search,
    places: Sequence[str],
    filter: str,
    *,
    order_by: Sequence[str] = (),
    view: View = "active",
    limit: int = 100,
) -> list[Run]:
    """Return runs of experiments by their ids, page by page."""
    found: list[Run] = []
    token = None
    while len(found) < limit:
        page = search.runs(
            places,
            filter=filter,
            view=view,
            order_by=order_by,
            limit=min(_PAGE, limit - len(found)),
            page_token=token,
        )
        found += page.items
        token = page.next
        if token is None:
            break
    return found


def experiments(filter: str = "", *, view: View = "active") -> tuple[Experiment, ...]:
    """Return experiments, newest first."""
    return tuple(_experiments(place.current().search, filter, view))


def ids_of(ports: place.Ports, names: Sequence[str] | None) -> list[str]:
    """Return the ids of experiments by name; of all active ones where no name is given."""
    if names is None:
        return [one.id for one in _experiments(ports.search, "", "active")]
    ids = []
    for name in names:
        found = ports.experiments.by_name(name)
        if found is None:
            raise NotFound(f"there is no experiment {name!r}", hint="clew experiments")
        ids.append(found.id)
    return ids


def _experiments(search: Search, filter: str, view: View) -> list[Experiment]:
    found: list[Experiment] = []
    token = None
    while True:
        page = search.experiments(filter=filter, view=view, limit=_PAGE, page_token=token)
        found += page.items
        token = page.next
        if token is None:
            return found
