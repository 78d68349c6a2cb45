"""Search over everything: ⌘K."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.route import Route


class SearchQuery(Query, frozen=True, kw_only=True):
    """Words, all of which must be found in a name or a note; or the beginning of an id."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Hit(Answer, frozen=True, kw_only=True):
    """Something that was found.

    Parameters
    ----------
    id : str
        Id or name; ``NAME@VERSION`` for a version, ``NAME@DIGEST`` for a dataset.
    title, detail : str
        What to show.
    time_ms : int or None
        When it began or was changed.
    """

    kind: Literal[
        "run", "experiment", "model", "version", "dataset", "study", "node", "value", "operation"
    ]
    id: str
    title: str
    detail: str
    time_ms: int | None


class Hits(Answer, frozen=True, kw_only=True):
    """What was found, the best first."""

    items: list[Hit]


ROUTES = (Route("search.all", "GET", "/search", "Search everything", Hits, SearchQuery),)
