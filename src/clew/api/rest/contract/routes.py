"""All routes below `/api/v1`, by resource."""

from __future__ import annotations

from clew.api.rest.contract import (
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
    store,
    studies,
)
from clew.api.rest.contract.route import Route

PREFIX = "/api/v1"

ROUTES: tuple[Route, ...] = (
    *home.ROUTES,
    *experiments.ROUTES,
    *runs.ROUTES,
    *run.ROUTES,
    *metrics.ROUTES,
    *compare.ROUTES,
    *artifacts.ROUTES,
    *lineage.ROUTES,
    *nodes.ROUTES,
    *studies.ROUTES,
    *data.ROUTES,
    *models.ROUTES,
    *reports.ROUTES,
    *logged.ROUTES,
    *deployments.ROUTES,
    *predictions.ROUTES,
    *search.ROUTES,
    *events.ROUTES,
    *administration.ROUTES,
    *store.ROUTES,
)
