"""Experiments: named groups of runs."""

from __future__ import annotations

from typing import Literal

from clew.api.rest.contract.basis import (
    Answer,
    Body,
    Done,
    Limit,
    Name,
    Offset,
    Query,
    TagChange,
    Text,
)
from clew.api.rest.contract.route import Route
from clew.entities import View
from clew.entities.overview import ExperimentRow


class ExperimentsQuery(Query, frozen=True, kw_only=True):
    """Which experiments.

    Parameters
    ----------
    text : str
        Only those whose name or note contains this.
    filter : str
        MLflow's filter string for experiments.
    """

    text: Text = ""
    filter: Text = ""
    view: View = "active"
    order: Literal["updated", "name", "runs", "created"] = "updated"
    offset: Offset = 0
    limit: Limit = 100


class ExperimentsTable(Answer, frozen=True, kw_only=True):
    """A part of the experiments; `total` match in all."""

    total: int
    rows: list[ExperimentRow]


class NewExperiment(Body, frozen=True, kw_only=True):
    """An experiment to add."""

    name: Name
    note: Text = ""
    tags: dict[str, str] = {}


class ExperimentChange(Body, frozen=True, kw_only=True):
    """What to change of an experiment; what is not given stays."""

    name: Name | None = None
    note: Text | None = None


ROUTES = (
    Route(
        "experiments.list",
        "GET",
        "/experiments",
        "List experiments",
        ExperimentsTable,
        ExperimentsQuery,
    ),
    Route(
        "experiments.create",
        "POST",
        "/experiments",
        "Add an experiment",
        ExperimentRow,
        body=NewExperiment,
        scope="log",
        status=201,
    ),
    Route(
        "experiments.get",
        "GET",
        "/experiments/{id}",
        "Return an experiment",
        ExperimentRow,
    ),
    Route(
        "experiments.change",
        "PATCH",
        "/experiments/{id}",
        "Rename an experiment or write its note",
        ExperimentRow,
        body=ExperimentChange,
        scope="log",
    ),
    Route(
        "experiments.delete",
        "DELETE",
        "/experiments/{id}",
        "Delete an experiment with its runs, softly",
        Done,
        scope="log",
    ),
    Route(
        "experiments.restore",
        "POST",
        "/experiments/{id}/restore",
        "Bring a deleted experiment back",
        ExperimentRow,
        scope="log",
    ),
    Route(
        "experiments.tag",
        "PATCH",
        "/experiments/{id}/tags",
        "Set and remove tags of an experiment",
        ExperimentRow,
        body=TagChange,
        scope="log",
    ),
)
