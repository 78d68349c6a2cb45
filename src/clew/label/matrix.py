"""The label matrix: what each function said of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.errors import InvalidParameter, WrongType

ABSTAIN = -1
_MOST_CLASSES = 1 << 15

Votes = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class LabelMatrix:
    """Votes with the names of the functions that gave them.

    Parameters
    ----------
    votes : array of int, shape (rows, functions)
        A class, counted from 0, or `ABSTAIN` (-1).
    names : tuple of str
        The function of each column.
    """

    votes: Votes
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.votes.ndim != 2 or self.votes.shape[1] != len(self.names):
            raise InvalidParameter(
                "A label matrix has a column for each function.",
                got=f"an array of shape {self.votes.shape}, {len(self.names)} names",
            )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.votes, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.votes)

    def column(self, name: str) -> Votes:
        """Return the votes of one function."""
        if name not in self.names:
            raise InvalidParameter(
                "No function has this name.", got=name, expected=", ".join(self.names)
            )
        return self.votes[:, self.names.index(name)]


def as_votes(matrix: ArrayLike | LabelMatrix, n_classes: int | None = None) -> Votes:
    """Return a label matrix as an array of classes, -1 where a function abstains.

    Raises
    ------
    WrongType
        Where the matrix holds anything but whole numbers.
    InvalidParameter
        Where it is not two-dimensional or empty, or a vote is no class.
    """
    votes = matrix.votes if isinstance(matrix, LabelMatrix) else np.asarray(matrix)
    if votes.dtype.kind == "f" and np.isfinite(votes).all() and (votes == np.rint(votes)).all():
        votes = votes.astype(np.int64)
    if votes.dtype.kind not in "iu":
        raise WrongType(
            "Votes are whole numbers: a class, or -1 for none.", got=f"an array of {votes.dtype}"
        )
    if votes.ndim != 2 or 0 in votes.shape:
        raise InvalidParameter(
            "A label matrix has a row for each thing to label and a column for each function.",
            got=f"an array of shape {votes.shape}",
        )
    most = _MOST_CLASSES if n_classes is None else n_classes
    low, high = int(votes.min()), int(votes.max())
    if low < ABSTAIN or high >= most:
        raise InvalidParameter(
            "A vote is no class.",
            got=str(low if low < ABSTAIN else high),
            expected=f"0 to {most - 1}, or {ABSTAIN} for none",
        )
    return votes.astype(np.int16, copy=False)


def classes_of(n_classes: int) -> int:
    """Return a number of classes, checked."""
    if isinstance(n_classes, bool) or not isinstance(n_classes, (int, np.integer)):
        raise WrongType("n_classes is a whole number.", got=repr(n_classes))
    if not 2 <= n_classes <= _MOST_CLASSES:
        raise InvalidParameter(
            "n_classes is out of range.", got=str(n_classes), expected=f"2 to {_MOST_CLASSES}"
        )
    return int(n_classes)


def balance_of(balance: Sequence[float] | ArrayLike, n_classes: int) -> NDArray[np.float64]:
    """Return the shares of the classes, checked and summing to 1."""
    shares = np.asarray(balance, dtype=np.float64)
    if shares.shape != (n_classes,) or not np.isfinite(shares).all() or (shares <= 0).any():
        raise InvalidParameter(
            "class_balance gives each class a positive share.",
            got=repr(balance),
            expected=f"{n_classes} positive numbers",
        )
    normal: NDArray[np.float64] = shares / shares.sum()
    return normal
