"""Versions and what each was made of: rows and deltas of any two, without checking out either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from clew.data.versions.compare import between
from clew.data.versions.delta import Delta, composed, nothing
from clew.data.versions.rows import Ids, Rows, found

_MOST_WHOLE = 2
"""How many versions are held whole, the last that were asked for."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a dataset.

    Parameters
    ----------
    number : int
        From 1, in the order in which versions were made.
    node : str
        Id of the node.
    parents : tuple of int
        None, one, or two for a merge; its delta is to the first.
    delta : str
        Content id of the delta.
    rows : int
        How many it has.
    added, deleted, changed : int
        Rows, to the first parent.
    message, author : str
    time_ms : int
    """

    number: int
    node: str
    parents: tuple[int, ...]
    delta: str
    rows: int
    added: int
    deleted: int
    changed: int
    message: str = ""
    author: str = ""
    time_ms: int = 0


class History:
    """The versions of a dataset.

    Parameters
    ----------
    versions : mapping of int to Version
    load : callable
        Gives the delta of a version. That of one without parents adds all of its rows.
    """

    def __init__(self, versions: Mapping[int, Version], load: Callable[[Version], Delta]) -> None:
        self.versions = versions
        self._load = load
        self._loaded: dict[int, Delta] = {}
        self._composed: dict[tuple[int, int], Delta] = {}
        self._whole: dict[int, Rows] = {}
        self._touched: dict[int, Ids] = {}

    def delta(self, number: int) -> Delta:
        """Return the delta of a version to its first parent."""
        if number not in self._loaded:
            self._loaded[number] = self._load(self.versions[number])
        return self._loaded[number]

    def line(self, number: int) -> list[int]:
        """Return a version's first parents, the oldest first, and itself."""
        found = [number]
        while parents := self.versions[found[-1]].parents:
            found.append(parents[0])
        return found[::-1]

    def ancestor(self, a: int, b: int) -> int | None:
        """Return the newest version that both go back to by first parents."""
        common = set(self.line(a)) & set(self.line(b))
        return max(common, default=None)

    def merge_base(self, a: int, b: int) -> int | None:
        """Return the newest version that both go back to, by merges too."""
        return max(self._before(a) & self._before(b), default=None)

    def down(self, start: int, end: int) -> Delta:
        """Return the delta from a version to one of its descendants by first parents."""
        if (start, end) not in self._composed:
            line = self.line(end)
            total = nothing(self.schema(start))
            for number in line[line.index(start) + 1 :]:
                if (start, number) not in self._composed:
                    self._composed[start, number] = self.delta(number).after(total)
                total = self._composed[start, number]
            self._composed[start, end] = total
        return self._composed[start, end]

    def schema(self, number: int) -> Any:
        """Return the Arrow schema of a version."""
        return self.delta(number).schema

    def rows(self, number: int, ids: Ids | None = None) -> Rows:
        """Return the rows of a version, or those of some ascending ids."""
        first, *steps = self.line(number)
        base = self.delta(first).added
        if ids is None:
            if number not in self._whole:
                while len(self._whole) >= _MOST_WHOLE:
                    del self._whole[next(iter(self._whole))]
                self._whole[number] = self.down(first, number).apply(base)
            return self._whole[number]
        some = composed((self.delta(step).of(ids) for step in steps), base.table.schema)
        return some.apply(base.of(ids))

    def origins(self, start: int, ends: Sequence[int], ids: Ids) -> Ids:
        """Return which version gave rows what they have in others, shape (n_ends, n_ids).

        -1 where a row is not there. Only versions after `start` count: what none of them touched
        came with `start`.
        """
        known = {start: np.where(found(self.ids(start), ids) >= 0, start, -1)}
        for end in ends:
            line = self.line(end)
            last = start
            for number in line[line.index(start) + 1 :]:
                if number not in known:
                    origin = known[number] = known[last].copy()
                    origin[_places(ids, self._touches(number))] = number
                    origin[_places(ids, self.delta(number).deleted)] = -1
                last = number
        return np.stack([known[end] for end in ends])

    def _touches(self, number: int) -> Ids:
        if number not in self._touched:
            self._touched[number] = self.delta(number).touched()
        return self._touched[number]

    def ids(self, number: int) -> Ids:
        """Return the ids of a version's rows, ascending."""
        first, *steps = self.line(number)
        ids = self.delta(first).added.ids
        for step in steps:
            delta = self.delta(step)
            if len(delta.deleted) or len(delta.added.ids):
                ids = np.union1d(np.setdiff1d(ids, delta.deleted), delta.added.ids)
        return ids

    def both(self, a: int, b: int) -> tuple[Rows, Rows]:
        """Return the rows that may differ between two versions, as each of them has them."""
        shared = self.ancestor(a, b)
        if shared is None:
            return self.rows(a), self.rows(b)
        ids = self.touched(shared, (a, b))
        return self.rows(a, ids), self.rows(b, ids)

    def touched(self, start: int, ends: Iterable[int]) -> Ids:
        """Return the ids of rows that any version on the way to some others touched, ascending."""
        steps = {
            number for end in ends for number in self.line(end)[self.line(end).index(start) + 1 :]
        }
        parts = [self._touches(number) for number in sorted(steps)]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))

    def between(self, a: int, b: int) -> Delta:
        """Return the delta from any version to any other."""
        if a in self.line(b):
            return self.down(a, b)
        one, other = self.both(a, b)
        return between(one, other)

    def _before(self, number: int) -> set[int]:
        found: set[int] = set()
        waiting: list[int] = [number]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.versions[one].parents
        return found


def _places(ids: Ids, some: Ids) -> Ids:
    places = found(ids, some)
    return places[places >= 0]


def numbers(versions: Sequence[Version]) -> dict[int, Version]:
    """Return versions by their numbers."""
    return {one.number: one for one in versions}
