"""Studies of model selection."""

from __future__ import annotations

from typing import Annotated

import msgspec

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
    saved_s : float or None
        What the work cost that it found done; None where that was not recorded.
    """

    id: str
    created_ms: int
    estimator: str
    data: str
    trials: int | None
    metric: str | None
    best: Number | None
    wall_s: float
    saved_s: float | None


class RunningStudy(Answer, frozen=True, kw_only=True):
    """A search that runs in a process of this machine; `id` is known until an hour after its end.

    Parameters
    ----------
    done, total : int
        Fits (trials times folds) that are finished, and all that are known so far.
    saved_s : float
        What the work cost that it found done.
    """

    id: str
    started_ms: int
    estimator: str
    data: str
    done: int
    total: int
    trials: int
    metric: str | None
    best: Number | None
    elapsed_s: float
    saved_s: float


class StudiesTable(Answer, frozen=True, kw_only=True):
    """A part of the studies; `total` in all. Those that run stand apart."""

    total: int
    rows: list[StudyRow]
    running: list[RunningStudy]


class Trial(Answer, frozen=True, kw_only=True):
    """One configuration.

    Parameters
    ----------
    params : list
        In the order of the study's `params`; numbers stay numbers, all else is text.
    means, stds : list of Number or None
        Over the folds, in the order of the study's `metrics`.
    folds : list of list of Number or None
        The scores themselves: for each metric those of each fold, null where the trial was stopped.
    rewrite : str
        By which rewrite its result was derived from another's; "" for none.
    resource : float or None
        What a rung gave it; None without rungs.
    stopped_after : int or None
        On how many folds it ran before it had lost the race; None where it ran on all.
    reused_folds : int or None
        How many of its scores the store knew; None where that was not recorded.
    """

    number: int
    rank: int
    params: list[Cell]
    means: list[Number | None]
    stds: list[Number | None]
    folds: list[list[Number | None]]
    fit_s: float | None
    rewrite: str
    resource: float | None
    stopped_after: int | None
    reused_folds: int | None


class StudyAccount(Answer, frozen=True, kw_only=True):
    """What a study cost when it was first made.

    Parameters
    ----------
    tasks : int
        Trials times folds: the fits that would have run without reuse.
    fits, transforms : int
        Estimators and transformers that were fitted.
    reused : int
        Tasks that the store, or another trial with the same stages, answered.
    plain : int
        Tasks executed outside the plan.
    elapsed_s, saved_s : float
        Seconds on the wall; seconds that the reused tasks took when they were computed.
    """

    tasks: int
    fits: int
    transforms: int
    reused: int
    plain: int
    elapsed_s: float
    saved_s: float


class ImportanceQuery(Query, frozen=True, kw_only=True):
    """For which metric; the first one by default."""

    metric: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Mattered(Answer, frozen=True, kw_only=True):
    """How much of the spread of a metric a param explains, from 0 to 1.

    Parameters
    ----------
    alone : float
        By itself.
    share : float
        By itself and together with others.
    """

    param: str
    alone: float
    share: float


class Together(Answer, frozen=True, kw_only=True):
    """What two params explain together beyond what each explains alone."""

    params: list[str]
    share: float


class StudyImportance(Answer, frozen=True, kw_only=True):
    """Which params mattered, by the variance of a forest over the trials (fANOVA).

    Parameters
    ----------
    trials : int
        How many have a finite value of the metric.
    explained : float
        R² of the forest on trials that its trees did not see; near 0 or below, the shares say
        little.
    params : list of Mattered
        Every param, most first.
    pairs : list of Together
        The strongest pairs, most first.
    """

    metric: str
    trials: int
    explained: float
    params: list[Mattered]
    pairs: list[Together]


class StudyDetail(Answer, frozen=True, kw_only=True):
    """One study with its trials, best first.

    Parameters
    ----------
    resource : str
        The param that rungs set; "" without rungs. It is not one of `params`.
    account : StudyAccount or None
        None for studies of earlier versions, and while it runs.
    running : RunningStudy or None
        How far it is; None when it is finished. A search that ended is answered as its study.
    """

    id: str
    created_ms: int
    estimator: str
    data: str
    params: list[str]
    metrics: list[str]
    folds: int | None
    resource: str
    trials: list[Trial]
    wall_s: float
    account: StudyAccount | None
    running: RunningStudy | None


ROUTES = (
    Route(
        "studies.list",
        "GET",
        "/studies",
        "List studies",
        StudiesTable,
        StudiesQuery,
    ),
    Route(
        "studies.get",
        "GET",
        "/studies/{id}",
        "Return a study with its trials, or a search that runs",
        StudyDetail,
    ),
    Route(
        "studies.importance",
        "GET",
        "/studies/{id}/importance",
        "Say which params of a study mattered",
        StudyImportance,
        ImportanceQuery,
    ),
)
