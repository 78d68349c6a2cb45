"""Two models on the same rows: what each row gained or lost, and where the rows lie that did.

Groups of rows are searched for on one half of the rows and judged on the other, so that what is
told of them is no luck of the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clew.debug.gates.rows import told
from clew.debug.reports import intervals
from clew.debug.slices import Value, find_slices, index
from clew.debug.slices.index import unpacked
from clew.errors import InvalidParameter, MissingExtra

Kind = Literal["won", "lost", "changed"]


@dataclass(frozen=True, slots=True)
class Flip:
    """A row that the two models answer otherwise.

    Parameters
    ----------
    row : object
        Its id, or its position.
    kind : {"won", "lost", "changed"}
        The new model is nearer the truth, farther from it, or wrong in another way.
    gain : float
        Of numbers, by how much the error fell; else 1, -1 or 0.
    """

    row: Any
    truth: Any
    old: Any
    new: Any
    kind: Kind
    gain: float


@dataclass(frozen=True, slots=True)
class Change:
    """A group of rows, and the mean gain of its rows on the half that did not choose it.

    Parameters
    ----------
    rows, won, lost : int
        On that half.
    gain, low, high : float
        Mean gain, with an interval that holds for all groups that are told of together.
    """

    where: tuple[Value, ...]
    rows: int
    won: int
    lost: int
    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return " and ".join(map(str, self.where))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two models on the same rows.

    Parameters
    ----------
    rows, same, won, lost, changed : int
        Rows; of these, answered alike, and as `Flip` has it.
    gain, low, high : float
        Mean gain: the difference of the accuracies, or by how much the mean absolute error fell.
    p_value : float
        How probable such a difference is, either way, when there is none.
    flips : tuple of Flip
        The largest losses first.
    gained, slipped : tuple of Change
        Groups of rows that gained, and that lost, the most.
    """

    rows: int
    same: int
    won: int
    lost: int
    changed: int
    gain: float
    low: float
    high: float
    p_value: float
    flips: tuple[Flip, ...]
    gained: tuple[Change, ...]
    slipped: tuple[Change, ...]


def compare(
    rows: Any,
    truth: Any,
    old: Any,
    new: Any,
    *,
    ids: Sequence[Any] | None = None,
    numbers: bool = False,
    count: int = 5,
    predicates: int = 2,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Return what differs between two models.

    Parameters
    ----------
    rows : frame, or mapping of str to array
        What groups are made of.
    truth, old, new : array of shape (rows,)
        The labels, and the answers of the two models.
    ids : sequence, optional
        What names rows; else their position does.
    numbers : bool
        Answers are numbers: what counts is the absolute error.
    count : int
        So many groups that gained, and that lost, at most.
    predicates : int
        How many values a group has at most.
    confidence : float
        Of the intervals.
    seed : int
        Of the halves.

    Raises
    ------
    InvalidParameter
        When lengths differ, or there are no rows.
    """
    sides = [np.asarray(one) for one in (truth, old, new)]
    n = len(sides[0])
    names = list(range(n)) if ids is None else list(ids)
    lengths = [*map(len, sides), len(names)]
    if not n or set(lengths) != {n}:
        raise InvalidParameter(
            "labels and answers of both models for each row",
            got=", ".join(map(str, lengths)),
        )
    gain, differ = _gains(sides, numbers=numbers)
    alpha = 1 - confidence
    whole = intervals.mean(gain, alpha)
    won, lost = int((gain > 0).sum()), int((gain < 0).sum())
    found = _slices(rows, gain, count, predicates, alpha, seed)
    return Comparison(
        rows=n,
        same=int((~differ).sum()),
        won=won,
        lost=lost,
        changed=int((differ & (gain == 0)).sum()),
        gain=whole["value"],
        low=whole["low"],
        high=whole["high"],
        p_value=_p_value(gain, won, lost, numbers=numbers),
        flips=_flips(sides, gain, differ, names),
        gained=found[0],
        slipped=found[1],
    )


def _gains(
    sides: Sequence[NDArray[Any]], *, numbers: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return what each row gained, and which are answered otherwise."""
    if numbers:
        truth, old, new = (one.astype(float) for one in sides)
        return np.abs(old - truth) - np.abs(new - truth), np.not_equal(old, new)
    texts = [np.array([told(value) for value in one.tolist()]) for one in sides]
    truth, old, new = texts
    gain = (new == truth).astype(float) - (old == truth)
    return gain, np.not_equal(old, new)


def _p_value(gain: NDArray[np.float64], won: int, lost: int, *, numbers: bool) -> float:
    """Return the exact sign test's of classes, of numbers that of the paired t-test."""
    try:
        from scipy.stats import binomtest, ttest_1samp
    except ImportError as error:
        raise MissingExtra("comparing needs SciPy", hint="pip install 'clew[sklearn]'") from error
    if not won + lost:
        return 1.0
    if not numbers:
        return float(binomtest(won, won + lost).pvalue)
    if len(gain) < 2 or not gain.std():
        return 1.0
    return float(ttest_1samp(gain, 0.0).pvalue)


def _flips(
    sides: Sequence[NDArray[Any]],
    gain: NDArray[np.float64],
    differ: NDArray[np.bool_],
    names: Sequence[Any],
) -> tuple[Flip, ...]:
    rows = np.flatnonzero(differ)
    rows = rows[np.argsort(gain[rows], kind="stable")]
    truth, old, new = (one.tolist() for one in sides)
    return tuple(
        Flip(names[row], truth[row], old[row], new[row], _kind(gain[row]), float(gain[row]))
        for row in rows.tolist()
    )


def _kind(gain: float) -> Kind:
    return "won" if gain > 0 else "lost" if gain < 0 else "changed"


def _slices(
    rows: Any, gain: NDArray[np.float64], count: int, predicates: int, alpha: float, seed: int
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return groups that gained and that lost: searched on one half, judged on the other."""
    whole = index(rows)
    chosen = np.random.default_rng(seed).permutation(len(gain)) < len(gain) // 2
    searched = []
    for sign in (1, -1):
        # Rows of the other half count as neither, so the search does not see them.
        hits = np.where(chosen, np.maximum(sign * gain, 0), 0)
        best = find_slices(whole, hits, count=count, predicates=predicates, least_rows=0.02)
        searched.append([one for one in best if one.score > 0][:count])
    told_of = sum(map(len, searched))
    place = {value: at for at, value in enumerate(whole.values)}
    found = []
    for sign, slices in zip((1, -1), searched, strict=True):
        changes = []
        for one in slices:
            bits = np.bitwise_and.reduce(whole.bits[[place[value] for value in one.where]], axis=0)
            judged = gain[unpacked(bits, len(gain)) & ~chosen]
            if len(judged) > 1:
                changes.append(_change(one.where, judged, alpha / told_of))
        found.append(tuple(change for change in changes if sign * change.gain > 0))
    return found[0], found[1]


def _change(where: tuple[Value, ...], gain: NDArray[np.float64], alpha: float) -> Change:
    seen = intervals.mean(gain, alpha)
    won, lost = int((gain > 0).sum()), int((gain < 0).sum())
    return Change(where, len(gain), won, lost, seen["value"], seen["low"], seen["high"])
