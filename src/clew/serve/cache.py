"""Predictions by what was asked: the same rows to the same model are answered once.

The key is the model's content and the row's values with their types, so that an entry can never
belong to another model or another row. Eviction is CLOCK: an entry that was used since the hand
last passed stays.
"""

from __future__ import annotations

from typing import Any

import msgspec

from clew.errors import InvalidParameter

_pack = msgspec.msgpack.Encoder().encode


def row_key(model: bytes, values: Any) -> bytes:
    """Return the key of a row's values (in column order) for a model.

    1, 1.0 and True differ in it, as do 0.0 and −0.0.
    """
    return model + _pack(values)


class PredictionCache:
    """Keeps up to `size` predictions. Used from one event loop.

    Parameters
    ----------
    size : int
        How many entries.
    """

    def __init__(self, size: int = 10_000) -> None:
        if size < 1:
            raise InvalidParameter("size of a cache", got=str(size), expected="1 or more")
        self.size = size
        self.hits = self.misses = 0
        self._slots: dict[bytes, int] = {}
        self._keys: list[bytes] = []
        self._values: list[Any] = []
        self._used = bytearray(size)
        self._hand = 0

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: bytes) -> Any | None:
        """Return what was kept, or None."""
        slot = self._slots.get(key)
        if slot is None:
            self.misses += 1
            return None
        self.hits += 1
        self._used[slot] = 1
        return self._values[slot]

    def put(self, key: bytes, value: Any) -> None:
        """Keep a value in the place of one that was not used lately."""
        slot = self._slots.get(key)
        if slot is None:
            slot = self._free()
            self._slots[key] = slot
            self._keys[slot] = key
        self._values[slot] = value

    def _free(self) -> int:
        if len(self._keys) < self.size:
            self._keys.append(b"")
            self._values.append(None)
            return len(self._keys) - 1
        while self._used[self._hand]:
            self._used[self._hand] = 0
            self._hand = (self._hand + 1) % self.size
        slot = self._hand
        self._hand = (slot + 1) % self.size
        del self._slots[self._keys[slot]]
        return slot
