"""Registered models of an MLflow store."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clew.adapters.trackers.mlflow import MlflowStore
from clew.app.importing.report import Imported
from clew.app.tracking import Tracking
from clew.entities import ModelVersion, RegisteredModel
from clew.errors import InvalidState, NotFound

_ACTOR = "import"
_OF_RUN = re.compile(r"(?:^|/)(\d+)/([0-9a-f]{32})/artifacts/(.+?)/?$")
_OF_MODEL = re.compile(r"/models/(m-[0-9a-f]{32})/artifacts/?$")
_MOST_GAP = 10_000
_LOST = "mlflow-lost:/"
"""Where the files of a version were, whose logged model MLflow has purged."""


def import_registry(tracking: Tracking, source: MlflowStore, report: Imported) -> None:
    """Take in names, versions with their numbers, tags, stages and aliases.

    A number that MLflow has deleted stays free: it is made and deleted here too. A version whose
    number is another model's here is left out, and said to be.
    """
    versions: dict[str, list[ModelVersion]] = {}
    for version in source.versions():
        versions.setdefault(version.name, []).append(version)
    for model in source.registered():
        with tracking.transaction():
            here = _name(tracking, model, report)
            fresh = _versions(tracking, model.name, versions.get(model.name, []), report)
            for alias, number in model.aliases.items():
                if alias not in here.aliases and (number in fresh or not here.aliases):
                    try:
                        tracking.aliases.set(model.name, alias, number, actor=_ACTOR)
                    except InvalidState as refused:
                        report.left_out.append(f"alias {model.name}@{alias}: {refused.message}")


def _name(tracking: Tracking, model: RegisteredModel, report: Imported) -> RegisteredModel:
    try:
        here = tracking.registered.get(model.name)
    except NotFound:
        report.added("registered")
        return tracking.registered.create(
            model.name,
            description=model.description,
            tags=model.tags,
            created_ms=model.created_ms or None,
        )
    report.kept("registered")
    for key, value in model.tags.items():
        if key not in here.tags:
            tracking.registered.set_tag(model.name, key, value)
    return here


def _versions(
    tracking: Tracking, name: str, versions: Sequence[ModelVersion], report: Imported
) -> set[int]:
    """Add the versions that are not here; return their numbers."""
    fresh: set[int] = set()
    for version in versions:
        wanted = _source(tracking, version.source)
        try:
            here = tracking.versions.get(name, version.version)
        except NotFound:
            if not _make(tracking, name, version, wanted, report):
                report.left_out.append(f"version {name}/{version.version}: its number is taken")
                continue
            fresh.add(version.version)
            report.added("versions")
        else:
            if here.source == wanted and version.run_id in (None, here.run_id):
                report.kept("versions")
            else:
                report.left_out.append(
                    f"version {name}/{version.version}: another version has that number here"
                )
    return fresh


def _make(
    tracking: Tracking, name: str, version: ModelVersion, source: str, report: Imported
) -> bool:
    """Add a version with its number; tell whether that was still to be had."""
    for _ in range(_MOST_GAP):
        made = tracking.versions.create(
            name,
            source,
            run_id=version.run_id,
            run_link=version.run_link,
            model_id=_model_id(source),
            description=version.description,
            tags=version.tags,
            user=version.user,
            created_ms=version.created_ms or None,
        )
        if made.version == version.version:
            if version.stage != "None":
                _stage(tracking, made, version, report)
            return True
        tracking.versions.delete(name, made.version, actor=_ACTOR)
        if made.version > version.version:
            return False
    return False


def _stage(tracking: Tracking, made: ModelVersion, version: ModelVersion, report: Imported) -> None:
    try:
        tracking.versions.transition(made.name, made.version, version.stage, actor=_ACTOR)
    except InvalidState as refused:
        key = f"{made.name}/{made.version}"
        report.left_out.append(f"stage {version.stage} of version {key}: {refused.message}")


def _source(tracking: Tracking, source: str) -> str:
    """Return an address that this store understands, where its files came in."""
    if found := _OF_MODEL.search(source):
        return _source(tracking, f"models:/{found[1]}")
    if id := _model_id(source):
        try:
            tracking.models.get(id)
        except NotFound:
            return f"{_LOST}{id}"
    if found := _OF_RUN.search(source):
        return f"runs:/{found[2]}/{found[3]}"
    return source


def _model_id(source: str) -> str | None:
    head, _, id = source.partition("models:/")
    return id if not head and id.startswith("m-") else None
