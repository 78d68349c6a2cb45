"""Runs as they were logged."""

from __future__ import annotations

from typing import Literal

import msgspec

from clew.entities.dataset import DatasetInput
from clew.entities.experiment import Lifecycle
from clew.entities.metric import Metric
from clew.entities.model import ModelLink

RunStatus = Literal["running", "scheduled", "finished", "failed", "killed", "interrupted", "lost"]
"""The last two are a flow's: stopped by the user (to MLflow's clients KILLED), and a process that
is gone and left no end (to them FAILED)."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution and what it logged: of a flow, a ``with clew.run()`` block, or a client.

    Parameters
    ----------
    id : str
        A ULID (sorts by time), or the id that an imported run had.
    name : str
        The tag ``mlflow.runName``; made up when none is given.
    flow : str or None
        ``module:name``, for a flow's run.
    artifact_uri : str or None
        Where its artifacts lie, if not in this store.
    params, tags : dict
        The nested parent is the tag ``mlflow.parentRunId``, the Markdown note is
        ``mlflow.note.content``.
    metrics : dict
        The latest of each name: that of the highest step, of those the latest time, of those the
        highest value.
    error : str or None
        What it failed with, where that is known.
    """

    id: str
    experiment_id: str
    name: str
    status: RunStatus
    started_ms: int
    ended_ms: int | None = None
    user: str = ""
    lifecycle: Lifecycle = "active"
    flow: str | None = None
    artifact_uri: str | None = None
    params: dict[str, str] = {}
    metrics: dict[str, Metric] = {}
    tags: dict[str, str] = {}
    datasets: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelLink, ...] = ()
    model_outputs: tuple[ModelLink, ...] = ()
    error: str | None = None
