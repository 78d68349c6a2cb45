"""What labelling functions cover, where they overlap and disagree, and how right they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.errors import InvalidParameter
from clew.label.matrix import ABSTAIN, LabelMatrix, Votes, as_votes


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """One function's share of the rows, and what came of its votes.

    Parameters
    ----------
    polarity : tuple of int
        The classes that it names.
    coverage, overlaps, conflicts : float
        Share of the rows on which it votes; on which another votes too; on which another votes
        for another class.
    correct, incorrect : int, optional
        Votes that are right and wrong, where true classes are given.
    """

    name: str
    polarity: tuple[int, ...]
    coverage: float
    overlaps: float
    conflicts: float
    correct: int | None = None
    incorrect: int | None = None

    @property
    def accuracy(self) -> float | None:
        """Share of its votes that are right; None where no true class is known."""
        if self.correct is None or self.incorrect is None or not self.correct + self.incorrect:
            return None
        return self.correct / (self.correct + self.incorrect)


@dataclass(frozen=True, slots=True)
class Analysis:
    """A report for each function, and of all together.

    Parameters
    ----------
    functions : tuple of FunctionReport
    rows : int
    coverage, conflicts : float
        Share of the rows on which any function votes, and on which two name different classes.
    gaps : array of int
        Rows on which no function votes.
    """

    functions: tuple[FunctionReport, ...]
    rows: int
    coverage: float
    conflicts: float
    gaps: NDArray[np.intp]

    def __iter__(self) -> Iterator[FunctionReport]:
        return iter(self.functions)

    def __str__(self) -> str:
        width = max(len("function"), *(len(each.name) for each in self.functions))
        head = f"{'function':<{width}}  classes   covers  overlaps  conflicts  accuracy"
        lines = [head]
        for each in self.functions:
            right = "" if each.accuracy is None else f"{each.accuracy:.3f}"
            classes = ",".join(map(str, each.polarity)) or "none"
            lines.append(
                f"{each.name:<{width}}  {classes:<7}  {each.coverage:>6.1%}  {each.overlaps:>8.1%}"
                f"  {each.conflicts:>9.1%}  {right:>8}".rstrip()
            )
        lines.append(
            f"{self.rows} rows: {self.coverage:.1%} covered, {self.conflicts:.1%} in conflict, "
            f"{len(self.gaps)} without a vote"
        )
        return "\n".join(lines)


def analyze(matrix: ArrayLike | LabelMatrix, y: ArrayLike | None = None) -> Analysis:
    """Report on labelling functions.

    Parameters
    ----------
    matrix : LabelMatrix or array of int, shape (rows, functions)
    y : array of int, shape (rows,), optional
        True classes, where they are known; -1 where not.
    """
    votes = as_votes(matrix)
    width = votes.shape[1]
    names = (
        matrix.names
        if isinstance(matrix, LabelMatrix)
        else tuple(f"function {i}" for i in range(width))
    )
    truth = None if y is None else _truth(y, len(votes))
    cast = votes != ABSTAIN
    several = cast.sum(axis=1) > 1
    split = _split(votes, cast)
    reports = []
    for index, name in enumerate(names):
        voted = cast[:, index]
        conflict = voted & split & _others_differ(votes, cast, index)
        right = wrong = None
        if truth is not None:
            judged = voted & (truth != ABSTAIN)
            right = int((votes[judged, index] == truth[judged]).sum())
            wrong = int(judged.sum()) - right
        polarity = tuple(int(c) for c in np.unique(votes[voted, index]))
        overlaps = float((voted & several).mean())
        covers = float(voted.mean())
        reports.append(
            FunctionReport(name, polarity, covers, overlaps, float(conflict.mean()), right, wrong)
        )
    any_vote = cast.any(axis=1)
    return Analysis(
        tuple(reports),
        len(votes),
        float(any_vote.mean()),
        float(split.mean()),
        np.flatnonzero(~any_vote),
    )


def disagreement(shares: ArrayLike) -> NDArray[np.float64]:
    """Return how undecided each row is: the entropy of its probabilities, 0 to 1.

    Parameters
    ----------
    shares : array, shape (rows, classes)
        What `predict_proba` returns. The rows with the highest value are those to look at next.
    """
    p = np.asarray(shares, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2 or not ((p >= 0) & (p <= 1 + 1e-9)).all():
        raise InvalidParameter("These are no probabilities of classes.", got=f"shape {p.shape}")
    logs = np.log(p, where=p > 0, out=np.zeros_like(p))
    entropy: NDArray[np.float64] = -(p * logs).sum(axis=1) / np.log(p.shape[1])
    return entropy


def _split(votes: Votes, cast: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which rows have votes for different classes."""
    high = np.where(cast, votes, -1).max(axis=1)
    low = np.where(cast, votes, np.iinfo(votes.dtype).max).min(axis=1)
    split: NDArray[np.bool_] = cast.any(axis=1) & (low < high)
    return split


def _others_differ(votes: Votes, cast: NDArray[np.bool_], index: int) -> NDArray[np.bool_]:
    differ: NDArray[np.bool_] = (cast & (votes != votes[:, [index]])).any(axis=1)
    return differ


def _truth(y: ArrayLike, rows: int) -> NDArray[np.int64]:
    truth = np.asarray(y)
    if truth.shape != (rows,) or truth.dtype.kind not in "iu":
        raise InvalidParameter(
            "True classes are whole numbers, one for each row.",
            got=f"shape {truth.shape} of {truth.dtype}",
            expected=f"shape ({rows},)",
        )
    return truth.astype(np.int64)
