"""A label model in closed form: accuracies from how often triples of functions agree.

Fu et al., "Fast and Three-rious: Speeding up weak supervision with triplet methods", ICML 2020,
section 3: where functions are independent given the class, the product of two functions' votes has
the product of their correlations with the class as its mean, so that three such means give each
correlation. Several classes: each against the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.errors import InvalidParameter, InvalidState
from clew.label.blocks import Floats, code
from clew.label.majority import decided
from clew.label.matrix import LabelMatrix, Votes, as_votes, balance_of, classes_of

_FEWEST = 3
_BOUND = 0.98  # Of a correlation: no function is beyond doubt.


class TripletModel:
    """Accuracies of at least three functions by the method of triplets.

    Quicker than `LabelModel`, and less exact: it assumes that a function is as often right in one
    class as in the others, and is meant for functions that name several classes.

    Parameters
    ----------
    n_classes : int

    Attributes
    ----------
    correlations_ : array, shape (functions, classes)
        Mean product of vote and truth, each class against the others (+1 and -1, 0 for no vote).
    """

    def __init__(self, n_classes: int = 2) -> None:
        self.n_classes = n_classes

    def fit(
        self,
        votes: ArrayLike | LabelMatrix,
        y: None = None,
        *,
        class_balance: ArrayLike | None = None,
    ) -> TripletModel:
        """Learn from a label matrix; classes are taken as equally frequent unless told."""
        classes = classes_of(self.n_classes)
        matrix = as_votes(votes, classes)
        if matrix.shape[1] < _FEWEST:
            raise InvalidParameter(
                "Triplets need three functions.", got=str(matrix.shape[1]), hint="use LabelModel"
            )
        even = np.full(classes, 1 / classes)
        self.class_balance_ = even if class_balance is None else balance_of(class_balance, classes)
        found = [_correlations(matrix, y) for y in range(classes)]
        self.correlations_ = np.stack(found, axis=1)
        self.coverage_ = (matrix >= 0).mean(axis=0)
        return self

    def predict_proba(self, votes: ArrayLike | LabelMatrix) -> Floats:
        """Return the probability of each class, shape (rows, classes)."""
        if not hasattr(self, "correlations_"):
            raise InvalidState("This label model is not fitted.", hint="call fit(votes) first")
        classes = len(self.class_balance_)
        matrix = as_votes(votes, classes)
        if matrix.shape[1] != len(self.correlations_):
            raise InvalidParameter(
                "These are votes of other functions.",
                got=f"{matrix.shape[1]} columns",
                expected=f"{len(self.correlations_)}, as in `fit`",
            )
        coded = code(matrix, classes)
        covered = np.maximum(self.coverage_, 1e-12)
        logs = []
        for y in range(classes):
            mean = np.clip(self.correlations_[:, y] / covered, -_BOUND, _BOUND)
            for_it, against = np.log((1 + mean) / 2), np.log((1 - mean) / 2)
            scores = np.repeat(against[:, None], classes, axis=1)
            scores[:, y] = for_it
            other = np.repeat(for_it[:, None], classes, axis=1)
            other[:, y] = against
            share = self.class_balance_[y]
            logs.append(np.log(share / (1 - share)) + coded.evidence(scores - other))
        odds = np.stack(logs, axis=1)
        if classes == 2:  # Each class against the other is the same question twice.
            odds = (odds - odds[:, ::-1]) / 4
        odds -= odds.max(axis=1, keepdims=True)
        raised: Floats = np.exp(odds)
        raised /= raised.sum(axis=1, keepdims=True)
        return raised

    def predict(self, votes: ArrayLike | LabelMatrix) -> NDArray[np.int64]:
        """Return the most probable class of each row; -1 where none is more so than the others."""
        return decided(self.predict_proba(votes))


def _correlations(matrix: Votes, y: int) -> Floats:
    """Return each function's mean product of vote and truth, one class against the others."""
    signs = np.where(matrix == y, 1, np.where(matrix >= 0, -1, 0)).astype(np.float32)
    means = (signs.T @ signs).astype(np.float64) / len(matrix)
    functions = len(means)
    found = np.zeros(functions)
    for i in range(functions):
        others = np.delete(np.arange(functions), i)
        pairs = means[np.ix_(others, others)]
        j, k = np.triu_indices(len(others), 1)
        between = pairs[j, k]
        clear = np.abs(between) > 1e-4
        if clear.any():
            ratio = means[i, others[j]] * means[i, others[k]] / np.where(clear, between, 1.0)
            found[i] = np.sqrt(np.median(np.abs(ratio[clear])))
    return found
