"""Categories of text columns in branches: found once a fold, arranged by each encoder.

A study that tries encoders in a branch of a ColumnTransformer reads the same columns with each of
them. What they differ in is applied to the codes (see `clew.reuse.rewrites.encoding`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import Any

from clew.reuse.rewrites.encoding import REWRITES, Codes

Key = tuple[Hashable, ...]
_REWRITES = {cls: rewrite for rewrite in REWRITES for cls in rewrite.classes}


class Encoders:
    """The encoders of one fold, by what they read.

    Parameters
    ----------
    memory_bytes : int
        Most that the codes of one set of columns may take.
    enabled : bool
        Whether stages may be rewritten at all.
    """

    def __init__(self, memory_bytes: int, *, enabled: bool) -> None:
        self._memory_bytes, self._enabled = memory_bytes, enabled
        self._readers: defaultdict[Key, set[Key]] = defaultdict(set)
        self._codes: dict[Key, Codes | None] = {}
        self._done: dict[Key, str] = {}

    def expect(self, key: Key, estimator: Any) -> None:
        """Note that a stage will be fitted; a key ends in the stage, and begins with its input."""
        if self._enabled and type(estimator) in _REWRITES:
            self._readers[key[:-1]].add(key)

    def shares(self, key: Key) -> bool:
        """Tell whether another encoder reads, or read, what the stage of this key reads."""
        left = self._readers.get(key[:-1], ())
        return len(left) > 1 or (key in left and key[:-1] in self._codes)

    def fit_transform(self, key: Key, stage: Any, X: Any, y: Any) -> Any | None:
        """Fit an encoder to categories that are known; None where it must read the rows itself."""
        rewrite, left = _REWRITES.get(type(stage)), self._readers.get(key[:-1], set())
        if rewrite is None or (len(left) < 2 and key[:-1] not in self._codes):
            return None
        if rewrite.refuse([stage], X, y):
            return None
        codes = self._known(key[:-1], X)
        left.discard(key)
        if not left:
            self._codes.pop(key[:-1], None)
        if codes is None:
            return None
        try:
            codes.fit(stage, X)
            output = codes.output(stage, X)
        except Exception:  # as below
            return None
        self._done[key] = rewrite.name
        return output

    def rewrite_of(self, key: Key) -> str:
        """Return the name of the rewrite that fitted the stage of a key ("" for none)."""
        return self._done.get(key, "")

    def _known(self, above: Key, X: Any) -> Codes | None:
        if above not in self._codes:
            try:
                found = Codes(X)
            except Exception:  # the encoders say what is wrong with the rows, each in its own way
                self._codes[above] = None
                return None
            self._codes[above] = found if found.numbers.nbytes <= self._memory_bytes else None
        return self._codes[above]
