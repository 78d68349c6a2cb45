"""Selectors: which rows or columns of a base an array consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from clew.lineage.canonical import digest

Index: TypeAlias = "np.ndarray[Any, np.dtype[np.intp]]"


@dataclass(frozen=True, slots=True, eq=False)
class Selector:
    """Which rows (or columns) of a base, in which order.

    Parameters
    ----------
    positions : range or array of intp
        Non-negative positions in the base.
    key : bytes
        Identity: two selectors with one key select the same positions.
    """

    positions: range | Index
    key: bytes

    def __len__(self) -> int:
        return len(self.positions)

    def array(self) -> Index:
        """Return the positions as an array."""
        found = self.positions
        if isinstance(found, range):
            return np.arange(found.start, found.stop, found.step, dtype=np.intp)
        return found

    def where(self) -> slice | Index:
        """Return what picks the positions out of an array: a slice where it can be one."""
        found = self.positions
        if isinstance(found, range) and found.step > 0:
            return slice(found.start, found.stop, found.step)
        return self.array()

    def mask(self, length: int) -> np.ndarray[Any, np.dtype[np.bool_]] | None:
        """Return a mask over the base's `length` rows, or None where a position repeats."""
        mask = np.zeros(length, dtype=np.bool_)
        mask[self.where()] = True
        return mask if int(np.count_nonzero(mask)) == len(self) else None


def select_range(positions: range) -> Selector:
    """Return the selector of a slice."""
    text = f"{positions.start},{positions.stop},{positions.step}" if positions else "empty"
    return Selector(positions, text.encode())


def select_index(positions: Index) -> Selector:
    """Return the selector of an index array; runs become ranges, so that equal ones meet."""
    if len(positions) and bool((np.diff(positions) == 1).all()):
        first = int(positions[0])
        return select_range(range(first, first + len(positions)))
    return Selector(positions, digest("trace-positions", 1, [positions.tobytes()]))


def compose(outer: Selector, inner: Selector) -> Selector:
    """Return the selector that picks `inner` out of what `outer` picked."""
    if isinstance(outer.positions, range) and isinstance(inner.positions, range):
        picked = outer.positions
        return select_range(picked[inner.positions.start : _stop(inner) : inner.positions.step])
    return select_index(outer.array()[inner.array()])


def _stop(selector: Selector) -> int | None:
    assert isinstance(selector.positions, range)
    return selector.positions.stop if selector.positions.stop >= 0 else None


def join(selectors: list[Selector]) -> Selector:
    """Return the selector of several after one another."""
    if all(isinstance(s.positions, range) for s in selectors):
        merged = _merge_ranges(selectors)
        if merged is not None:
            return select_range(merged)
    return select_index(np.concatenate([s.array() for s in selectors]))


def _merge_ranges(selectors: list[Selector]) -> range | None:
    start = stop = selectors[0].array()[0] if len(selectors[0]) else 0
    for selector in selectors:
        found = selector.positions
        if not isinstance(found, range) or found.step != 1 or found.start != stop:
            return None
        stop = found.stop
    return range(int(start), int(stop))
