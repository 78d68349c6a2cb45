"""Deployments: endpoints, the versions behind them, and how they run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Body, Id, Text
from clew.api.rest.contract.route import Route

DeploymentAction = Literal[
    "deployment.set",
    "deployment.follow",
    "deployment.promote",
    "deployment.stop",
    "deployment.rollback",
]


class LiveFigures(Answer, frozen=True, kw_only=True):
    """Counts since the deployment became what it is, and figures of the last minute.

    Parameters
    ----------
    errors, late : int
        Requests that were not answered although they should have been; that missed their deadline.
    refused : int
        Rows that were refused because too many waited.
    p50_ms, p95_ms, p99_ms : float or None
        Latency in the server of the last minute, within 5 %; null when nothing was asked.
    requests_per_s, rows_per_s, errors_per_s : float
        Of the last minute.
    batch_rows : float or None
        Mean rows of a batch of the last minute.
    cache_hits, cache_misses : int
        Rows that were and were not found in the cache; both 0 without one.
    """

    requests: int
    rows: int
    errors: int
    late: int
    refused: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    requests_per_s: float
    rows_per_s: float
    errors_per_s: float
    batch_rows: float | None
    largest_batch: int
    cache_hits: int
    cache_misses: int


class ArmLine(Answer, frozen=True, kw_only=True):
    """One version behind an endpoint.

    Parameters
    ----------
    key : str
        ``NAME/VERSION``, as in predictions and rewards.
    part : {"champion", "arm", "canary", "shadow"}
        What it does; the answers of a ``shadow`` are kept and never returned.
    spec : str
        As configured: ``adult@champion``.
    share : float or None
        Of the requests of the last minute; null for a shadow, or when nothing was asked.
    rewards : int
        How many rewards feedback gave it; `mean_reward` is their mean.
    """

    key: str
    roles: list[str]
    part: Literal["champion", "arm", "canary", "shadow"]
    spec: str
    model: str
    version: str
    content: str
    share: float | None
    rewards: int
    mean_reward: float | None
    live: LiveFigures


class CanaryState(Answer, frozen=True, kw_only=True):
    """A canary and how it does.

    Parameters
    ----------
    share : float
        Of the requests, as configured; it gets none once it is stopped.
    least : int
        Requests after which it is judged, and at every doubling.
    risk : float
        Probability of stopping one that is not worse.
    reason : str
        Why it was stopped; "" while it runs.
    """

    arm: str
    key: str
    state: Literal["running", "stopped"]
    share: float
    least: int
    risk: float
    slower: float
    requests: int
    reason: str


class ProcessLine(Answer, frozen=True, kw_only=True):
    """A process that serves a deployment now."""

    pid: int
    address: str
    started_ms: int
    told_ms: int


class DeploymentRow(Answer, frozen=True, kw_only=True):
    """One endpoint as it runs.

    Parameters
    ----------
    declared : bool
        Whether it is a recorded deployment; else a model that `clew serve` serves by its own name.
    state : str
        Id of the state that it is in; "" where it is not declared.
    node : str
        The node of its configuration; its inputs are the models.
    policy : str
        Who decides among the arms: ``static``, ``thompson`` …
    by : list of str
        Fields of requests for whose values the policy learns apart.
    changed_ms, changed_by, change, reason
        The last change: when, by whom, what and why.
    processes : list of ProcessLine
        Those that serve it now; none when it is not served.
    """

    name: str
    declared: bool
    state: str
    node: str
    policy: str
    by: list[str]
    reward: str
    deadline_ms: float | None
    changed_ms: int | None
    changed_by: str
    change: DeploymentAction | None
    reason: str
    processes: list[ProcessLine]
    live: LiveFigures
    arms: list[ArmLine]
    canary: CanaryState | None


class DeploymentsTable(Answer, frozen=True, kw_only=True):
    """All deployments, by name."""

    rows: list[DeploymentRow]


class StateLine(Answer, frozen=True, kw_only=True):
    """What a deployment was at one time.

    Parameters
    ----------
    previous : str or None
        Id of the state to which a rollback returns.
    arms : dict of str to str
        Role to ``NAME/VERSION``.
    """

    id: str
    time_ms: int
    actor: str
    action: DeploymentAction
    reason: str
    node: str
    previous: str | None
    policy: str
    arms: dict[str, str]
    stopped: str


class DeploymentDetail(Answer, frozen=True, kw_only=True):
    """One deployment with its configuration and its history, newest first."""

    deployment: DeploymentRow
    configuration: dict[str, Any]
    history: list[StateLine]


class NewDeployment(Body, frozen=True, kw_only=True):
    """A deployment to record: its fields are those of `clew.serve.Deployment`."""

    configuration: dict[str, Any]
    reason: Text = ""


class Promotion(Body, frozen=True, kw_only=True):
    """The arm that becomes the champion, by its role; by default the canary or only challenger."""

    arm: Id | None = None
    reason: Text = ""


class Rollback(Body, frozen=True, kw_only=True):
    """Why a change is made."""

    reason: Text = ""


class StopCanary(Body, frozen=True, kw_only=True):
    """Why the canary is stopped."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=5000)]


ROUTES = (
    Route("deployments.list", "GET", "/deployments", "List deployments", DeploymentsTable),
    Route(
        "deployments.set",
        "POST",
        "/deployments",
        "Record a deployment; processes that serve it take it up",
        DeploymentDetail,
        body=NewDeployment,
        scope="promote",
        status=201,
    ),
    Route(
        "deployments.get",
        "GET",
        "/deployments/{name}",
        "Return a deployment with its history",
        DeploymentDetail,
    ),
    Route(
        "deployments.promote",
        "POST",
        "/deployments/{name}/promote",
        "Make an arm the champion",
        DeploymentDetail,
        body=Promotion,
        scope="promote",
    ),
    Route(
        "deployments.rollback",
        "POST",
        "/deployments/{name}/rollback",
        "Return to what it was before its last change",
        DeploymentDetail,
        body=Rollback,
        scope="promote",
    ),
    Route(
        "deployments.stop",
        "POST",
        "/deployments/{name}/stop",
        "Stop the canary",
        DeploymentDetail,
        body=StopCanary,
        scope="promote",
    ),
)
