"""Runs side by side, and where their threads part."""

from __future__ import annotations

from typing import Annotated

import msgspec

from clew.api.rest.contract.basis import Answer, Id, Query
from clew.api.rest.contract.route import Route
from clew.entities.overview import Cell, RunRow


class CompareQuery(Query, frozen=True, kw_only=True):
    """Which runs.

    Parameters
    ----------
    differences : bool
        Leave out what is the same in all of them.
    """

    run: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=200)]
    differences: bool = False


class CompareRow(Answer, frozen=True, kw_only=True):
    """One key over all the runs.

    Parameters
    ----------
    values : list
        One for each run; null where it logged none.
    differs : bool
        Whether the runs do not all hold the same.
    """

    key: str
    values: list[Cell]
    differs: bool


class Comparison(Answer, frozen=True, kw_only=True):
    """Runs side by side. `attributes` are name, status, user, flow, code version, duration."""

    runs: list[RunRow]
    attributes: list[CompareRow]
    params: list[CompareRow]
    metrics: list[CompareRow]
    tags: list[CompareRow]
    datasets: list[CompareRow]


class DiffQuery(Query, frozen=True, kw_only=True):
    """Two runs, nodes or values, or ``RUN:STEP``."""

    a: Id
    b: Id


class Difference(Answer, frozen=True, kw_only=True):
    """One field in which two calls differ: ``code``, ``input bins``, ``file adult.csv`` ..."""

    field: str
    was: str
    now: str
    text: str


class Parting(Answer, frozen=True, kw_only=True):
    """A pair of calls at which two threads part.

    Parameters
    ----------
    a, b : str or None
        Ids of the nodes; null where one thread has no counterpart.
    """

    operation: str
    a: str | None
    b: str | None
    why: list[Difference]


class Diff(Answer, frozen=True, kw_only=True):
    """Where two threads part first; nothing when they are the same.

    Parameters
    ----------
    a_nodes, b_nodes, shared : int
        Nodes of each thread, and those that stand in both.
    """

    same: bool
    partings: list[Parting]
    a_nodes: int
    b_nodes: int
    shared: int


ROUTES = (
    Route(
        "runs.compare",
        "GET",
        "/runs/compare",
        "Put runs side by side",
        Comparison,
        CompareQuery,
    ),
    Route(
        "lineage.diff",
        "GET",
        "/lineage/diff",
        "Say where two threads part, and why",
        Diff,
        DiffQuery,
    ),
)
