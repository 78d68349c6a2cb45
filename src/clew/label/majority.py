"""The majority vote: each row gets the class that most functions name."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.label.blocks import Floats, code
from clew.label.matrix import ABSTAIN, LabelMatrix, as_votes, classes_of


class MajorityVote:
    """Shares of the votes as probabilities: the baseline of every label model.

    Parameters
    ----------
    n_classes : int
    """

    def __init__(self, n_classes: int = 2) -> None:
        self.n_classes = n_classes

    def predict_proba(self, votes: ArrayLike | LabelMatrix) -> Floats:
        """Return the share of each class among a row's votes, shape (rows, classes).

        A row without votes gets the same share for each class.
        """
        classes = classes_of(self.n_classes)
        coded = code(as_votes(votes, classes), classes)
        one = np.eye(classes)
        named = np.broadcast_to(one[:, None], (classes, coded.n_functions, classes))
        counts = np.stack([coded.evidence(scores) for scores in named], axis=1)
        total = counts.sum(axis=1, keepdims=True)
        return np.where(total > 0, counts / np.maximum(total, 1), 1 / classes)

    def predict(self, votes: ArrayLike | LabelMatrix) -> NDArray[np.int64]:
        """Return the class that most functions name; -1 where that is none, or not one."""
        return decided(self.predict_proba(votes))


def decided(shares: Floats) -> NDArray[np.int64]:
    """Return the most probable class of each row, -1 where several are equally so."""
    best = shares.max(axis=1, keepdims=True)
    ties = (shares >= best - 1e-12).sum(axis=1) > 1
    return np.where(ties, ABSTAIN, shares.argmax(axis=1))
