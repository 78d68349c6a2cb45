"""Whether rows that are not as a column says are too many for chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew.data.schema.anomaly import Anomaly
from clew.data.schema.chance import grown
from clew.data.schema.schema import Column

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Judge:
    """What one column's rows are measured by.

    Parameters
    ----------
    rows : int
        Rows of the table.
    learnt : int
        Rows that the schema was inferred from.
    limit : float
        Probability below which it is no chance.
    """

    column: Column
    rows: int
    learnt: int
    limit: float

    def __call__(
        self,
        kind: str,
        wrong: NDArray[np.bool_],
        message: str,
        expected: str,
        *,
        got: str = "",
        hint: str = "",
        before: float = 0.0,
        certain: bool = False,
    ) -> list[Anomaly]:
        """Return an anomaly when rows are wrong, none when they are none.

        Parameters
        ----------
        wrong : array of bool, shape (rows,)
        got : str
            What they hold.
        before : float
            The share of such rows when the schema was inferred.
        certain : bool
            Whether one such row is an error.
        """
        count = int(wrong.sum())
        if not count:
            return []
        certain = certain or self.column.strict or not self.learnt
        p_value = None
        if not certain:
            p_value = grown(count, self.rows, round(before * self.learnt), self.learnt)
            if before and p_value > self.limit:
                return []
        error = p_value is None or p_value <= self.limit
        many = f"{count} of {self.rows} rows" if count > 1 else f"1 of {self.rows} rows"
        return [
            Anomaly(
                kind,
                self.column.name,
                message,
                f"{got}, in {many}" if got else many,
                expected,
                hint,
                count,
                tuple(np.flatnonzero(wrong)[:_SHOWN].tolist()),
                p_value,
                "error" if error else "notice",
            )
        ]
