"""Logged models: fitted things with their files, before anybody registers them."""

from __future__ import annotations

from typing import Literal

import msgspec

from clew.entities.experiment import Lifecycle
from clew.entities.metric import Metric

ModelStatus = Literal["pending", "ready", "failed"]


class ModelLink(msgspec.Struct, frozen=True):
    """A logged model as input or output of a run."""

    model_id: str
    step: int = 0


class LoggedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a run made.

    Parameters
    ----------
    id : str
        ``m-`` and 32 hexadecimal digits.
    source_run_id : str or None
        The run that made it.
    status : {"pending", "ready", "failed"}
        ``pending`` until its files are complete.
    params : dict
        Fixed once logged.
    metrics : tuple of Metric
        The latest of each (name, dataset) pair that names this model.
    content : str or None
        Content id (hexadecimal) of all its files together, once it is ready: the value on the
        lineage graph.
    """

    id: str
    experiment_id: str
    name: str
    created_ms: int
    updated_ms: int
    model_type: str | None = None
    source_run_id: str | None = None
    status: ModelStatus = "pending"
    status_message: str | None = None
    lifecycle: Lifecycle = "active"
    artifact_location: str | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    metrics: tuple[Metric, ...] = ()
    content: str | None = None
