"""Studies of model selection."""

from __future__ import annotations

from clew.api.rest.contract.basis import Answer, Limit, Offset, Query
from clew.api.rest.contract.route import Route
from clew.entities.number import Number
from clew.entities.overview import Cell


class StudiesQuery(Query, frozen=True, kw_only=True):
    """Which studies, newest first."""

    offset: Offset = 0
    limit: Limit = 50


class StudyRow(Answer, frozen=True, kw_only=True):
    """One study; `id` is that of its node.

    Parameters
    ----------
    wall_s : float
        What it cost when it was computed.
    """

    id: str
    created_ms: int
    estimator: str
    data: str
    trials: int | None
    metric: str | None
    best: Number | None
    wall_s: float


class StudiesTable(Answer, frozen=True, kw_only=True):
    """A part of the studies; `total` in all."""

    total: int
    rows: list[StudyRow]


class Trial(Answer, frozen=True, kw_only=True):
    """One configuration.

    Parameters
    ----------
    params : list
        In the order of the study's `params`; numbers stay numbers, all else is text.
    means, stds : list of Number or None
        Over the folds, in the order of the study's `metrics`.
    rewrite : str
        By which rewrite its result was derived from another's; "" for none.
    """

    number: int
    rank: int
    params: list[Cell]
    means: list[Number | None]
    stds: list[Number | None]
    fit_s: float | None
    rewrite: str


class Importance(Answer, frozen=True, kw_only=True):
    """How much of the spread of the first metric a param explains, from 0 to 1."""

    param: str
    share: float


class StudyDetail(Answer, frozen=True, kw_only=True):
    """One study with its trials, best first.

    Parameters
    ----------
    importance : list of Importance
        By variance between the means of equal values, most first.
    importance_note : str or None
        Why there is none, where there is none.
    best_so_far : list of Number
        The best first metric among the first 1, 2, ... trials, in the order of their numbers.
    """

    id: str
    created_ms: int
    estimator: str
    data: str
    params: list[str]
    metrics: list[str]
    folds: int | None
    trials: list[Trial]
    importance: list[Importance]
    importance_note: str | None
    best_so_far: list[Number]
    wall_s: float


ROUTES = (
    Route(
        "studies.list",
        "GET",
        "/studies",
        "List studies",
        StudiesTable,
        StudiesQuery,
    ),
    Route("studies.get", "GET", "/studies/{id}", "Return a study with its trials", StudyDetail),
)
