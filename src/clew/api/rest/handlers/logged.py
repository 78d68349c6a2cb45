"""Logged models."""

from __future__ import annotations

from collections.abc import Sequence

from clew.api.rest.contract.logged import (
    LoggedModelDetail,
    LoggedModelRow,
    LoggedModelsPage,
    LoggedModelsQuery,
    ModelMetric,
    VersionLink,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities import LoggedModel
from clew.entities.number import number

_MOST_EXPERIMENTS = 10_000


def listed(served: Served, query: LoggedModelsQuery) -> LoggedModelsPage:
    """List logged models, newest first."""
    filter = query.filter
    if query.run is not None:
        run = served.tracking.runs.get(query.run)
        clause = f"source_run_id = '{run.id}'"
        filter = f"{clause} AND {filter}" if filter.strip() else clause
    page = served.tracking.search.models(
        query.experiment or _all(served),
        filter=filter,
        limit=max(query.limit, 1),
        page_token=query.page,
    )
    return LoggedModelsPage(items=[row(model) for model in page.items], next=page.next)


def _all(served: Served) -> Sequence[str]:
    _, rows = served.pages.experiments(limit=_MOST_EXPERIMENTS)
    return [one.id for one in rows]


def get(served: Served, id: str) -> LoggedModelDetail:
    """Return a logged model, and the registered versions that it is."""
    model = served.tracking.models.get(id, allow_deleted=True)
    runs = served.run_pages.rows([model.source_run_id]) if model.source_run_id else ()
    versions = served.tracking.versions.search(
        filter=f"source_path = 'models:/{model.id}'", limit=1000
    )
    return LoggedModelDetail(
        model=row(model),
        run_name=runs[0].name if runs else None,
        versions=[
            VersionLink(name=one.name, version=one.version, aliases=list(one.aliases))
            for one in versions.items
        ],
    )


def row(model: LoggedModel) -> LoggedModelRow:
    """Return a logged model as the contract has it."""
    return LoggedModelRow(
        id=model.id,
        name=model.name,
        experiment_id=model.experiment_id,
        created_ms=model.created_ms,
        updated_ms=model.updated_ms,
        model_type=model.model_type,
        source_run_id=model.source_run_id,
        status=model.status,
        status_message=model.status_message,
        lifecycle=model.lifecycle,
        params=model.params,
        tags=model.tags,
        metrics=[
            ModelMetric(
                key=metric.key,
                value=number(metric.value),
                step=metric.step,
                time_ms=metric.time_ms,
                dataset_name=metric.dataset_name,
                dataset_digest=metric.dataset_digest,
            )
            for metric in model.metrics
        ],
        content=model.content,
    )


HANDLERS: dict[str, Handler] = {"logged.list": listed, "logged.get": get}
