"""Distinct rows of a label matrix with their counts: all that a label model needs of the data.

Counts of two parts of the data add up, so that a database, or many machines, can count where the
rows are: ``SELECT lf_a, lf_b, count(*) … GROUP BY lf_a, lf_b``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clew.errors import InvalidParameter, NotFound
from clew.label.matrix import ABSTAIN, LabelMatrix, Votes, as_votes


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Rows of votes that occur, each once, and how often.

    Parameters
    ----------
    votes : array of int, shape (patterns, functions)
        Distinct rows in lexicographic order.
    counts : array of int, shape (patterns,)
    """

    votes: Votes
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, matrix: ArrayLike | LabelMatrix) -> Patterns:
        """Count the rows of a label matrix."""
        votes = as_votes(matrix)
        return cls._counted(votes, np.ones(len(votes), dtype=np.int64))

    @classmethod
    def from_arrow(cls, table: Any, columns: Iterable[str], count: str = "count") -> Patterns:
        """Take counted rows from an Arrow table, as DuckDB or Spark return them.

        Parameters
        ----------
        table : pyarrow.Table
            What a ``GROUP BY`` over the columns of votes gave; a null is no vote.
        columns : iterable of str
            The columns of votes.
        count : str
            The column of counts.
        """
        names = [*columns]
        missing = [name for name in [*names, count] if name not in table.column_names]
        if missing:
            raise NotFound(
                "The table lacks columns.",
                got=", ".join(missing),
                expected=", ".join(table.column_names),
            )
        read = [np.asarray(table[name].fill_null(ABSTAIN)) for name in names]
        votes = as_votes(np.stack(read, axis=1))
        counts = np.asarray(table[count])
        if counts.dtype.kind not in "iu" or (counts <= 0).any():
            raise InvalidParameter("Counts are positive whole numbers.", got=str(counts.dtype))
        return cls._counted(votes, counts.astype(np.int64))

    def merge(self, *others: Patterns) -> Patterns:
        """Return the counts of these rows and the others' together."""
        parts = (self, *others)
        widths = {part.votes.shape[1] for part in parts}
        if len(widths) > 1:
            raise InvalidParameter(
                "Patterns of different functions do not merge.",
                got=f"{', '.join(map(str, sorted(widths)))} functions",
            )
        votes = np.concatenate([part.votes for part in parts])
        return self._counted(votes, np.concatenate([part.counts for part in parts]))

    @classmethod
    def _counted(cls, votes: Votes, counts: NDArray[np.int64]) -> Patterns:
        order = np.lexsort(votes.T[::-1])
        ordered = votes[order]
        first = np.ones(len(votes), dtype=bool)
        first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        starts = np.flatnonzero(first)
        return cls(ordered[starts], np.add.reduceat(counts[order], starts))
