"""Which columns say something of another, found in a table that may be dirty."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from clew.data.repair.coded import Coded, Codes
from clew.data.repair.evidence import Counts, groups_of, support

_LOOKED_AT = 5_000
_SINGLE, _PAIRS = 6, 3
_LEAST_GAIN, _MORE = 0.005, 1.1
_SMOOTH = 0.5


def informants(
    columns: Mapping[str, Coded], target: str, random: np.random.Generator
) -> list[tuple[str, ...]]:
    """Return the columns, and pairs of columns, that tell most of a column's values.

    What they tell is the gain in log-likelihood of a row's value when the other rows that are
    equal in those columns are known, in nats; a pair has to tell more than each of the two.
    """
    rows = len(columns[target].codes)
    some = np.sort(random.permutation(rows)[:_LOOKED_AT])
    codes = {name: column.codes[some] for name, column in columns.items()}
    size = len(columns[target].values)
    gains: dict[tuple[str, ...], float] = {}
    for name in columns:
        if name != target:
            gains[(name,)] = _gain(codes, (name,), target, size)
    single = sorted((name for name in gains if gains[name] > _LEAST_GAIN), key=gains.__getitem__)
    found = single[::-1][:_SINGLE]
    pairs = {}
    for one, other in combinations([name[0] for name in gains], 2):
        pair = (one, other)
        gain = _gain(codes, pair, target, size)
        if gain > _LEAST_GAIN and gain > _MORE * max(gains[(one,)], gains[(other,)], 0.0):
            pairs[pair] = gain
    return [*found, *sorted(pairs, key=pairs.__getitem__)[::-1][:_PAIRS]]


def _gain(codes: Mapping[str, Codes], names: tuple[str, ...], target: str, size: int) -> float:
    own = codes[target]
    groups = groups_of(codes, names)
    counts = Counts(groups, own, size)
    known = own >= 0
    numbers = np.bincount(own[known], minlength=size)
    share = np.maximum(numbers[own] - 1, 0.1) / max(1, int(known.sum()))
    said = support(counts, groups, own, own[:, None], share[:, None], _SMOOTH)[:, 0]
    return float(said[known].mean()) if known.any() else 0.0
