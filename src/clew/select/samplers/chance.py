"""Random search, and the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clew.select.samplers.view import View


@dataclass(frozen=True, slots=True)
class RandomSampler:
    """Draws each configuration independently, at any time (Bergstra & Bengio 2012)."""

    def propose(self, view: View) -> dict[str, Any]:
        """Return a draw."""
        return view.space.draw(view.rng)


class GridSampler:
    """Proposes each configuration of the grid once.

    Parameters
    ----------
    levels : int or mapping of str to int
        How many values of a parameter that is not a choice.
    """

    def __init__(self, levels: int | Mapping[str, int] = 5) -> None:
        self.levels = levels
        self._grid: tuple[Any, list[dict[str, Any]]] | None = None

    def propose(self, view: View) -> dict[str, Any] | None:
        """Return the next configuration of the grid, or None after the last."""
        if self._grid is None or self._grid[0] is not view.space:
            self._grid = (view.space, list(view.space.grid(self.levels)))
        grid = self._grid[1]
        return grid[view.number] if view.number < len(grid) else None
