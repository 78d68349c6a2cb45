"""What the other columns of a row say of a value: counts of the rows that are like it.

A row never counts for itself, so that a value which stands once is supported by nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clew.data.repair.coded import Codes

Numbers = NDArray[np.float64]
_DENSE = 4_000_000
_FEW, _NEARLY = 5, 0.9


@dataclass(slots=True, eq=False)
class Counts:
    """How often each value stands in each group of rows.

    Parameters
    ----------
    groups : array of int64, shape (n_rows,)
        Which rows are like each other; -1 for a row that is like none.
    codes : array of int64, shape (n_rows,)
        Of the values; -1 where missing.
    size : int
        Number of values.
    """

    groups: Codes
    codes: Codes
    size: int
    totals: Codes = field(init=False)
    _keys: Codes = field(init=False)
    _numbers: Codes = field(init=False)
    _dense: bool = field(init=False)

    def __post_init__(self) -> None:
        counted = (self.groups >= 0) & (self.codes >= 0)
        many = int(self.groups.max(initial=-1)) + 1
        self.totals = np.bincount(self.groups[counted], minlength=many)
        keys = self.groups[counted] * self.size + self.codes[counted]
        self._dense = many * self.size <= _DENSE
        if self._dense:
            self._keys = np.empty(0, np.int64)
            self._numbers = np.bincount(keys, minlength=many * self.size)
        else:
            self._keys, self._numbers = np.unique(keys, return_counts=True)

    def of(self, groups: Codes, codes: Codes) -> Codes:
        """Return the number of rows of a group that have a value; 0 without a group."""
        keys = groups * self.size + codes
        known = (groups >= 0) & (codes >= 0)
        if not len(self._numbers):
            return np.zeros(np.broadcast(groups, codes).shape, np.int64)
        if self._dense:
            return np.where(known, self._numbers[np.where(known, keys, 0)], 0)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(known & (self._keys[at] == keys), self._numbers[at], 0)

    def most(self, many: int) -> Codes:
        """Return the most frequent values of each group, shape (n_groups, many), -1 beyond."""
        keys = np.flatnonzero(self._numbers) if self._dense else self._keys
        numbers = self._numbers[keys] if self._dense else self._numbers
        groups, codes = np.divmod(keys, self.size)
        order = np.lexsort((codes, -numbers, groups))
        groups, codes = groups[order], codes[order]
        starts = np.searchsorted(groups, np.arange(len(self.totals)))
        place = np.arange(len(groups)) - starts[groups]
        found = np.full((len(self.totals), many), -1, np.int64)
        kept = place < many
        found[groups[kept], place[kept]] = codes[kept]
        return found


def groups_of(columns: Mapping[str, Codes], names: Sequence[str]) -> Codes:
    """Return which rows are equal in some columns; -1 for a row that lacks one of them."""
    groups = columns[names[0]]
    for name in names[1:]:
        other = columns[name]
        both = np.where((groups < 0) | (other < 0), -1, groups * (other.max(initial=0) + 1) + other)
        _, groups = np.unique(both, return_inverse=True)
        groups = np.where(both < 0, -1, groups)
    return groups.copy()


def support(
    counts: Counts, groups: Codes, own: Codes, codes: Codes, share: Numbers, smooth: float
) -> Numbers:
    """Return log P(value | group) - log P(value), where the row itself does not count.

    Parameters
    ----------
    groups, own : arrays of int64, shape (n,)
        The rows' groups, and the values that they have now.
    codes : array of int64, shape (n, n_candidates)
    share : array of float, shape (n, n_candidates)
        P(value): what is expected in a group that says nothing.
    smooth : float
        For how many rows that expectation counts.
    """
    there = (own >= 0) & (groups >= 0)
    same = (codes == own[:, None]) & there[:, None]
    expected = smooth * share
    numbers = together(counts.of(groups[:, None], codes), expected, same)
    totals = (counts.totals[groups] if len(counts.totals) else 0) * (groups >= 0) - there
    return np.asarray(
        np.log(numbers) - np.log(totals + smooth)[:, None] - np.log(share), np.float64
    )


def together(numbers: Codes, expected: Numbers, same: NDArray[np.bool_]) -> Numbers:
    """Return how many rows stand behind a value, and a few that are expected of it.

    Rows that have the value themselves are asked together, and not each whether the others have
    it, too: one mistake that was made twice would else be its own evidence. It is their mean
    likelihood under Polya's urn, in which only the first has nothing but `expected`.
    """
    from scipy.special import gammaln

    found = np.asarray(numbers + expected, np.float64)
    first, many = expected[same], np.maximum(numbers[same], 1)
    found[same] = np.exp((gammaln(many + first) - gammaln(first)) / many)
    return found


def exceptions(
    counts: Counts, seen: Codes, columns: Mapping[str, Codes], apart: Collection[str]
) -> NDArray[np.bool_]:
    """Return for which rows a group says nothing: all that share another value deviate, too.

    Where nearly every row of a state has other values than its group elsewhere, the group does
    not err less than the state: the value depends on both.
    """
    most = counts.most(1)[:, 0]
    usual = np.where(counts.groups >= 0, most[counts.groups], -1) if len(most) else seen
    apart_ = (seen >= 0) & (usual >= 0) & (seen != usual)
    found = np.zeros(len(apart_), bool)
    if not apart_.any():
        return found
    for name, codes in columns.items():
        if name not in apart:
            known = codes >= 0
            size = int(codes.max(initial=0)) + 1
            rows = np.bincount(codes[known], minlength=size)
            deviate = np.bincount(codes[known], weights=apart_[known], minlength=size)
            others = rows[codes] - 1
            found |= known & (others >= _FEW) & (deviate[codes] - apart_ >= _NEARLY * others)
    return found
