"""Rows of votes, coded in blocks of functions.

What some functions say of a row together is one number, the row's code in that block. Evidence of
a row is then a table look-up per block, and expected counts a histogram per block: a pass over
100,000 rows of 20 functions reads three numbers a row.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew.label.matrix import ABSTAIN, Votes

_TABLE = 2_500  # Entries of a block's table: it stays in a core's nearest cache.

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """Some functions: what each code means, and the code of each row.

    Parameters
    ----------
    functions : slice
    design : array, shape (codes, functions of the block * classes)
        1 where the rows of a code have a function's vote for a class.
    codes : array, shape (rows,)
    totals : array, shape (codes,)
        Weight of the rows with each code.
    """

    functions: slice
    design: Floats
    codes: NDArray[np.intp]
    totals: Floats


@dataclass(frozen=True, slots=True)
class Coded:
    """A label matrix in blocks.

    Parameters
    ----------
    weights : array, shape (rows,), or None
        How often each row counts; None: once.
    covered : array of bool, shape (rows,)
        Whether any function votes.
    """

    n_classes: int
    n_functions: int
    blocks: tuple[Block, ...]
    weights: Floats | None
    covered: NDArray[np.bool_]

    @property
    def size(self) -> float:
        """Weight of all rows."""
        return float(len(self.covered) if self.weights is None else self.weights.sum())

    def vote_counts(self) -> Floats:
        """Return how often each function votes for each class, shape (functions, classes)."""
        return self.expected([block.totals for block in self.blocks])

    def evidence(self, scores: Floats) -> Floats:
        """Return the sum, for each row, of what its votes are worth.

        Parameters
        ----------
        scores : array, shape (functions, classes)
            What a function's vote for a class is worth.
        """
        total = np.zeros(len(self.covered))
        for block in self.blocks:
            table = block.design @ scores[block.functions].ravel()
            total += table.take(block.codes)
        return total

    def tables(self, values: Floats) -> list[Floats]:
        """Return the sum of a value over the rows of each code, a table per block."""
        weighted: Floats = values if self.weights is None else values * self.weights
        sums = [np.bincount(b.codes, weighted, len(b.totals)) for b in self.blocks]
        return [each.astype(np.float64, copy=False) for each in sums]

    def expected(self, tables: list[Floats]) -> Floats:
        """Return tables' sums by function and class, shape (functions, classes)."""
        parts = [table @ block.design for block, table in zip(self.blocks, tables, strict=True)]
        return np.concatenate(parts).reshape(self.n_functions, self.n_classes)

    def total(self, values: Floats) -> float:
        """Return the weighted sum of a value over the rows."""
        return float(values.sum() if self.weights is None else values @ self.weights)


def code(votes: Votes, n_classes: int, weights: Floats | None = None) -> Coded:
    """Code a label matrix.

    Parameters
    ----------
    votes : array, shape (rows, functions)
        Checked (`as_votes`).
    """
    base = n_classes + 1
    width = max(1, int(math.log(_TABLE) / math.log(base)))
    columns = np.ascontiguousarray(votes.T)
    blocks = []
    for first in range(0, len(columns), width):
        part = columns[first : first + width]
        codes = np.zeros(len(votes), dtype=np.int32)
        for column in part:
            codes *= base
            codes += column
            codes += -ABSTAIN
        design = _design(len(part), n_classes)
        index = codes.astype(np.intp)
        totals = np.bincount(index, weights, len(design)).astype(np.float64)
        blocks.append(Block(slice(first, first + len(part)), design, index, totals))
    covered = np.any([block.codes != 0 for block in blocks], axis=0)
    return Coded(n_classes, len(columns), tuple(blocks), weights, covered)


@functools.cache
def _design(functions: int, n_classes: int) -> Floats:
    """Return what each code of a block stands for, shape (codes, functions * classes)."""
    base = n_classes + 1
    places = base ** np.arange(functions - 1, -1, -1)
    votes = np.arange(base**functions)[:, None] // places % base
    named = votes[:, :, None] == np.arange(1, base)
    flat: Floats = named.reshape(len(votes), -1).astype(np.float64)
    return flat
