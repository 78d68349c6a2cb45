"""How an error makes another text of a value: mistakes of typing, and values of other rows."""

from __future__ import annotations

from collections import Counter
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from clew.data.repair.coded import Codes
from clew.data.repair.spelling import ALPHABET, Mistakes, familiar
from clew.errors import MissingExtra

Numbers = NDArray[np.float64]
_NEVER = -1e9
_MOST_COMPARED = 3_000
_FAR = 0.25


class Channel:
    """Distances between the texts of a column's values.

    Parameters
    ----------
    texts : list of str
    mistakes : Mistakes

    Raises
    ------
    MissingExtra
        When rapidfuzz is not installed.
    """

    def __init__(self, texts: list[str], mistakes: Mistakes) -> None:
        try:
            from rapidfuzz import process
            from rapidfuzz.distance import OSA
        except ImportError as error:
            raise MissingExtra(
                "repairs compare texts with rapidfuzz", hint="pip install 'clew[repair]'"
            ) from error
        self._process, self._distance = process, OSA.distance
        self.texts = np.array(texts, dtype=object)
        self.folded = np.array([" ".join(text.casefold().split()) for text in texts], dtype=object)
        self.length = np.array([len(text) for text in texts], np.int64)
        self.novel = familiar(texts)
        self._mistakes = mistakes
        self._known: dict[tuple[int, int], list[Way]] = {}

    @staticmethod
    def possible(chance: float) -> bool:
        """Tell whether a text comes of another by a mistake, by what `typed` returned."""
        return chance > _NEVER

    def near(self, counts: Codes, many: int) -> Codes:
        """Return the nearest values that are more frequent, shape (n_values, many); -1 beyond."""
        size = len(self.texts)
        found = np.full((size, many), -1, np.int64)
        frequent = np.flatnonzero(counts >= 2)
        if not len(frequent) or size * len(frequent) > _MOST_COMPARED**2:
            return found
        distances = self._process.cdist(
            self.folded.tolist(),
            self.folded[frequent].tolist(),
            scorer=self._distance,
            dtype=np.int32,
        )
        limit = np.maximum(1, _FAR * self.length)
        allowed = (distances <= limit[:, None]) & (frequent[None, :] != np.arange(size)[:, None])
        allowed &= counts[frequent][None, :] > counts[:, None]
        order = np.argsort(np.where(allowed, distances, 1 << 30), axis=1, kind="stable")[:, :many]
        ranked = np.take_along_axis(allowed, order, axis=1)
        found[:, : order.shape[1]] = np.where(ranked, frequent[order], -1)
        return found

    def typed(self, seen: Codes, meant: Codes) -> Numbers:
        """Return the log-probability that who meant one value typed the other, by mistake."""
        shape = np.broadcast(seen, meant).shape
        one, other = (np.broadcast_to(codes, shape).ravel() for codes in (seen, meant))
        pairs, back = np.unique(np.stack([one, other]), axis=1, return_inverse=True)
        values = np.full(pairs.shape[1], _NEVER)
        usable = (pairs[0] >= 0) & (pairs[1] >= 0) & (pairs[0] != pairs[1])
        values[usable] = self._pairs(pairs[0][usable], pairs[1][usable])
        return values[back.ravel()].reshape(shape)

    def _pairs(self, seen: Codes, meant: Codes) -> Numbers:
        unknown = [
            (one, other)
            for one, other in zip(seen.tolist(), meant.tolist(), strict=True)
            if (one, other) not in self._known
        ]
        if unknown:
            self._compare(unknown)
        chance = self._mistakes.chance
        found = []
        for pair in zip(seen.tolist(), meant.tolist(), strict=True):
            costs = [fixed + sum(map(chance, letters)) for fixed, letters in self._known[pair]]
            found.append(max(costs, default=_NEVER))
        return np.array(found)

    def _compare(self, pairs: list[tuple[int, int]]) -> None:
        ones = [self.texts[one] for one, _ in pairs]
        others = [self.texts[other] for _, other in pairs]
        distances = self._process.cpdist(ones, others, scorer=self._distance, dtype=np.int32)
        for pair, one, other, edits in zip(pairs, ones, others, distances.tolist(), strict=True):
            if self.folded[pair[0]] == self.folded[pair[1]]:
                edits = 1
            self._known[pair] = [*_edited(one, other, edits), *_throughout(one, other)]


Way = tuple[float, tuple[str, ...]]


def _edited(seen: str, meant: str, edits: int) -> list[Way]:
    """Return how a few letters were put in, left out or exchanged: a cost, and the new letters."""
    long = max(1, len(meant))
    if edits > max(1.0, _FAR * long):
        return []
    edits = min(edits, long)
    places = lgamma(edits + 1) + lgamma(long - edits + 1) - lgamma(long + 1)
    put = tuple((Counter(seen) - Counter(meant)).elements())
    rest = max(0, edits - len(put)) * log(ALPHABET)
    return [(places - edits * log(2.0) - rest, put)]


def _throughout(seen: str, meant: str) -> list[Way]:
    """Return how a letter was written as another wherever it stands, if that is what was done."""
    if len(seen) != len(meant):
        return []
    written: dict[str, set[str]] = {}
    for one, other in zip(seen, meant, strict=True):
        written.setdefault(other, set()).add(one)
    changed = [ones for other, ones in written.items() if ones != {other}]
    if len(changed) != 1 or len(changed[0]) > 1:
        return []
    return [(-log(len(written)) - log(2.0), tuple(changed[0]))]
