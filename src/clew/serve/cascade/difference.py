"""Whether anything has changed since the last row that a model answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clew.errors import InvalidParameter


class Difference(Protocol):
    """How far a row is from an earlier one. May be used from several threads."""

    def prepare(self, row: Any) -> Any:
        """Return what is kept of a row, to compare others with it."""

    def distance(self, kept: Any, row: Any) -> float:
        """Return how far a prepared row is from a prepared earlier one; 0: nothing changed."""


@dataclass(frozen=True, slots=True)
class BlockDifference:
    """The largest mean square of differences in any block of a picture.

    The mean over a whole picture hides a small thing that enters it (NoScope, section 5.1, compares
    blocks for that).

    Parameters
    ----------
    block : int
        Width and height of a block, in pixels of what is compared.
    step : int
        Every how many pixels are compared in each direction.
    """

    block: int = 8
    step: int = 2

    def __post_init__(self) -> None:
        if self.block < 1 or self.step < 1:
            raise InvalidParameter(
                "block and step of a difference",
                got=f"{self.block}, {self.step}",
                expected="1 or more",
            )

    def prepare(self, row: Any) -> NDArray[np.float32]:
        """Return a picture's compared pixels, (height, width) or (height, width, channels)."""
        picture = np.asarray(row)
        if picture.ndim not in (2, 3):
            raise InvalidParameter(
                "a picture to compare", got=str(picture.shape), expected="(height, width, …)"
            )
        if picture.ndim == 3:
            picture = picture.mean(axis=2)
        height, width = (size // (self.step * self.block) for size in picture.shape)
        if not height or not width:
            raise InvalidParameter(
                "a picture smaller than a block", got=str(picture.shape), expected=f"{self.block}"
            )
        n = self.block * self.step
        return picture[: height * n : self.step, : width * n : self.step].astype(np.float32)

    def distance(self, kept: NDArray[np.float32], row: NDArray[np.float32]) -> float:
        """Return the mean square difference of the block that changed most."""
        squares = np.square(row - kept)
        height, width = (size // self.block for size in squares.shape)
        blocks = squares.reshape(height, self.block, width, self.block)
        return float(blocks.mean(axis=(1, 3)).max())
