"""Whether a compiled form may stand in for its model: row by row, boundary rows included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.serve.outputs import Answer


@dataclass(frozen=True, slots=True)
class Parity:
    """How a compiled form compares with the model itself.

    Parameters
    ----------
    rows, boundary_rows : int
        How many rows were compared; how many of them lie at the model's decision boundary.
    max_difference : float
        Largest absolute difference of a probability, or relative difference of a value; infinite
        where the model has probabilities and the compiled form has none.
    flips : int
        Rows with another label although the model was not undecided between the two.
    ties : int
        Rows with another label where the model's own scores of its two best classes differ by no
        more than the tolerance.
    tolerance : float
        What was declared as acceptable before the comparison.
    """

    rows: int
    boundary_rows: int
    max_difference: float
    flips: int
    ties: int
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether no label flipped and no number is further off than the tolerance."""
        return self.flips == 0 and self.max_difference <= self.tolerance

    @property
    def text(self) -> str:
        """One sentence for people."""
        found = f"{self.flips} labels flip, largest difference {self.max_difference:.2g}"
        where = f"{self.rows} rows, {self.boundary_rows} of them at the decision boundary"
        verdict = "equal" if self.passed else "not equal"
        return f"{verdict} within {self.tolerance:g} on {where}: {found}"


def compare(model: Answer, compiled: Answer, *, boundary_rows: int, tolerance: float) -> Parity:
    """Return how two answers to the same rows compare.

    Parameters
    ----------
    model : Answer
        What the model itself says, with margins.
    boundary_rows : int
        How many of the rows, the last ones, lie at the model's decision boundary.
    """
    if model.labels is None:
        assert model.values is not None
        assert compiled.values is not None
        difference = _relative(model.values, compiled.values)
        return Parity(len(model.values), boundary_rows, difference, 0, 0, tolerance)
    assert compiled.labels is not None
    difference = _of_probabilities(model.probabilities, compiled.probabilities)
    other = _differing(model.labels, compiled.labels)
    ties = _undecided(model, other, tolerance)
    return Parity(
        rows=len(model.labels),
        boundary_rows=boundary_rows,
        max_difference=difference,
        flips=len(other) - ties,
        ties=ties,
        tolerance=tolerance,
    )


def _of_probabilities(
    model: NDArray[np.float64] | None, compiled: NDArray[np.float64] | None
) -> float:
    """Return the largest difference; what the model has and the other lost is an infinite one."""
    if model is None:
        return 0.0
    return float("inf") if compiled is None else _absolute(model, compiled)


def _differing(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows with another label, in any of their outputs."""
    if left.shape != right.shape:
        return np.arange(len(left))
    differs = np.asarray(left != right).reshape(len(left), -1)
    return np.flatnonzero(differs.any(axis=1))


def _undecided(model: Answer, rows: NDArray[np.intp], tolerance: float) -> int:
    """Count the rows whose two best classes the model itself holds for equal."""
    return 0 if model.margins is None else int(np.sum(model.margins[rows] <= tolerance))


def _absolute(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    if left.shape != right.shape:
        return float("inf")
    return _largest(np.abs(left - right), np.isnan(left), np.isnan(right))


def _relative(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if left.shape != right.shape:
        return float("inf")
    scale = np.maximum(np.abs(left), 1.0)
    return _largest(np.abs(left - right) / scale, np.isnan(left), np.isnan(right))


def _largest(
    difference: NDArray[np.float64], left: NDArray[np.bool_], right: NDArray[np.bool_]
) -> float:
    """Return the largest difference; NaN on one side only is an infinite one."""
    if bool(np.any(left != right)):
        return float("inf")
    return float(np.max(difference[~left], initial=0.0))
