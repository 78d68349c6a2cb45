"""One run, and changes of one or many."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Body, Done, Id, Name, TagChange, Text
from clew.api.rest.contract.route import Route
from clew.entities import DatasetInput, Lifecycle, ModelLink, RunStatus
from clew.entities.overview import MetricSummary, RunRow, StepCounts

Ids = Annotated[list[Id], msgspec.Meta(max_length=10_000)]


class GitState(Answer, frozen=True, kw_only=True):
    """The code version that a run was started from."""

    commit: str | None
    branch: str | None
    dirty: bool | None
    repository: str | None


class Environment(Answer, frozen=True, kw_only=True):
    """Where a run took place, as far as it was recorded.

    Parameters
    ----------
    command : str or None
        The command line, secrets redacted.
    versions : dict
        Interpreter, system, libraries.
    """

    command: str | None
    directory: str | None
    host: str | None
    python: str | None
    source: str | None
    git: GitState | None
    versions: dict[str, str]


class RunDetail(Answer, frozen=True, kw_only=True):
    """Everything about one run but its histories, steps and files.

    Parameters
    ----------
    note : str
        Markdown; "" when there is none.
    tags : dict
        Without those that have a field of their own here.
    rebuild : str or None
        The command that executes its thread again and compares; null where there is none to
        rebuild (a run of a foreign client).
    """

    id: str
    name: str
    experiment_id: str
    experiment_name: str
    status: RunStatus
    lifecycle: Lifecycle
    user: str
    flow: str | None
    started_ms: int
    ended_ms: int | None
    error: str | None
    note: str
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[MetricSummary]
    datasets: list[DatasetInput]
    model_inputs: list[ModelLink]
    model_outputs: list[ModelLink]
    parent: RunRow | None
    children: list[RunRow]
    steps: StepCounts | None
    environment: Environment
    artifact_uri: str | None
    result: str | None
    rebuild: str | None


class RunChange(Body, frozen=True, kw_only=True):
    """What to change of a run; what is not given stays.

    Parameters
    ----------
    status : {"finished", "failed", "killed"}
        Ends a run whose process will not say so any more.
    """

    name: Name | None = None
    note: Text | None = None
    status: Literal["finished", "failed", "killed"] | None = None


class BulkChange(Body, frozen=True, kw_only=True):
    """One change of many runs.

    Parameters
    ----------
    set, remove : dict, list
        Tags, for the action ``tag``.
    """

    ids: Ids
    action: Literal["delete", "restore", "tag"]
    set: dict[str, str] = {}
    remove: list[str] = []


class Rejected(Answer, frozen=True, kw_only=True):
    """One run that a change of many left as it was, and why."""

    id: str
    problem: str


class BulkDone(Answer, frozen=True, kw_only=True):
    """What a change of many runs did."""

    changed: int
    rejected: list[Rejected]


ROUTES = (
    Route(
        "runs.bulk",
        "POST",
        "/runs/bulk",
        "Tag, delete or restore many runs",
        BulkDone,
        body=BulkChange,
        scope="log",
    ),
    Route("runs.get", "GET", "/runs/{id}", "Return a run", RunDetail),
    Route(
        "runs.change",
        "PATCH",
        "/runs/{id}",
        "Rename a run, write its note, or end it",
        RunDetail,
        body=RunChange,
        scope="log",
    ),
    Route("runs.delete", "DELETE", "/runs/{id}", "Delete a run, softly", Done, scope="log"),
    Route(
        "runs.restore",
        "POST",
        "/runs/{id}/restore",
        "Bring a deleted run back",
        RunDetail,
        scope="log",
    ),
    Route(
        "runs.tag",
        "PATCH",
        "/runs/{id}/tags",
        "Set and remove tags of a run",
        RunDetail,
        body=TagChange,
        scope="log",
    ),
)
