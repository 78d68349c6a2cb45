"""Random numbers that belong to a row: the same ones however rows are cut into batches.

A generator that is asked in turn gives a row other numbers when the rows before it are left out.
Here a number is a hash of the seed, the epoch, the row's index and the place of the question
(SplitMix64: Steele, Lea, Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014), so
that a row is changed in one way in one epoch, alone, in a batch, or on another machine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK = 0xFFFFFFFFFFFFFFFF


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the output function of SplitMix64, for each state."""
    with np.errstate(over="ignore"):
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


class Draws:
    """Numbers for some rows: each question has its own stream.

    Parameters
    ----------
    keys
        One key per row; shape (n,).
    """

    def __init__(self, keys: npt.NDArray[np.uint64]) -> None:
        self.keys = keys
        self._asked = 0

    @classmethod
    def of(cls, seed: int, epoch: int, indices: npt.NDArray[Any]) -> Draws:
        """Return the draws of the rows with these indices, in one epoch."""
        start = np.asarray([seed & _MASK, epoch & _MASK], dtype=np.uint64)
        with np.errstate(over="ignore"):
            mixed = _mix(_mix(start[:1] + _GOLDEN) + start[1:] * _GOLDEN)
            return cls(_mix(mixed + (indices.astype(np.uint64) + np.uint64(1)) * _GOLDEN))

    def apart(self, name: int) -> Draws:
        """Return draws for the same rows that have nothing to do with these."""
        with np.errstate(over="ignore"):
            return Draws(_mix(self.keys ^ _mix(np.asarray([name], dtype=np.uint64) + _GOLDEN)))

    def at(self, rows: npt.NDArray[Any]) -> Draws:
        """Return the draws of some of the rows; a mask, or positions."""
        return Draws(self.keys[rows])

    def uniform(self, *shape: int) -> npt.NDArray[np.float64]:
        """Return numbers in [0, 1): shape (n, *shape)."""
        self._asked += 1
        count = math.prod(shape)
        with np.errstate(over="ignore"):
            own = _mix(self.keys + np.uint64(self._asked) * np.uint64(0xD1342543DE82EF95))
            steps = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
            bits = _mix(own[:, None] + steps)
        numbers = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return numbers.reshape(len(self.keys), *shape)

    def signed(self, *shape: int) -> npt.NDArray[np.float64]:
        """Return numbers in [-1, 1): shape (n, *shape)."""
        return 2.0 * self.uniform(*shape) - 1.0

    def normal(self, *shape: int) -> npt.NDArray[np.float64]:
        """Return numbers of the standard normal distribution: shape (n, *shape)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(*shape)))
        return np.asarray(radius * np.cos(2.0 * np.pi * self.uniform(*shape)), np.float64)
