"""Which rows candidates are fitted on, and which ones judge them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter
from clew.select.automl.task import Floats, Task

Rows = NDArray[np.int64]
Fold = tuple[Rows, Rows]

_HELD_SHARE_ROWS = 60_000
_HELD_SHARE = 0.15
_JUDGED_SHARE = 0.5


def folds_of(y: Floats, task: Task, count: int, seed: int) -> list[Fold]:
    """Return pairs of rows to fit and rows that are held; each class is in every fitted part.

    Classes are kept in proportion. A class with fewer rows than folds is fitted by all folds and
    judged by none. Beyond 60,000 rows there is a single held part.

    Raises
    ------
    InvalidParameter
        When so many classes are rare that no fold could judge a model.
    """
    rows, rng = np.arange(len(y)), np.random.default_rng(seed)
    single = len(y) > _HELD_SHARE_ROWS
    if task.kind == "regression":
        held = [
            np.sort(part) for part in np.array_split(rng.permutation(rows), _parts(count, single))
        ]
    else:
        count = count if single else _fewer(y, count)
        held = _stratified(y, _parts(count, single), rng)
    if single:
        held = held[:1]
    return [(np.setdiff1d(rows, part), part) for part in held]


def _parts(count: int, single: bool) -> int:
    return round(1 / _HELD_SHARE) if single else count


def _fewer(y: Floats, count: int) -> int:
    """Return how many folds leave half of the rows to classes that each fold can have."""
    sizes = np.unique(y, return_counts=True)[1]
    for folds in range(count, 1, -1):
        common = sizes[sizes >= folds]
        if len(common) > 1 and common.sum() >= _JUDGED_SHARE * len(y):
            return folds
    raise InvalidParameter(
        "Too few rows of each class to judge a model.",
        got=f"{len(sizes)} classes, {int((sizes < 2).sum())} of them with one row",
        expected="two classes with two rows at least",
        hint='kind="regression" for numbers; leave rare classes out, or put them together',
    )


def _stratified(y: Floats, parts: int, rng: np.random.Generator) -> list[Rows]:
    """Deal the rows of each class out to parts; those of a class with fewer rows to none."""
    dealt: list[list[Rows]] = [[] for _ in range(parts)]
    turn = 0
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        if len(members) < parts:
            continue
        for place, part in enumerate(np.array_split(members, parts)):
            # Each class begins elsewhere, so that parts are of one size.
            dealt[(turn + place) % parts].append(part)
        turn += len(members) % parts
    return [np.sort(np.concatenate(part)) for part in dealt]
