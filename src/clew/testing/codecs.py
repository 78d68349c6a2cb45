"""What every `Codecs` must do: bring values back with the content id that they had.

Subclass `CodecsSuite` in a test module and give the fixture ``codecs``; `content_id` gives
content ids.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import pathlib
import uuid
from collections import OrderedDict
from typing import Any

import pytest

from clew.lineage.canonical import ValueId
from clew.lineage.ports import Codecs
from clew.lineage.values import ValueVault
from clew.testing.memory import MemoryBlobs

PLAIN: list[Any] = [
    None, True, False, 0, 1, -1, 2**62, -(2**63), 2**63, 10**40, -(10**40), 0.0, -0.0, 1.5,
    math.inf, -math.inf, math.nan, 5e-324, 1 + 2j, complex(-0.0, math.nan), "", "text", "Σ試",
    "\ud800", b"", b"bytes", b"x" * 100_000, bytearray(b"mutable"), (), [], {}, set(), frozenset(),
    (1, [2, {"a": (3, {4, 5}, frozenset({6}))}]), {"b": 1, "a": 2}, {1: "x", (1, 2): None},
    [1.5] * 40, list(range(40)), [2**70] * 20, ["a", "", "Σ"] * 20, [True] * 40, [1, 1.0, True] * 9,
    OrderedDict(b=1, a=2), ..., NotImplemented, range(2, 10, 3), dt.date(2024, 2, 29),
    dt.datetime(2024, 1, 2, 3, 4, 5, 6), dt.datetime(2024, 1, 2, fold=1, tzinfo=dt.UTC),
    dt.time(1, 2, 3), dt.timedelta(-1, 2, 3), decimal.Decimal("1.50"), decimal.Decimal("-0"),
    uuid.UUID(int=7), pathlib.PurePosixPath("a/b"), pathlib.Path("x"),
]  # fmt: skip


class CodecsSuite:
    """Tests of the port; the subclass provides ``codecs``."""

    def content_id(self, value: object) -> ValueId:
        """Return the content id of a value."""
        from clew.lineage.fingerprint import fingerprint

        return fingerprint(value)

    def round_trip(self, codecs: Codecs, value: object) -> Any:
        """Return what comes back of a value, members and all."""
        vault = ValueVault(MemoryBlobs(), codecs, self.content_id)
        id, _ = vault.put(value)
        return vault.get(id)

    @pytest.mark.parametrize("value", PLAIN, ids=lambda value: repr(value)[:40])
    def test_builtins_keep_their_content_id(self, codecs: Codecs, value: object) -> None:
        """Types, bits and order."""
        again = self.round_trip(codecs, value)
        assert type(again) is type(value)
        assert self.content_id(again) == self.content_id(value)

    def test_what_is_decoded_is_private(self, codecs: Codecs) -> None:
        """Two loads share nothing that can change."""
        vault = ValueVault(MemoryBlobs(), codecs, self.content_id)
        value = {"rows": [1, [2]]}
        id, _ = vault.put(value)
        first: Any = vault.get(id)
        first["rows"][1].append(3)
        assert vault.get(id) == value == {"rows": [1, [2]]}

    def test_one_object_twice_stays_one(self, codecs: Codecs) -> None:
        """And two equal ones stay two."""
        shared = [1]
        one, same, other = self.round_trip(codecs, [shared, shared, [1]])
        assert one is same
        assert one is not other

    def test_a_cycle_comes_back(self, codecs: Codecs) -> None:
        """A list that contains itself."""
        value: list[Any] = [1]
        value.append(value)
        again = self.round_trip(codecs, value)
        assert again[1] is again
