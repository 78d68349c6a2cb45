"""Windows of answered rows against a reference, whose false alarms are bounded for each window.

A window is a fixed number of rows, judged once: so looking often costs nothing. Labels come late
and in part, so its errors are judged when 50, 100, 200, … of its labels have come, with a half, a
quarter, an eighth, … of the probability: together they spend no more than their share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates import binomial
from clew.debug.problems import shift
from clew.debug.problems.columns import Column, columns_of
from clew.errors import InvalidParameter, MissingExtra

Kind = Literal["drift", "answers", "quality", "assertion"]
ANSWER = "(answer)"
FIRST_LABELS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Rows that were answered one after another.

    Parameters
    ----------
    rows : frame, or mapping of str to array
        What was asked, by column.
    answers : sequence
        What was answered.
    errors : sequence of float
        Of the rows whose label came, in the order in which labels came: 0 or 1, or any numbers
        from 0.
    fired : mapping of str to int
        How often each assertion was violated.
    """

    rows: Any
    answers: Sequence[Any]
    errors: Sequence[float] = ()
    fired: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.answers)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What windows are compared with: rows of the model's fit, or a time when all was well.

    Parameters
    ----------
    rows : frame, or mapping of str to array
        With the columns of windows.
    answers : sequence
        Of the model to them.
    errors : sequence of float
        On rows that the model was not fitted on.
    fired : mapping of str to int
        How often each assertion was violated on them.
    """

    rows: Any
    answers: Sequence[Any]
    errors: Sequence[float] = ()
    fired: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that changed.

    Parameters
    ----------
    kind : {"drift", "answers", "quality", "assertion"}
        Columns, answers, errors, or assertions.
    columns : tuple of str
        The columns that carry it, the most changed first; the assertions that were violated.
    reason : str
        What changed, in one sentence.
    p_value : float
        How probable that is when nothing changed: of the surest column or assertion.
    size : float
        How large it is: of drift the population stability index, else the difference.
    """

    kind: Kind
    columns: tuple[str, ...]
    reason: str
    p_value: float
    size: float


def watch(
    reference: Reference, window: Window, *, alpha: float = 0.01, most_errors: float | None = None
) -> tuple[Alert, ...]:
    """Return what changed in a window.

    Parameters
    ----------
    alpha : float
        Probability that anything is told of a window in which nothing changed: a half for columns
        and answers, a quarter each for errors and assertions.
    most_errors : float, optional
        The share of wrong answers that is tolerated; by default what the reference has.

    Raises
    ------
    InvalidParameter
        When the columns differ, or one side has no rows.
    """
    try:
        import scipy  # noqa: F401
    except ImportError as error:
        raise MissingExtra("monitoring needs SciPy", hint="pip install 'clew[sklearn]'") from error
    found = _drift(reference, window, alpha / 2)
    found += _quality(reference.errors, window.errors, alpha / 4, most_errors)
    found += _assertions(reference, window, alpha / 4)
    return tuple(found)


def _drift(reference: Reference, window: Window, alpha: float) -> list[Alert]:
    left, right = columns_of(reference.rows), columns_of(window.rows)
    if set(left) != set(right):
        differ = sorted(set(left) ^ set(right))
        raise InvalidParameter("a window has the reference's columns", got=f"only in one: {differ}")
    sides = [*columns_of({ANSWER: reference.answers}).values()]
    sides += columns_of({ANSWER: window.answers}).values()
    tested = [(name, *_compared(left[name], right[name])) for name in left]
    tested.append((ANSWER, *_compared(sides[0], sides[1])))
    tested.sort(key=lambda one: one[1])
    last = 0
    for rank, (_, p_value, _) in enumerate(tested, 1):
        if p_value <= alpha * rank / len(tested):
            last = rank
    told = tested[:last]
    columns = sorted((one for one in told if one[0] != ANSWER), key=lambda one: -one[2])
    alerts = []
    if columns:
        names = tuple(name for name, _, _ in columns)
        said = f"{len(names)} of {len(left)} columns are distributed otherwise"
        surest = min(p_value for _, p_value, _ in columns)
        alerts.append(Alert("drift", names, said, surest, columns[0][2]))
    for name, p_value, size in told:
        if name == ANSWER:
            said = "the model answers otherwise than it did"
            alerts.append(Alert("answers", (), said, p_value, size))
    return alerts


def _compared(left: Column, right: Column) -> tuple[float, float]:
    """Compare known values; of numbers also how many are missing."""
    p_value, size = shift.compared(left, right)
    if not (left.is_number and right.is_number):
        return p_value, size
    gaps = [int(np.isnan(side.numbers).sum()) for side in (left, right)]
    if not any(gaps):
        return p_value, size
    here = [len(side.numbers) for side in (left, right)]
    counts = np.array([[gap, n - gap] for gap, n in zip(gaps, here, strict=True)])
    return min(1.0, 2 * min(p_value, _fisher(counts))), max(size, shift.stability(counts))


def _quality(
    before: Sequence[float], now: Sequence[float], alpha: float, bar: float | None
) -> list[Alert]:
    errors = np.asarray(now, dtype=float)
    if bar is None and not len(before):
        return []
    looks, labels = 1, FIRST_LABELS
    while labels <= len(errors):
        seen = errors[:labels]
        p_value, was = _worse(np.asarray(before, dtype=float), seen, bar)
        if p_value <= alpha / 2**looks:
            mean = float(seen.mean())
            said = f"mean error {mean:.4g} on the first {labels} labels, and was {was:.4g}"
            return [Alert("quality", (), said, p_value, mean - was)]
        looks, labels = looks + 1, 2 * labels
    return []


def _worse(
    before: NDArray[np.float64], now: NDArray[np.float64], bar: float | None
) -> tuple[float, float]:
    """Return how probable such errors are if they are as before, and the mean of those before."""
    counted = bool(np.isin(now, (0.0, 1.0)).all() and np.isin(before, (0.0, 1.0)).all())
    if bar is not None:
        if not counted:
            raise InvalidParameter("a bar for wrong answers", got="errors of numbers")
        from scipy.stats import binomtest

        tested = binomtest(int(now.sum()), len(now), bar, alternative="greater")
        return float(tested.pvalue), bar
    if counted:
        wrong = [int(side.sum()) for side in (now, before)]
        sizes = [len(now), len(before)]
        counts = np.array([[w, n - w] for w, n in zip(wrong, sizes, strict=True)])
        return _fisher(counts, "greater"), float(before.mean())
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(now, before, alternative="greater").pvalue), float(before.mean())


def _assertions(reference: Reference, window: Window, alpha: float) -> list[Alert]:
    if not window.fired:
        return []
    rows = len(reference.answers)
    tested = []
    for name, count in window.fired.items():
        was = reference.fired.get(name, 0)
        counts = np.array([[count, len(window) - count], [was, rows - was]])
        gain = count / len(window) - was / rows
        tested.append((_fisher(counts, "greater"), -gain, name))
    told = sorted(one for one in tested if one[0] <= alpha / len(tested))
    if not told:
        return []
    said = f"violated more often: {told[0][2]} by {-told[0][1]:.2%} of the rows more"
    names = tuple(name for _, _, name in told)
    return [Alert("assertion", names, said, told[0][0], -told[0][1])]


def _fisher(counts: NDArray[np.int64], alternative: str = "two-sided") -> float:
    from scipy.stats import fisher_exact

    return float(fisher_exact(counts, alternative=alternative)[1])


def interval(
    errors: Sequence[float], confidence: float = 0.95
) -> tuple[float, float, float] | None:
    """Return the share of wrong answers and an exact interval; None without labels or counts."""
    values = np.asarray(errors, dtype=float)
    if not len(values) or not np.isin(values, (0.0, 1.0)).all():
        return None
    n, wrong, tail = len(values), int(values.sum()), (1 - confidence) / 2
    return wrong / n, binomial.lower(n, wrong, tail), binomial.upper(n, wrong, tail)
