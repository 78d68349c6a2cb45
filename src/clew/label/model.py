"""The label model: how far each function can be trusted, learnt from agreements alone.

Functions are taken as independent given the true class, each with a probability of each vote in
each class (Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", 1979); the parameters maximise the posterior under a prior that functions are better
than chance. Whether a function abstains is no evidence, as in Ratner et al., "Training complex
machine learning models with data programming", 2016.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.errors import InvalidParameter, InvalidState
from clew.label.blocks import Coded, Floats, code
from clew.label.majority import decided
from clew.label.matrix import LabelMatrix, Votes, as_votes, balance_of, classes_of
from clew.label.patterns import Patterns

_SAMPLE = 10_000  # Rows that the first estimate is made from.
_PRIOR_VOTES = 100.0  # What the prior weighs for a function that votes for several classes.
_SMALLEST = 1e-9
_MOST_ODDS = 700.0  # Logarithm: what its exponential can still hold.


@dataclass(frozen=True, slots=True)
class _Prior:
    """Counts of votes and rows that are added to those seen."""

    votes: Floats  # function, vote, truth
    rows: Floats  # truth


@dataclass(frozen=True, slots=True)
class _State:
    votes: Floats  # function, vote, truth: probability of the vote in the class
    balance: Floats


class LabelModel:
    """Learn the accuracy of labelling functions without labels; turn votes into probabilities.

    Parameters
    ----------
    n_classes : int
    accuracy : float
        How often a vote is right, as far as is known before: what the prior says of each function.
        A function that names one class only never disagrees with itself, so that agreements do
        not tell its accuracy from the frequency of the class (without a prior, expectation
        maximisation ends where one class takes all); there the prior weighs as much as the votes.
        Elsewhere it weighs 100 votes.
    tol : float, optional
        Iterations end when no probability changes by more; by default 1e-4, or a tenth of the
        sampling error where that is larger.
    max_iter : int

    Attributes
    ----------
    class_balance_ : array, shape (classes,)
    vote_probabilities_ : array, shape (functions, classes, classes)
        Probability that a function votes for the second in rows of the third.
    accuracies_ : array, shape (functions,)
        How often a vote of the function is right; NaN where it never votes.
    n_iter_ : int
        Passes over all rows.

    Examples
    --------
    >>> from clew.label import LabelModel
    >>> votes = [[1, 1, -1], [0, -1, 0], [1, -1, 0], [0, 0, 0], [1, 1, 1], [-1, 1, 1]]
    >>> LabelModel(n_classes=2).fit(votes).predict(votes).tolist()
    [1, 0, 0, 0, 1, 1]
    """

    def __init__(
        self,
        n_classes: int = 2,
        *,
        accuracy: float = 0.7,
        tol: float | None = None,
        max_iter: int = 500,
    ) -> None:
        self.n_classes = n_classes
        self.accuracy = accuracy
        self.tol = tol
        self.max_iter = max_iter

    def fit(
        self,
        votes: ArrayLike | LabelMatrix | Patterns,
        y: None = None,
        *,
        class_balance: Sequence[float] | ArrayLike | None = None,
    ) -> LabelModel:
        """Learn from a label matrix, or from the counts of its rows.

        Parameters
        ----------
        votes : array of int, shape (rows, functions), LabelMatrix or Patterns
            A class, or -1 where a function abstains.
        y : None
            Not used: there are no labels.
        class_balance : sequence of float, optional
            Share of each class where it is known; estimated otherwise.
        """
        classes = classes_of(self.n_classes)
        self._checked(classes)
        known = None if class_balance is None else balance_of(class_balance, classes)
        weights = votes.counts.astype(np.float64) if isinstance(votes, Patterns) else None
        matrix = as_votes(votes.votes if isinstance(votes, Patterns) else votes, classes)
        tol = self.tol or max(1e-4, 0.1 / math.sqrt(len(matrix)))
        state = None
        if weights is None and len(matrix) > 4 * _SAMPLE:
            part = code(_sample(matrix), classes)
            state, _ = self._run(part, None, known, tol)
        coded = code(matrix, classes, weights)
        state, self.n_iter_ = self._run(coded, state, known, tol)
        self.class_balance_ = state.balance
        self.vote_probabilities_ = state.votes
        self.accuracies_ = _accuracies(coded, state)
        return self

    def predict_proba(self, votes: ArrayLike | LabelMatrix) -> Floats:
        """Return the probability of each class, shape (rows, classes)."""
        state = self._fitted()
        classes = len(state.balance)
        matrix = as_votes(votes, classes)
        if matrix.shape[1] != len(state.votes):
            raise InvalidParameter(
                "These are votes of other functions.",
                got=f"{matrix.shape[1]} columns",
                expected=f"{len(state.votes)}, as in `fit`",
            )
        return np.stack(_posterior(code(matrix, classes), state), axis=1)

    def predict(self, votes: ArrayLike | LabelMatrix) -> NDArray[np.int64]:
        """Return the most probable class of each row; -1 where none is more so than the others."""
        return decided(self.predict_proba(votes))

    def _checked(self, classes: int) -> None:
        if not 1 / classes < self.accuracy < 1:
            raise InvalidParameter(
                "accuracy says that functions are better than chance.",
                got=str(self.accuracy),
                expected=f"a number between {1 / classes:.3g} and 1",
            )

    def _fitted(self) -> _State:
        if not hasattr(self, "vote_probabilities_"):
            raise InvalidState("This label model is not fitted.", hint="call fit(votes) first")
        return _State(self.vote_probabilities_, self.class_balance_)

    def _run(
        self, coded: Coded, state: _State | None, known: Floats | None, tol: float
    ) -> tuple[_State, int]:
        """Iterate until the probabilities stay, from the prior or from an earlier estimate."""
        prior, first = _prior(coded, self.accuracy, known)
        state = state or first
        for done in range(1, self.max_iter + 1):
            new = _step(coded, state, prior, known)
            moved = float(np.abs(new.votes - state.votes).max())
            state = new
            if moved < tol:
                return state, done
        warnings.warn(
            f"The label model still moved by {moved:.2g} after {self.max_iter} passes.",
            RuntimeWarning,
            stacklevel=3,
        )
        return state, self.max_iter


def _sample(matrix: Votes) -> Votes:
    return matrix[:: len(matrix) // _SAMPLE]


def _prior(coded: Coded, accuracy: float, known: Floats | None) -> tuple[_Prior, _State]:
    """Return the prior, and the state that it implies."""
    classes = coded.n_classes
    right = np.full((classes, classes), (1 - accuracy) / (classes - 1))
    np.fill_diagonal(right, accuracy)
    counts = coded.vote_counts()
    cast = counts.sum(axis=1)
    single = (counts > 0).sum(axis=1) <= 1
    weight = np.where(single, 1.0, np.minimum(1.0, _PRIOR_VOTES / np.maximum(cast, 1)))
    votes = counts[:, :, None] * right
    balance = known if known is not None else _majority(coded)
    share = max(
        cast[single].sum() / max(cast.sum(), 1.0), min(1.0, _PRIOR_VOTES / max(coded.size, 1.0))
    )
    first = np.maximum(votes / (coded.size * balance), _SMALLEST)
    prior = _Prior(votes * weight[:, None, None], share * coded.size * balance)
    return prior, _State(np.minimum(first, 1.0), balance)


def _majority(coded: Coded) -> Floats:
    """Return the shares of the classes among votes, each row counting once."""
    one = np.eye(coded.n_classes)
    shape = (coded.n_functions, coded.n_classes)
    counts = np.stack([coded.evidence(np.broadcast_to(row, shape)) for row in one])
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    sums: Floats = np.array([coded.total(share) for share in shares]) + 1
    sums /= sums.sum()
    return sums


def _posterior(coded: Coded, state: _State) -> list[Floats]:
    """Return the probability of each class, an array over the rows for each."""
    worth = np.log(state.votes)
    start = np.log(state.balance)
    odds = [
        start[y] - start[0] + coded.evidence(worth[:, :, y] - worth[:, :, 0])
        for y in range(1, coded.n_classes)
    ]
    if len(odds) == 1:
        second = 1 / (1 + np.exp(np.clip(-odds[0], -_MOST_ODDS, _MOST_ODDS)))
        return [1 - second, second]
    top = np.maximum(0.0, np.max(odds, axis=0))
    raised = [np.exp(-top), *(np.exp(each - top) for each in odds)]
    total = np.sum(raised, axis=0)
    return [each / total for each in raised]


def _step(coded: Coded, state: _State, prior: _Prior, known: Floats | None) -> _State:
    """Return the parameters that fit the classes expected under a state."""
    shares = _posterior(coded, state)
    tables = [coded.tables(share) for share in shares[1:]]
    rest = [block.totals - sum(parts) for block, *parts in zip(coded.blocks, *tables, strict=True)]
    votes = np.stack([coded.expected(each) for each in (rest, *tables)], axis=2)
    rows = np.array([coded.total(share) for share in shares])
    votes = np.clip((votes + prior.votes) / (rows + prior.rows), _SMALLEST, 1.0)
    if known is not None:
        return _State(votes, known)
    seen = np.array([coded.total(share * coded.covered) for share in shares])
    balance = seen + prior.rows
    return _State(votes, balance / balance.sum())


def _accuracies(coded: Coded, state: _State) -> Floats:
    """Return how often each function's votes are right, by the posterior of its rows."""
    shares = _posterior(coded, state)
    right = np.stack(
        [coded.expected(coded.tables(each))[:, y] for y, each in enumerate(shares)], axis=1
    ).sum(axis=1)
    cast = coded.vote_counts().sum(axis=1)
    never = np.full(len(cast), np.nan)
    share: Floats = np.divide(right, cast, out=never, where=cast > 0)
    return share
