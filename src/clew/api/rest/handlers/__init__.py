"""What answers each route of `/api/v1`: modules as in the contract, functions as its routes."""

from __future__ import annotations

from collections.abc import Mapping

from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers import compare, lineage, nodes, studies

HANDLERS: Mapping[str, Handler] = {
    **compare.HANDLERS,
    **lineage.HANDLERS,
    **nodes.HANDLERS,
    **studies.HANDLERS,
}
