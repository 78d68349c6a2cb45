"""Columns as checks see them: as numbers where they are numbers, as texts always."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column.

    Parameters
    ----------
    numbers : array of shape (rows,)
        Its numbers, NaN where there is none; of dates nanoseconds; empty for texts.
    texts : array of shape (rows,)
        Its values as text.
    """

    numbers: NDArray[np.float64]
    texts: NDArray[Any]

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return len(self.numbers) == len(self.texts)


def columns_of(table: Any) -> dict[str, Column]:
    """Return the columns of a frame or mapping.

    Raises
    ------
    InvalidParameter
        When there are none, or they differ in length.
    """
    found = {str(name): _column(np.asarray(table[name])) for name in table}
    lengths = {len(column.texts) for column in found.values()}
    if len(lengths) != 1 or not max(lengths):
        raise InvalidParameter("columns with the same number of rows, one at least")
    return found


def _column(values: NDArray[Any]) -> Column:
    texts = np.array([str(one) for one in values.tolist()])
    if values.dtype.kind in "Mm":
        return Column(values.astype("int64").astype(float), texts)
    if values.dtype.kind in "iufb":
        return Column(values.astype(float), texts)
    return Column(np.empty(0), texts)
