"""Predictions: what served models answered, what came of it, and what it came from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from clew.api.rest.contract.basis import Answer, Id, Query, Text
from clew.api.rest.contract.deployments import StateLine
from clew.api.rest.contract.route import Route


class PredictionsQuery(Query, frozen=True, kw_only=True):
    """Which predictions, newest first.

    Parameters
    ----------
    model : str, optional
        Name of the deployment or model that was asked.
    version, arm : str, optional
        Which version answered; which arm (``adult/7``).
    answer : str, optional
        What was answered, as text.
    judged : {"any", "given", "none", "wrong"}
        By feedback: with some, without any, with a truth that is not the answer.
    column : list of str
        ``NAME=VALUE``: the row's column has this value, as text.
    least_confidence, most_confidence : float, optional
        Of the answer.
    since_ms, until_ms : int, optional
        When.
    before : str, optional
        `next` of the page before: predictions that are older than this id.
    """

    model: Text = ""
    version: Text = ""
    arm: Text = ""
    answer: Text | None = None
    judged: Literal["any", "given", "none", "wrong"] = "any"
    column: list[str] = []
    least_confidence: float | None = None
    most_confidence: float | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50


class FeedbackLine(Answer, frozen=True, kw_only=True):
    """What came of a prediction.

    Parameters
    ----------
    rewards : dict of str to float
        By arm, as the policy was told; empty outside deployments.
    """

    id: str
    time_ms: int
    truth: Any
    reward: float | None
    note: str
    rewards: dict[str, float]


class PredictionRow(Answer, frozen=True, kw_only=True):
    """One row that was answered.

    Parameters
    ----------
    model, version : str
        Of the deployment or model that was asked, and the version that answered.
    arm : str
        ``NAME/VERSION`` of those that answered, with commas; "" outside deployments.
    policy : str
        Who decided that.
    confidence : float or None
        Of the answer, from 0 to 1.
    latency_ms : float
        In the server: of the request where a deployment answered, of its batch otherwise.
    feedback : list of FeedbackLine
        Oldest first.
    """

    id: str
    time_ms: int
    model: str
    version: str
    content: str
    arm: str
    policy: str
    row: dict[str, Any]
    answer: Any
    probabilities: list[float] | None
    confidence: float | None
    latency_ms: float
    batch_rows: int
    feedback: list[FeedbackLine]


class PredictionsTable(Answer, frozen=True, kw_only=True):
    """Some predictions.

    Parameters
    ----------
    scanned : int
        How many predictions were looked at; a search looks at no more than 100,000 at a time.
    next : str or None
        Goes on from here as `before`; null at the end.
    """

    rows: list[PredictionRow]
    scanned: int
    next: str | None


class DecisionDetail(Answer, frozen=True, kw_only=True):
    """How a deployment came to an answer.

    Parameters
    ----------
    arms : list of str
        Which were asked.
    chances : dict of str to float
        With which probability each arm would have been chosen.
    context : dict
        The fields of the request that the policy looked at.
    votes : dict
        What each arm answered, where several were asked.
    late : list of str
        Arms that had not answered at the deadline.
    note : str
        Why another arm answered than the one that was chosen; "" otherwise.
    """

    deployment: str
    policy: str
    arms: list[str]
    chances: dict[str, float]
    context: dict[str, Any]
    votes: dict[str, Any]
    late: list[str]
    latency_ms: float
    note: str


class ShadowLine(Answer, frozen=True, kw_only=True):
    """What an arm in the shadow answered to the same row; nobody was told."""

    arm: str
    content: str
    answer: Any
    probabilities: list[float] | None
    latency_ms: float
    error: str


class VersionLine(Answer, frozen=True, kw_only=True):
    """The registered version that answered."""

    name: str
    version: int
    aliases: list[str]
    created_ms: int
    model_id: str | None
    run_id: str | None


class ThreadStep(Answer, frozen=True, kw_only=True):
    """A call on the way from the data to the model: `id` is that of its node."""

    id: str
    operation: str
    kind: str


class SourceRowLine(Answer, frozen=True, kw_only=True):
    """The row of the request in a table that the model came from.

    Parameters
    ----------
    value : str
        Content id of the table.
    position : int
        Which row of it, from 0.
    found_by : str
        ``values``: equal in all columns of the request; else the name of the column by which.
    """

    value: str
    operation: str
    position: int
    found_by: str
    row: dict[str, Any]


class Thread(Answer, frozen=True, kw_only=True):
    """From a prediction back to the data.

    Parameters
    ----------
    deployment : StateLine or None
        As it stood then; null when the model was served by its own name.
    version : VersionLine or None
        Null for a model that is not registered.
    gate : str or None
        The verdict that let the version pass; null: there was none.
    run, study : str or None
        Ids of the run that made the model, and of the study that chose it.
    steps : list of ThreadStep
        The one that made the model first.
    features : list of str
        The columns that the model read.
    reads : list of str
        Files and other things that the steps read.
    rows : list of SourceRowLine
        The same row in the tables on the way, the nearest to the model first.
    """

    deployment: StateLine | None
    version: VersionLine | None
    gate: str | None
    run: str | None
    study: str | None
    steps: list[ThreadStep]
    features: list[str]
    reads: list[str]
    rows: list[SourceRowLine]


class PredictionDetail(Answer, frozen=True, kw_only=True):
    """One prediction with its thread."""

    prediction: PredictionRow
    decision: DecisionDetail | None
    shadows: list[ShadowLine]
    thread: Thread


ROUTES = (
    Route(
        "predictions.list",
        "GET",
        "/predictions",
        "Find predictions",
        PredictionsTable,
        PredictionsQuery,
    ),
    Route(
        "predictions.get",
        "GET",
        "/predictions/{id}",
        "Return a prediction with its thread",
        PredictionDetail,
    ),
)
