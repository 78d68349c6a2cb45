"""Search over everything: ⌘K."""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Query
from clew.api.rest.contract.route import Route
from clew.entities.overview import Hit


class SearchQuery(Query, frozen=True, kw_only=True):
    """Words, all of which must be found in a name or a note; or the beginning of an id."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Hits(Answer, frozen=True, kw_only=True):
    """What was found, the best first."""

    items: list[Hit]


ROUTES = (Route("search.all", "GET", "/search", "Search everything", Hits, SearchQuery),)
