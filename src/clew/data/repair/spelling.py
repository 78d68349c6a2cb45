"""How probable a text is among the texts of a column, and what is typed by mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_ORDER = 3
ALPHABET = 64
_PRIOR = 30.0


def familiar(texts: Sequence[str]) -> Numbers:
    """Return the log-probability of each text as a new one among the others.

    Letters follow from the two before, as the other texts have them: an interpolated trigram
    model (Witten and Bell, IEEE Transactions on Information Theory 37(4), 1991), in which a text
    does not count for itself.
    """
    follow: Counter[str] = Counter()
    after: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    parts = [_parts(text) for text in texts]
    for part in parts:
        for gram in part:
            for order in range(1, len(gram) + 1):
                if not follow[gram[-order:]]:
                    kinds[gram[-order:-1]] += 1
                follow[gram[-order:]] += 1
                after[gram[-order:-1]] += 1
    found = np.empty(len(texts))
    for place, part in enumerate(parts):
        own: Counter[str] = Counter()
        before: Counter[str] = Counter()
        for gram in part:
            for order in range(1, len(gram) + 1):
                own[gram[-order:]] += 1
                before[gram[-order:-1]] += 1
        total = 0.0
        for gram in part:
            chance = 1.0 / ALPHABET
            for order in range(1, len(gram) + 1):
                context = gram[-order:-1]
                number = follow[gram[-order:]] - own[gram[-order:]]
                seen = after[context] - before[context]
                new = kinds[context]
                chance = (number + new * chance) / (seen + new) if seen + new else chance
            total += log(chance)
        found[place] = total
    return found


def _parts(text: str) -> list[str]:
    """Return each letter, and the end, behind the letters before it."""
    whole = "\x02" * (_ORDER - 1) + text + "\x03"
    return [whole[place : place + _ORDER] for place in range(len(text) + 1)]


class Mistakes:
    """Which letters mistakes put into texts; learnt from the mistakes that were found."""

    def __init__(self) -> None:
        self._letters: Counter[str] = Counter()
        self._total = 0.0

    def learn(self, pairs: Counter[tuple[str, str]]) -> None:
        """Take the letters of mistakes, given as what is seen and what was meant."""
        self._letters = Counter()
        for (seen, meant), times in pairs.items():
            for letter, number in (Counter(seen) - Counter(meant)).items():
                self._letters[letter] += min(number, 1) * times
        self._total = float(sum(self._letters.values()))

    def chance(self, letter: str) -> float:
        """Return the log-probability that a mistake puts a letter."""
        number = self._letters[letter] + _PRIOR / ALPHABET
        return log(number / (self._total + _PRIOR))
