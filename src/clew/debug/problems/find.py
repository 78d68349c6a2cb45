"""All checks of a split in one report, whose false alarms are bounded together.

Tests of chance (shift by column) share the probability `alpha` by the procedure of Benjamini and
Hochberg (1995): when nothing is wrong, and columns are independent or depend positively on each
other, any of them alarms with that probability at most. What is no matter of chance (a group on
both sides, a column that alone tells the target) has a bar of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.problems import leaks, shift
from clew.debug.problems.columns import Column, columns_of
from clew.errors import InvalidParameter, MissingExtra

Kind = Literal["leakage", "duplicates", "groups", "time", "shift", "over-fit", "imbalance"]
_TOLERATED = 0.05
_RARE = 0.02


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong.

    Parameters
    ----------
    kind : str
        ``leakage``, ``duplicates``, ``groups``, ``time``, ``shift``, ``over-fit``, ``imbalance``.
    columns : tuple of str
        The columns that carry it.
    reason : str
        Why, in one sentence.
    p_value : float or None
        How probable what was seen is when nothing is wrong; None where that is no matter of chance.
    size : float
        How large it is: of a shift the population stability index, of a leak the share of the
        target that is told, of an over-fit the gap.
    """

    kind: Kind
    columns: tuple[str, ...]
    reason: str
    p_value: float | None
    size: float


def find_problems(
    train: Any,
    test: Any,
    *,
    target: str | None = None,
    scored: tuple[Sequence[Any], Sequence[Any]] | None = None,
    groups: str | None = None,
    time: str | None = None,
    alpha: float = 0.01,
) -> tuple[Problem, ...]:
    """Return what is wrong with two parts of a table.

    Parameters
    ----------
    train, test : frame, or mapping of str to array
        The rows that a model is fitted on and those that it is judged on, with the same columns.
    target : str, optional
        The column that is predicted: asks for leakage and imbalance.
    scored : (sequence, sequence), optional
        Whether a model is right on each row of both: asks for over-fitting.
    groups : str, optional
        A column whose values must not be on both sides, such as a customer's number.
    time : str, optional
        A column by which rows of the test lie after all rows of the training.
    alpha : float
        The probability that shift or over-fitting is told of when there is none.

    Raises
    ------
    InvalidParameter
        When the columns differ, or a part has no rows.
    """
    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise MissingExtra("problems need SciPy", hint="pip install 'clew[sklearn]'") from error
    left, right = columns_of(train), columns_of(test)
    if set(left) != set(right):
        differ = sorted(set(left) ^ set(right))
        raise InvalidParameter("the parts have the same columns", got=f"only in one: {differ}")
    for name in (target, groups, time):
        if name is not None and name not in left:
            raise InvalidParameter("no such column", got=name, expected=", ".join(left))
    asked = [name for name in left if name not in (groups, time)]
    found: list[Problem] = []
    found += _sides(left, right, groups, time)
    found += _twins(left, right, asked)
    if target is not None:
        features = [name for name in asked if name != target]
        found += _leaks(left, right, features, target, ordered=time is not None)
        found += _imbalance(left[target], target)
    found += _shifts(left, right, asked, alpha / (1 if scored is None else 2))
    if scored is not None:
        found += overfitting(np.asarray(scored[0]), np.asarray(scored[1]), alpha / 2)
    return tuple(found)


def _sides(
    left: dict[str, Column], right: dict[str, Column], groups: str | None, time: str | None
) -> list[Problem]:
    found: list[Problem] = []
    if groups is not None:
        both = set(left[groups].texts) & set(right[groups].texts)
        if both:
            share = float(np.isin(right[groups].texts, sorted(both)).mean())
            said = f"{len(both)} values are on both sides, {min(both)!r} among them"
            found.append(Problem("groups", (groups,), said, None, share))
    if time is not None:
        late, early = left[time].numbers.max(), right[time].numbers.min()
        if late >= early:
            share = float((right[time].numbers <= late).mean())
            said = "rows of the test do not lie after all rows of the training"
            found.append(Problem("time", (time,), said, None, share))
    return found


def _twins(left: dict[str, Column], right: dict[str, Column], asked: list[str]) -> list[Problem]:
    count, expected, spread = leaks.twins(
        [left[name] for name in asked], [right[name] for name in asked]
    )
    if count <= expected + leaks.SURE * max(spread, 1.0):
        return []
    rows = len(next(iter(right.values())).texts)
    said = f"{count} of {rows} test rows are in the training; by chance it would be {expected:.0f}"
    return [Problem("duplicates", (), said, None, count / rows)]


def _leaks(
    left: dict[str, Column],
    right: dict[str, Column],
    features: list[str],
    target: str,
    *,
    ordered: bool,
) -> list[Problem]:
    found = []
    for name in features:
        told, lag = leaks.told(
            left[name], right[name], left[target], right[target], ordered=ordered
        )
        if told >= leaks.ALONE:
            when = "" if lag == 0 else f" of {lag} rows later"
            said = f"{name!r} alone tells {told:.1%} of the target{when}"
            found.append(Problem("leakage", (name,), said, None, told))
    return found


def _imbalance(target: Column, name: str) -> list[Problem]:
    if target.is_number and len(set(target.texts)) > 20:
        return []
    values, sizes = np.unique(target.texts, return_counts=True)
    share = float(sizes.min() / sizes.sum())
    if share >= _RARE and len(values) > 1:
        return []
    said = f"{values[sizes.argmin()]!r} is {share:.2%} of {name!r}: accuracy says little"
    return [Problem("imbalance", (name,), said, None, share)]


def _shifts(
    left: dict[str, Column], right: dict[str, Column], asked: list[str], alpha: float
) -> list[Problem]:
    tested = [(name, *shift.compared(left[name], right[name])) for name in asked]
    tested.sort(key=lambda one: one[1])
    last = 0
    for rank, (_, p_value, _) in enumerate(tested, 1):
        if p_value <= alpha * rank / len(tested):
            last = rank
    return [
        Problem("shift", (name,), f"{name!r} is distributed otherwise", p_value, size)
        for name, p_value, size in tested[:last]
    ]


def overfitting(train: NDArray[Any], test: NDArray[Any], alpha: float) -> list[Problem]:
    """Tell of a gap that is larger than what is tolerated, beyond chance.

    Parameters
    ----------
    train, test : array of bool
        Where a model is right.
    alpha : float
        The probability that a gap is told of when there is none beyond what is tolerated.
    """
    if not len(train) or not len(test):
        raise InvalidParameter("scores of both parts", got=f"{len(train)}, {len(test)}")
    from scipy.stats import norm

    seen, new = float(train.mean()), float(test.mean())
    spread = math.sqrt(seen * (1 - seen) / len(train) + new * (1 - new) / len(test))
    p_value = float(norm.sf((seen - new - _TOLERATED) / max(spread, 1e-12)))
    if p_value > alpha:
        return []
    said = f"right on {seen:.1%} of the training and {new:.1%} of the test"
    return [Problem("over-fit", (), said, p_value, seen - new)]
