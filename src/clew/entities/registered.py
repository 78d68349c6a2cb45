"""Registered models: names under which versions are promoted."""

from __future__ import annotations

from typing import Literal

import msgspec

Stage = Literal["None", "Staging", "Production", "Archived"]
"""MLflow's older stages; aliases are preferred."""

VersionStatus = Literal["PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"]


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a registered model.

    Parameters
    ----------
    version : int
        From 1, never given twice within a name while it is there.
    source : str
        Where its files are (``models:/m-…``, ``runs:/…/model``, a URI).
    run_id, model_id : str or None
        The run and the logged model that it is.
    content : str or None
        Content id (hexadecimal) of the model on the lineage graph, where it lies in this store.
    node : str or None
        Id of the node that made it.
    aliases : tuple of str
        Sorted.
    """

    name: str
    version: int
    created_ms: int
    updated_ms: int
    description: str | None = None
    user: str | None = None
    stage: Stage = "None"
    source: str = ""
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    status: VersionStatus = "READY"
    status_message: str | None = None
    tags: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    content: str | None = None
    node: str | None = None


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """A model or a version that was removed and can come back, as the audit trail tells it.

    Parameters
    ----------
    version : int or None
        None: the whole model.
    versions : int
        How many versions went with it.
    actor, reason : str, str or None
        Who removed it, and why.
    """

    name: str
    version: int | None
    versions: int
    time_ms: int
    actor: str
    reason: str | None


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A name with versions.

    Parameters
    ----------
    aliases : dict
        Alias to version.
    latest : tuple of ModelVersion
        The highest version of each stage.
    """

    name: str
    created_ms: int
    updated_ms: int
    description: str | None = None
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    latest: tuple[ModelVersion, ...] = ()
