from __future__ import annotations

import datetime as dt
import enum
import io
import itertools
import struct
from collections import OrderedDict, namedtuple
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint


class MyInt(int):
    pass


class MyStr(str):
    pass


class MyDict(dict):
    pass


class MyList(list):
    pass


class MySet(set):
    pass


class MyTuple(tuple):
    pass


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    A = "a"


Pair = namedtuple("Pair", "a b")
Other = namedtuple("Other", "a b")

DISTINCT = [
    *(None, False, True, 0, 1, -1, 256, -256, 2**63, 2**64, -(2**63)),
    *(0.0, -0.0, 1.0, float("inf"), float("nan"), 1 + 0j, 0j, complex(0.0, -0.0)),
    *(np.int64(1), np.int32(1), np.float64(1), np.bool_(True), np.str_("a"), np.bytes_(b"a")),
    *("", "a", "ab", "\ud800", "None", "1", b"", b"a", bytearray(b"a"), memoryview(b"a")),
    *(..., NotImplemented, range(3), range(0, 3, 2), range(0, 4, 2), slice(3), slice(0, 3)),
    *((), (1,), [], [1], [[1]], [(1,)], {}, {1: 1}, set(), {1}, frozenset(), frozenset([1])),
    *({"a": 1, "b": 2}, {"b": 2, "a": 1}, {1: "a"}, {True: "a"}, {1.0: "a"}),
    *(MyInt(1), MyStr("a"), MyDict(a=1), {"a": 1}, OrderedDict(a=1), MyList([1]), MySet([1])),
    *(MyTuple((1,)), (1, 2), Pair(1, 2), Other(1, 2), Level.LOW, Word.A),
    *(dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, fold=1)),
    *(dt.datetime(2020, 1, 1, tzinfo=zone) for zone in (dt.UTC, ZoneInfo("UTC"))),
    *(dt.time(1), dt.timedelta(1), dt.UTC, dt.timezone(dt.timedelta(0), "Z")),
    *(Decimal("1"), Decimal("1.0"), Decimal("NaN"), Decimal("-0"), Fraction(1), Fraction(1, 2)),
    *(PurePosixPath("a"), PureWindowsPath("a"), int, str, len, print, Level, Pair, enum.Enum),
]


def test_values_that_can_be_told_apart_have_different_ids():
    seen: dict[bytes, object] = {}
    for value in DISTINCT:
        found = fingerprint(value)
        assert found not in seen, f"{value!r} and {seen.get(found)!r}"
        seen[found] = value


def test_nan_keeps_its_payload():
    quiet, other = (struct.unpack("<d", struct.pack("<Q", 0x7FF8 << 48 | n))[0] for n in (0, 1))
    assert fingerprint(quiet) != fingerprint(other)
    assert fingerprint(quiet) == fingerprint(float("nan"))


def test_text_is_not_its_pieces():
    pieces = [["ab", "c"], ["a", "bc"], ["abc", ""], ["abc"], [["ab"], "c"]]
    assert len({fingerprint(p) for p in pieces}) == len(pieces)


def test_long_text_and_bytes_count_to_the_last_byte():
    for make in (lambda end: "x" * 10_000 + end, lambda end: b"x" * 10_000 + end.encode()):
        assert fingerprint(make("a")) == fingerprint(make("a"))
        assert fingerprint(make("a")) != fingerprint(make("b"))
    assert fingerprint("x" * 10_000) != fingerprint(b"x" * 10_000)


@pytest.mark.parametrize("kind", [list, tuple])
def test_long_sequences_of_one_type_count_every_item(kind):
    makes = [range(100), map(float, range(100)), map(str, range(100)), [True] * 100, [2**70] * 100]
    ids = set()
    for items in makes:
        whole = list(items)
        changed = [*whole[:-1], type(whole[0])(not whole[-1])]
        assert fingerprint(kind(whole)) == fingerprint(kind(list(whole)))
        ids |= {fingerprint(kind(whole)), fingerprint(kind(changed)), fingerprint(kind(whole[1:]))}
    assert len(ids) == 3 * len(makes)


def test_texts_in_bulk_keep_their_borders():
    few, many = ["ab", "c"] * 50, [f"{i}" for i in range(100)]
    for texts in (few, many):
        joined = ["".join(texts[:2]), "", *texts[2:]]
        assert fingerprint(texts) != fingerprint(joined)
        assert fingerprint(texts) != fingerprint(texts[::-1])


def test_zone_without_a_key_is_refused():
    # RFC 8536, version 1: one local time type (UTC), no transitions.
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    file = b"TZif" + bytes(16) + counts + struct.pack(">lBB", 0, 0, 0) + b"UTC\0"
    nameless = ZoneInfo.from_file(io.BytesIO(file))
    with pytest.raises(Unhashable, match="without a key"):
        fingerprint(dt.datetime(2020, 1, 1, tzinfo=nameless))


def test_every_pair_of_nearby_numbers_differs():
    numbers = [n for k in range(1, 70) for n in (2**k - 1, 2**k, -(2**k), -(2**k) - 1)]
    for a, b in itertools.pairwise(sorted(set(numbers))):
        assert fingerprint(a) != fingerprint(b)
