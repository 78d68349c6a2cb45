"""What answers each route of `/api/v1`: modules as in the contract, functions as its routes."""

from __future__ import annotations

from collections.abc import Mapping

from clew.api.rest.dispatch import Handler
from clew.api.rest.handlers import (
    administration,
    artifacts,
    compare,
    data,
    deployments,
    events,
    experiments,
    home,
    lineage,
    logged,
    metrics,
    models,
    nodes,
    predictions,
    reports,
    run,
    runs,
    search,
    sidebyside,
    store,
    studies,
)

HANDLERS: Mapping[str, Handler] = {
    **home.HANDLERS,
    **experiments.HANDLERS,
    **runs.HANDLERS,
    **run.HANDLERS,
    **metrics.HANDLERS,
    **sidebyside.HANDLERS,
    **compare.HANDLERS,
    **artifacts.HANDLERS,
    **lineage.HANDLERS,
    **nodes.HANDLERS,
    **studies.HANDLERS,
    **data.HANDLERS,
    **models.HANDLERS,
    **reports.HANDLERS,
    **logged.HANDLERS,
    **deployments.HANDLERS,
    **predictions.HANDLERS,
    **search.HANDLERS,
    **events.HANDLERS,
    **administration.HANDLERS,
    **store.HANDLERS,
}
