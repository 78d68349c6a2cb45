"""Registered models, their versions and aliases."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import (
    Answer,
    Body,
    Done,
    Id,
    Limit,
    Offset,
    Query,
    TagChange,
    Text,
)
from clew.api.rest.contract.route import Route
from clew.entities import Event, Removed, Stage
from clew.entities.overview import MetricSummary

ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Source = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Reason = Annotated[str, msgspec.Meta(max_length=5000)]


class ModelsQuery(Query, frozen=True, kw_only=True):
    """Which registered models.

    Parameters
    ----------
    text : str
        A part of the name or description.
    filter : str
        MLflow's filter string for registered models.
    """

    text: Text = ""
    filter: Text = ""
    order: Literal["updated", "name", "created"] = "updated"
    offset: Offset = 0
    limit: Limit = 100


class ModelRow(Answer, frozen=True, kw_only=True):
    """One registered model."""

    name: str
    description: str
    created_ms: int
    updated_ms: int
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: int
    latest_version: int | None


class ModelsTable(Answer, frozen=True, kw_only=True):
    """A part of the registered models; `total` match in all."""

    total: int
    rows: list[ModelRow]


class NewModel(Body, frozen=True, kw_only=True):
    """A registered model to add."""

    name: ModelName
    description: Text = ""
    tags: dict[str, str] = {}


class ModelChange(Body, frozen=True, kw_only=True):
    """What to change of a registered model; what is not given stays."""

    name: ModelName | None = None
    description: Text | None = None


class VersionDetail(Answer, frozen=True, kw_only=True):
    """One version of a registered model.

    Parameters
    ----------
    content, node : str or None
        The model on the lineage graph, and the node that made it.
    metrics : list of MetricSummary
        Those of the logged model; those of its run where it has none of its own.
    params : dict
        Likewise.
    run_name : str or None
        Name of the run that made it, when it is there.
    """

    name: str
    version: int
    created_ms: int
    updated_ms: int
    user: str | None
    description: str
    stage: Stage
    status: str
    status_message: str | None
    source: str
    run_id: str | None
    run_name: str | None
    model_id: str | None
    aliases: list[str]
    tags: dict[str, str]
    content: str | None
    node: str | None
    metrics: list[MetricSummary]
    params: dict[str, str]


class ModelDetail(Answer, frozen=True, kw_only=True):
    """One registered model with its versions, newest first, and its trail of changes."""

    model: ModelRow
    versions: list[VersionDetail]
    events: list[Event]


class RemovedQuery(Query, frozen=True, kw_only=True):
    """Of which name; of all when none is given."""

    name: Annotated[str, msgspec.Meta(max_length=256)] = ""


class RemovedModels(Answer, frozen=True, kw_only=True):
    """What can be restored, last removed first."""

    items: list[Removed]


class Restoring(Body, frozen=True, kw_only=True):
    """Why, for the audit trail."""

    reason: Reason = ""


class NewVersion(Body, frozen=True, kw_only=True):
    """A version to add: of a logged model, or of files that `source` names.

    Parameters
    ----------
    source : str
        ``models:/m-...`` or ``runs:/RUN/PATH``; from `model_id` when it is not given.
    """

    source: Source | None = None
    run_id: Id | None = None
    model_id: Id | None = None
    description: Text = ""
    tags: dict[str, str] = {}


class VersionChange(Body, frozen=True, kw_only=True):
    """The new description of a version."""

    description: Text


class AliasChange(Body, frozen=True, kw_only=True):
    """Point an alias to a version, and say why: a promotion.

    Parameters
    ----------
    expected : int, optional
        The version that it points to now, as the caller knows it (0 for none): another one is a
        problem, so that two people do not undo each other's promotion unseen.
    """

    version: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    reason: Reason = ""
    expected: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] | None = None


class ReasonQuery(Query, frozen=True, kw_only=True):
    """Why, for the audit trail."""

    reason: Reason = ""


class StageChange(Body, frozen=True, kw_only=True):
    """Move a version to one of MLflow's stages.

    Parameters
    ----------
    archive_existing : bool
        Also archive the versions that are in that stage.
    """

    stage: Stage
    archive_existing: bool = False
    reason: Reason = ""


ROUTES = (
    Route(
        "models.list",
        "GET",
        "/models",
        "List registered models",
        ModelsTable,
        ModelsQuery,
    ),
    Route(
        "models.create",
        "POST",
        "/models",
        "Register a name",
        ModelDetail,
        body=NewModel,
        scope="log",
        status=201,
    ),
    Route(
        "models.get",
        "GET",
        "/models/{name}",
        "Return a registered model with its versions",
        ModelDetail,
    ),
    Route(
        "models.change",
        "PATCH",
        "/models/{name}",
        "Rename or describe a registered model",
        ModelDetail,
        body=ModelChange,
        scope="promote",
    ),
    Route(
        "models.delete",
        "DELETE",
        "/models/{name}",
        "Remove a registered model with its versions; it can be restored",
        Done,
        ReasonQuery,
        scope="promote",
    ),
    Route(
        "models.tag",
        "PATCH",
        "/models/{name}/tags",
        "Set and remove tags of a registered model",
        ModelDetail,
        body=TagChange,
        scope="log",
    ),
    Route(
        "models.register",
        "POST",
        "/models/{name}/versions",
        "Add a version",
        VersionDetail,
        body=NewVersion,
        scope="log",
        status=201,
    ),
    Route(
        "models.version",
        "GET",
        "/models/{name}/versions/{version}",
        "Return a version",
        VersionDetail,
    ),
    Route(
        "models.describe",
        "PATCH",
        "/models/{name}/versions/{version}",
        "Describe a version",
        VersionDetail,
        body=VersionChange,
        scope="log",
    ),
    Route(
        "models.remove",
        "DELETE",
        "/models/{name}/versions/{version}",
        "Remove a version; it can be restored",
        Done,
        ReasonQuery,
        scope="promote",
    ),
    Route(
        "models.tag_version",
        "PATCH",
        "/models/{name}/versions/{version}/tags",
        "Set and remove tags of a version",
        VersionDetail,
        body=TagChange,
        scope="log",
    ),
    Route(
        "models.stage",
        "POST",
        "/models/{name}/versions/{version}/stage",
        "Move a version to a stage",
        VersionDetail,
        body=StageChange,
        scope="promote",
    ),
    Route(
        "models.promote",
        "PUT",
        "/models/{name}/aliases/{alias}",
        "Point an alias to a version",
        VersionDetail,
        body=AliasChange,
        scope="promote",
    ),
    Route(
        "models.removed",
        "GET",
        "/removed-models",
        "List removed models and versions that can be restored",
        RemovedModels,
        RemovedQuery,
    ),
    Route(
        "models.restore",
        "POST",
        "/models/{name}/restore",
        "Bring a removed model back with its versions",
        ModelDetail,
        body=Restoring,
        scope="promote",
    ),
    Route(
        "models.restore_version",
        "POST",
        "/models/{name}/versions/{version}/restore",
        "Bring a removed version back",
        VersionDetail,
        body=Restoring,
        scope="promote",
    ),
    Route(
        "models.unalias",
        "DELETE",
        "/models/{name}/aliases/{alias}",
        "Remove an alias",
        Done,
        ReasonQuery,
        scope="promote",
    ),
)
