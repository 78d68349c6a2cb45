"""What a trial's budget buys: rows, folds, seconds, epochs, rounds, trees, or a parameter."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import type_of_target

from clew.errors import InvalidParameter
from clew.select.epochs import Epochs
from clew.select.halving import GROWS
from clew.select.study import Study

KINDS = ("rows", "folds", "seconds", "epochs", "rounds", "trees")
_ENSEMBLES = ("rounds", "trees")


@dataclass(frozen=True, slots=True)
class Resource:
    """The unit of budgets, and how one is spent.

    Parameters
    ----------
    name : str
        One of `KINDS`, or a parameter of the estimator (``"model__n_estimators"``).
    least, most : float
        Budgets of the first and the last rung.
    """

    name: str
    least: float
    most: float

    def parameters(self, estimator: Any, budget: float) -> dict[str, Any]:
        """Return the parameters that a budget sets; none where it is not spent by parameters."""
        if self.name in ("rows", "folds", "seconds", "epochs"):
            return {}
        if self.name not in _ENSEMBLES:
            return {self.name: int(budget)}
        step, final = _final(estimator)
        own = GROWS.get(type(final)) or _counts(final)
        return {f"{step}__{own}" if step else own: int(budget)} if own else {}

    def finish(self, estimator: Any, budget: float) -> Any:
        """Return an estimator that makes so many passes, where the budget is epochs."""
        step, final = _final(estimator)
        if self.name != "epochs" or not hasattr(final, "partial_fit"):
            return estimator
        wrapped = Epochs(clone(final), int(budget))
        if not step:
            return wrapped
        pipeline = copy.copy(estimator)
        pipeline.steps = [*estimator.steps[:-1], (step, wrapped)]
        return pipeline

    @property
    def by_rows(self) -> bool:
        """Whether it decides how many rows are trained on."""
        return self.name == "rows"


def resource_of(name: str | None, budget: Any, study: Study) -> Resource:
    """Return the resource of a search.

    Parameters
    ----------
    name : str or None
        See `Resource`; None: all rows.
    budget : (float, float) or None
        By default a ninth of the rows to all of them, or one fold to all.

    Raises
    ------
    InvalidParameter
        When a resource has no natural bounds and none are given, or they are out of reach.
    """
    rows = min(len(train) for train, _ in study.splits)
    usual = {"rows": (max(2, rows // 9), rows), "folds": (1, len(study.splits))}
    name = name or "rows"
    if budget is None and name not in usual:
        raise InvalidParameter(f"{name!r} needs a budget.", expected="budget=(least, most)")
    least, most = (float(bound) for bound in (usual[name] if budget is None else budget))
    if name == "rows" and most <= 1:  # shares of the rows
        least, most = round(least * rows), round(most * rows)
    top = {"rows": rows, "folds": len(study.splits)}.get(name, np.inf)
    if not 0 < least <= most <= top or (name != "seconds" and least < 1):
        raise InvalidParameter(
            f"These budgets of {name} are out of reach.",
            got=f"{least:g} to {most:g}",
            expected=f"1 <= least <= most <= {top:g}",
        )
    return Resource(name, float(least), float(most))


def fewer_rows(study: Study, count: int, seed: int) -> Study:
    """Return a study whose folds train on `count` rows, each class in its share.

    A smaller count takes a part of what a larger one takes. As many as the smallest fold has are
    all rows of every fold: folds differ in size by a row, and none may lose it.
    """
    if count >= min(len(train) for train, _ in study.splits):
        return study
    splits = [(first_rows(study.y, train, count, seed), test) for train, test in study.splits]
    return replace(study, splits=splits)


def first_rows(y: Any, train: Any, count: int, seed: int) -> Any:
    """Return the `count` rows of a fold that go first, each class in its share."""
    rows = np.asarray(train)
    rows = np.flatnonzero(rows) if rows.dtype == bool else rows
    if count >= len(rows):
        return train
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    place = np.arange(len(rows), dtype=float)
    if y is not None and type_of_target(y) in ("binary", "multiclass"):
        classes = np.asarray(_safe_indexing(y, rows))[shuffled]
        for each in np.unique(classes):
            members = np.flatnonzero(classes == each)
            place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(rows[shuffled[np.argsort(place, kind="stable")[:count]]])


def _final(estimator: Any) -> tuple[str, Any]:
    if type(estimator) is Pipeline and estimator.steps:
        name, final = estimator.steps[-1]
        return str(name), final
    return "", estimator


def _counts(final: Any) -> str:
    names: Mapping[str, Any] = final.get_params(deep=False) if hasattr(final, "get_params") else {}
    return "n_estimators" if "n_estimators" in names else ""
