"""Where to draw a cascade's lines: the cheapest that keep a bound on the loss.

Costs are as in NoScope's section 6: every row pays the difference detector, what it lets through
pays the cheap model, what that leaves open pays the dear one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter

_ENDLESS = math.inf


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds a row: of the difference detector, of the cheap and of the dear model."""

    cheap_s: float
    dear_s: float
    difference_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The lines, and what they cost and lose on the held rows.

    Parameters
    ----------
    low, high : float
        Of two classes: the second one's probability up to which, and from which on, the cheap model
        decides.
    sure : float
        Of more classes: the highest probability from which on it decides.
    difference : float or None
        Distance below which the last answer is repeated; None: never.
    rows : int
        Held rows.
    loss : float
        Share of them with another answer than the dear model's.
    loss_bound : float
        What the loss is below, with the confidence that was asked for, where rows are independent.
    cost_s, dear_s : float
        Seconds a row with the cascade, and with the dear model alone.
    shares : tuple of three floats
        Rows answered by repetition, by the cheap model, by the dear one.
    """

    low: float
    high: float
    sure: float
    difference: float | None
    rows: int
    loss: float
    loss_bound: float
    cost_s: float
    dear_s: float
    shares: tuple[float, float, float]

    @property
    def speedup(self) -> float:
        """How many times cheaper than the dear model alone, on the held rows."""
        return self.dear_s / self.cost_s

    @property
    def text(self) -> str:
        """One sentence for people."""
        repeated, cheap, dear = self.shares
        return (
            f"{self.speedup:.1f}x cheaper: {repeated:.1%} repeated, {cheap:.1%} by the cheap "
            f"model, {dear:.1%} by the dear one; loss {self.loss:.2%} (< {self.loss_bound:.2%}) "
            f"on {self.rows} held rows"
        )

    def decided(self, scores: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the class that the cheap model decides for each row; −1 where it does not.

        Parameters
        ----------
        scores : (n_rows, n_classes) array
            Its probabilities.
        """
        if scores.shape[1] == 2:
            second = scores[:, 1]
            return np.where(second >= self.high, 1, np.where(second <= self.low, 0, -1))
        best = np.argmax(scores, axis=1)
        return np.where(scores[np.arange(len(scores)), best] >= self.sure, best, -1)


@dataclass(frozen=True, slots=True)
class Runs:
    """Held rows as runs of rows without a difference; the first of each is answered by a model.

    Parameters
    ----------
    difference : float or None
        The line by which they were cut.
    starts : (n_runs,) array
        Position of the first row of each.
    """

    difference: float | None
    starts: NDArray[np.intp]


def choose(
    scores: NDArray[np.float64],
    labels: NDArray[np.intp],
    costs: Costs,
    *,
    max_loss: float = 0.01,
    confidence: float = 0.95,
    runs: Sequence[Runs] = (),
) -> Choice:
    """Return the cheapest lines whose loss is surely below a bound.

    Parameters
    ----------
    scores : (n_rows, n_classes) array
        The cheap model's probabilities of the held rows.
    labels : (n_rows,) array of int
        The class that the dear model gives each, as its position.
    costs : Costs
        What each stage costs.
    max_loss : float, default 0.01
        Share of rows that may get another answer than the dear model's.
    confidence : float, default 0.95
        With which the loss on other rows is below `max_loss` (one-sided Clopper-Pearson bound), if
        they are independent draws; neighbouring frames are not, so verify on another segment.
    runs : sequence of Runs, optional
        Ways to cut the rows by a difference detector, in addition to none.

    Returns
    -------
    Choice
        One that asks the dear model alone where nothing cheaper keeps the bound.
    """
    if scores.ndim != 2 or scores.shape[1] < 2 or len(scores) != len(labels) or not len(scores):
        raise InvalidParameter(
            "held rows of a cascade",
            got=f"scores {scores.shape}, {len(labels)} labels",
            expected="probabilities (n_rows, n_classes) and as many labels",
        )
    budget = allowed_errors(len(labels), max_loss, confidence)
    alone = Runs(None, np.arange(len(labels)))
    found = [_dear_alone(len(labels), costs, confidence)]
    for cut in (alone, *runs):
        choice = _within(scores, labels, cut, costs, budget, confidence)
        found += [] if choice is None else [choice]
    return min(found, key=lambda choice: choice.cost_s)


def _dear_alone(n_rows: int, costs: Costs, confidence: float) -> Choice:
    bound = upper_bound(0, n_rows, confidence)
    lines = (-_ENDLESS, _ENDLESS, _ENDLESS, None)
    return Choice(*lines, n_rows, 0.0, bound, costs.dear_s, costs.dear_s, (0.0, 0.0, 1.0))


def _within(
    scores: NDArray[np.float64],
    labels: NDArray[np.intp],
    cut: Runs,
    costs: Costs,
    budget: int,
    confidence: float,
) -> Choice | None:
    """Return the lines that let the cheap model decide as many runs as the budget allows."""
    n_rows, n_classes = scores.shape
    # Rows of each run with each label: what a run's one answer gets wrong is the rest of them.
    held = np.zeros((len(cut.starts), n_classes), dtype=np.int64)
    run_of = np.searchsorted(cut.starts, np.arange(n_rows), side="right") - 1
    np.add.at(held, (run_of, labels), 1)
    length = held.sum(axis=1)
    at_start = labels[cut.starts]
    by_dear = length - held[np.arange(len(held)), at_start]
    left = budget - int(by_dear.sum())
    if left < 0:
        return None
    # What more goes wrong when a run is answered with each class instead of the dear model's.
    more = np.maximum(length[:, None] - held - by_dear[:, None], 0)
    first = scores[cut.starts]
    low, high, sure = (
        (*_two_sided(first[:, 1], more[:, 0], more[:, 1], left), _ENDLESS)
        if n_classes == 2
        else (-_ENDLESS, _ENDLESS, _one_sided(first, more, left))
    )
    lines = Choice(low, high, sure, cut.difference, 0, 0, 0, 0, 0, (0, 0, 0))
    decided = lines.decided(first)
    answer = np.where(decided < 0, at_start, decided)
    errors = int((length - held[np.arange(len(held)), answer]).sum())
    asked, dear = len(held) / n_rows, float((decided < 0).sum()) / n_rows
    difference_s = 0.0 if cut.difference is None else costs.difference_s
    return Choice(
        low,
        high,
        sure,
        cut.difference,
        n_rows,
        errors / n_rows,
        upper_bound(errors, n_rows, confidence),
        difference_s + asked * costs.cheap_s + dear * costs.dear_s,
        costs.dear_s,
        (1 - asked, asked - dear, dear),
    )


def _two_sided(
    second: NDArray[np.float64], wrong_low: Any, wrong_high: Any, budget: int
) -> tuple[float, float]:
    """Return the two lines on the second class's probability between which most rows are decided.

    Parameters
    ----------
    wrong_low, wrong_high : (n_rows,) array of int
        What each row costs of the budget when it is answered with the first and the second class.
    """
    order = np.argsort(second, kind="stable")
    ranked, n_rows = second[order], len(second)
    from_low = np.concatenate([[0], np.cumsum(wrong_low[order])])
    from_high = np.concatenate([[0], np.cumsum(wrong_high[order][::-1])])
    # Equal probabilities lie on one side of a line: only where they change may it run.
    steps = np.flatnonzero(np.diff(ranked) > 0) + 1
    lows = np.concatenate([[0], steps, [n_rows]])
    highs = n_rows - lows[::-1]
    lows = lows[from_low[lows] <= budget]
    reach = np.searchsorted(from_high[highs], budget - from_low[lows], side="right") - 1
    room = np.searchsorted(highs, n_rows - lows, side="right") - 1
    best = highs[np.minimum(reach, room)]
    at = int(np.argmax(lows + best))
    n_low, n_high = int(lows[at]), int(best[at])
    low = float(ranked[n_low - 1]) if n_low else -_ENDLESS
    return low, float(ranked[n_rows - n_high]) if n_high else _ENDLESS


def _one_sided(scores: NDArray[np.float64], more: NDArray[np.int64], budget: int) -> float:
    """Return the highest probability from which on most rows are decided within the budget."""
    rows = np.arange(len(scores))
    best = np.argmax(scores, axis=1)
    sure = scores[rows, best]
    order = np.argsort(-sure, kind="stable")
    wrong = np.concatenate([[0], np.cumsum(more[rows, best][order])])
    ranked = sure[order]
    ends = np.concatenate([[0], np.flatnonzero(np.diff(ranked) < 0) + 1, [len(ranked)]])
    taken = ends[wrong[ends] <= budget].max()
    return float(ranked[taken - 1]) if taken else _ENDLESS


def allowed_errors(n_rows: int, max_loss: float, confidence: float) -> int:
    """Return the most errors on held rows whose upper bound is within the loss; −1: none is."""
    low, high = -1, n_rows
    while low < high:
        middle = (low + high + 1) // 2
        if upper_bound(middle, n_rows, confidence) <= max_loss:
            low = middle
        else:
            high = middle - 1
    return low


def upper_bound(errors: int, n_rows: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson bound of a share of which `errors` were seen."""
    if errors >= n_rows:
        return 1.0
    low, high = errors / n_rows, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(errors, n_rows, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(errors: int, n_rows: int, share: float) -> float:
    """Return the chance of at most so many errors in independent rows."""
    if share <= 0.0 or share >= 1.0:
        return float(share <= 0.0)
    seen = np.arange(errors + 1)
    counts = np.concatenate([[0.0], np.cumsum(np.log(n_rows - seen[:-1]) - np.log(seen[1:]))])
    terms = counts + seen * math.log(share) + (n_rows - seen) * math.log1p(-share)
    top = float(terms.max())
    return float(math.exp(top) * np.exp(terms - top).sum())
