"""Logged models: what runs made, before anybody registers it."""

from __future__ import annotations

from clew.api.rest.contract.basis import Answer, Limit, Query, Text
from clew.api.rest.contract.route import Route
from clew.entities import Lifecycle, ModelStatus
from clew.entities.number import Number


class LoggedModelsQuery(Query, frozen=True, kw_only=True):
    """Which logged models, newest first.

    Parameters
    ----------
    experiment : list of str
        Ids of experiments; all active ones when none is named.
    run : str, optional
        Only those that this run made.
    filter : str
        MLflow's filter string for logged models.
    """

    experiment: list[str] = []
    run: str | None = None
    filter: Text = ""
    limit: Limit = 100
    page: str | None = None


class ModelMetric(Answer, frozen=True, kw_only=True):
    """A metric of a logged model, and the dataset that it was measured on."""

    key: str
    value: Number
    step: int
    time_ms: int
    dataset_name: str | None
    dataset_digest: str | None


class LoggedModelRow(Answer, frozen=True, kw_only=True):
    """A model that a run made.

    Parameters
    ----------
    content : str or None
        Its files together, on the lineage graph.
    """

    id: str
    name: str
    experiment_id: str
    created_ms: int
    updated_ms: int
    model_type: str | None
    source_run_id: str | None
    status: ModelStatus
    status_message: str | None
    lifecycle: Lifecycle
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[ModelMetric]
    content: str | None


class LoggedModelsPage(Answer, frozen=True, kw_only=True):
    """Some logged models; `next` asks for those that follow."""

    items: list[LoggedModelRow]
    next: str | None


class VersionLink(Answer, frozen=True, kw_only=True):
    """A registered version."""

    name: str
    version: int
    aliases: list[str]


class LoggedModelDetail(Answer, frozen=True, kw_only=True):
    """One logged model, and the registered versions that it is."""

    model: LoggedModelRow
    run_name: str | None
    versions: list[VersionLink]


ROUTES = (
    Route(
        "logged.list",
        "GET",
        "/logged-models",
        "List logged models",
        LoggedModelsPage,
        LoggedModelsQuery,
    ),
    Route(
        "logged.get",
        "GET",
        "/logged-models/{id}",
        "Return a logged model",
        LoggedModelDetail,
    ),
)
