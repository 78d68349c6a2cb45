"""Registered models: listed, described, versions added, promoted with a reason, removed."""

from __future__ import annotations

from collections.abc import Sequence

from clew.api.access import Caller
from clew.api.rest.contract.basis import Done, TagChange
from clew.api.rest.contract.models import (
    AliasChange,
    ModelChange,
    ModelDetail,
    ModelRow,
    ModelsQuery,
    ModelsTable,
    NewModel,
    NewVersion,
    ReasonQuery,
    RemovedModels,
    RemovedQuery,
    Restoring,
    StageChange,
    VersionChange,
    VersionDetail,
)
from clew.api.rest.dispatch import Handler
from clew.app.served import Served
from clew.entities import ModelVersion, RegisteredModel
from clew.entities.number import number
from clew.entities.overview import MetricSummary
from clew.errors import InvalidParameter, InvalidState, NotFound
from clew.registry.trail import trail

_MOST = 1000
_EVENTS = 200


def listed(served: Served, query: ModelsQuery) -> ModelsTable:
    """List registered models."""
    found = _all(served, query.filter)
    words = query.text.lower().split()
    found = [
        one
        for one in found
        if all(word in f"{one.name} {one.description or ''}".lower() for word in words)
    ]
    if query.order == "name":
        found.sort(key=lambda one: one.name.lower())
    else:
        by_creation = query.order == "created"
        found.sort(key=lambda one: -(one.created_ms if by_creation else one.updated_ms))
    shown = found[query.offset : query.offset + query.limit]
    return ModelsTable(total=len(found), rows=[_row(served, one) for one in shown])


def _all(served: Served, filter: str) -> list[RegisteredModel]:
    found: list[RegisteredModel] = []
    token: str | None = None
    while True:
        page = served.tracking.registered.search(filter=filter, limit=_MOST, page_token=token)
        found += page.items
        token = page.next
        if token is None:
            return found


def _row(served: Served, model: RegisteredModel) -> ModelRow:
    return _summary(model, _versions(served, model.name))


def _summary(model: RegisteredModel, versions: Sequence[ModelVersion]) -> ModelRow:
    return ModelRow(
        name=model.name,
        description=model.description or "",
        created_ms=model.created_ms,
        updated_ms=model.updated_ms,
        tags=model.tags,
        aliases=model.aliases,
        versions=len(versions),
        latest_version=max((one.version for one in versions), default=None),
    )


def _versions(served: Served, name: str) -> list[ModelVersion]:
    quote = "'" if "'" not in name else '"'
    if quote in name:
        found = [one for one in _every(served, "") if one.name == name]
    else:
        found = _every(served, f"name = {quote}{name}{quote}")
    return sorted(found, key=lambda one: -one.version)


def _every(served: Served, filter: str) -> list[ModelVersion]:
    found: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = served.tracking.versions.search(filter=filter, page_token=token)
        found += page.items
        token = page.next
        if token is None:
            return found


def get(served: Served, name: str) -> ModelDetail:
    """Return a registered model with its versions, newest first, and its trail of changes."""
    model = served.tracking.registered.get(name)
    versions = _versions(served, name)
    return ModelDetail(
        model=_summary(model, versions),
        versions=[_detail(served, one) for one in versions],
        events=trail(served.tracking.audit, name, created_ms=model.created_ms, limit=_EVENTS),
    )


def create(served: Served, body: NewModel) -> ModelDetail:
    """Register a name."""
    served.tracking.registered.create(
        body.name, description=body.description or None, tags=body.tags
    )
    return get(served, body.name)


def change(served: Served, name: str, body: ModelChange, caller: Caller) -> ModelDetail:
    """Rename or describe a registered model."""
    registered = served.tracking.registered
    with served.tracking.transaction():
        registered.get(name)
        if body.description is not None:
            registered.update(name, description=body.description, actor=caller.actor)
        if body.name is not None and body.name != name:
            registered.rename(name, body.name, actor=caller.actor)
            name = body.name
    return get(served, name)


def delete(served: Served, name: str, query: ReasonQuery, caller: Caller) -> Done:
    """Remove a registered model with its versions; it can be restored."""
    served.tracking.registered.delete(name, actor=caller.actor, reason=query.reason or None)
    return Done(changed=1)


def tag(served: Served, name: str, body: TagChange) -> ModelDetail:
    """Set and remove tags of a registered model."""
    with served.tracking.transaction():
        for key, value in body.set.items():
            served.tracking.registered.set_tag(name, key, value)
        for key in body.remove:
            served.tracking.registered.delete_tag(name, key)
    return get(served, name)


def register(served: Served, name: str, body: NewVersion, caller: Caller) -> VersionDetail:
    """Add a version: of a logged model, or of files that a source names."""
    source = body.source
    run_id = body.run_id
    if body.model_id is not None:
        model = served.tracking.models.get(body.model_id)
        source = source or f"models:/{model.id}"
        run_id = run_id or model.source_run_id
    if source is None:
        raise InvalidParameter(
            "a version needs a source", expected="model_id, or source (models:/… or runs:/…)"
        )
    made = served.tracking.versions.create(
        name,
        source,
        run_id=run_id,
        model_id=body.model_id,
        description=body.description or None,
        tags=body.tags,
        user=caller.actor or None,
    )
    return _detail(served, made)


def version(served: Served, name: str, version: int) -> VersionDetail:
    """Return a version."""
    return _detail(served, served.tracking.versions.get(name, version))


def describe(
    served: Served, name: str, version: int, body: VersionChange, caller: Caller
) -> VersionDetail:
    """Describe a version."""
    found = served.tracking.versions.update(
        name, version, description=body.description, actor=caller.actor
    )
    return _detail(served, found)


def remove(served: Served, name: str, version: int, query: ReasonQuery, caller: Caller) -> Done:
    """Remove a version; it can be restored."""
    reason = query.reason or None
    served.tracking.versions.delete(name, version, actor=caller.actor, reason=reason)
    return Done(changed=1)


def removed(served: Served, query: RemovedQuery) -> RemovedModels:
    """List removed models and versions that can be restored."""
    return RemovedModels(items=list(served.tracking.removals.removed(query.name or None)))


def restore(served: Served, name: str, body: Restoring, caller: Caller) -> ModelDetail:
    """Bring a removed model back with its versions."""
    removals = served.tracking.removals
    removals.restore_model(name, actor=caller.actor, reason=body.reason or None)
    return get(served, name)


def restore_version(
    served: Served, name: str, version: int, body: Restoring, caller: Caller
) -> VersionDetail:
    """Bring a removed version back."""
    found = served.tracking.removals.restore_version(
        name, version, actor=caller.actor, reason=body.reason or None
    )
    return _detail(served, found)


def tag_version(served: Served, name: str, version: int, body: TagChange) -> VersionDetail:
    """Set and remove tags of a version."""
    with served.tracking.transaction():
        for key, value in body.set.items():
            served.tracking.versions.set_tag(name, version, key, value)
        for key in body.remove:
            served.tracking.versions.delete_tag(name, version, key)
    return _detail(served, served.tracking.versions.get(name, version))


def stage(
    served: Served, name: str, version: int, body: StageChange, caller: Caller
) -> VersionDetail:
    """Move a version to a stage."""
    found = served.tracking.versions.transition(
        name,
        version,
        body.stage,
        archive_existing=body.archive_existing,
        actor=caller.actor,
        reason=body.reason or None,
    )
    return _detail(served, found)


def promote(
    served: Served, name: str, alias: str, body: AliasChange, caller: Caller
) -> VersionDetail:
    """Point an alias to a version, and say why."""
    tracking = served.tracking
    with tracking.transaction():
        current = tracking.registered.get(name).aliases.get(alias, 0)
        if body.expected is not None and body.expected != current:
            raise InvalidState(
                f"the alias {alias!r} was moved meanwhile",
                got=f"version {current}" if current else "no version",
                expected=f"version {body.expected}" if body.expected else "no version",
                hint="look at the trail of changes, then decide again",
            )
        tracking.aliases.set(
            name, alias, body.version, actor=caller.actor, reason=body.reason or None
        )
        return _detail(served, tracking.versions.get(name, body.version))


def unalias(served: Served, name: str, alias: str, query: ReasonQuery, caller: Caller) -> Done:
    """Remove an alias."""
    with served.tracking.transaction():
        if alias not in served.tracking.registered.get(name).aliases:
            raise NotFound(f"model {name!r} has no alias {alias!r}")
        served.tracking.aliases.delete(name, alias, actor=caller.actor, reason=query.reason or None)
    return Done(changed=1)


def _detail(served: Served, one: ModelVersion) -> VersionDetail:
    rows = served.run_pages.rows([one.run_id]) if one.run_id else ()
    metrics, params = _measured(served, one)
    return VersionDetail(
        name=one.name,
        version=one.version,
        created_ms=one.created_ms,
        updated_ms=one.updated_ms,
        user=one.user,
        description=one.description or "",
        stage=one.stage,
        status=one.status,
        status_message=one.status_message,
        source=one.source,
        run_id=one.run_id,
        run_name=rows[0].name if rows else None,
        model_id=one.model_id,
        aliases=list(one.aliases),
        tags=one.tags,
        content=one.content,
        node=one.node,
        metrics=metrics,
        params=params,
    )


def _measured(served: Served, one: ModelVersion) -> tuple[list[MetricSummary], dict[str, str]]:
    """Return the metrics and params of the logged model, or else of its run."""
    metrics: list[MetricSummary] = []
    params: dict[str, str] = {}
    if one.model_id is not None:
        try:
            model = served.tracking.models.get(one.model_id, allow_deleted=True)
        except NotFound:
            model = None
        if model is not None:
            params = dict(model.params)
            metrics = [
                MetricSummary(
                    key=metric.key,
                    value=number(metric.value),
                    step=metric.step,
                    time_ms=metric.time_ms,
                    count=1,
                    min=None,
                    max=None,
                    model_id=one.model_id,
                    dataset_name=metric.dataset_name,
                )
                for metric in model.metrics
            ]
    if one.run_id is not None and not (metrics and params):
        try:
            run = served.tracking.runs.get(one.run_id)
        except NotFound:
            return metrics, params
        metrics = metrics or list(served.run_pages.summaries(run.id))
        params = params or run.params
    return metrics, params


HANDLERS: dict[str, Handler] = {
    "models.list": listed,
    "models.create": create,
    "models.get": get,
    "models.change": change,
    "models.delete": delete,
    "models.tag": tag,
    "models.register": register,
    "models.version": version,
    "models.describe": describe,
    "models.remove": remove,
    "models.tag_version": tag_version,
    "models.stage": stage,
    "models.promote": promote,
    "models.removed": removed,
    "models.restore": restore,
    "models.restore_version": restore_version,
    "models.unalias": unalias,
}
