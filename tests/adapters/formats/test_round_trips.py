"""The law of all formats: what comes back has the content id of what went in, and is private."""

from __future__ import annotations

import datetime as dt
import decimal
from collections import Counter, OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass
from enum import Enum
from typing import Any

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.adapters.formats import FormatRegistry, layout
from clew.app.frameworks import register_frameworks
from clew.errors import UnsafeLoad, UnsupportedValue
from clew.lineage.fingerprint import fingerprint
from clew.lineage.values import ValueVault
from clew.testing.memory import MemoryBlobs

register_frameworks()


def vault(*, trusted: bool = True) -> ValueVault:
    return ValueVault(MemoryBlobs(), FormatRegistry(trusted=trusted), fingerprint)


def round_trip(value: object, expected_format: str | None = None, *, trusted: bool = True) -> Any:
    place = vault(trusted=trusted)
    id, size = place.put(value)
    assert size > 0
    assert place.has(id)
    again, once_more = place.get(id), place.get(id)
    assert fingerprint(again) == fingerprint(once_more) == id
    assert type(again) is type(value)
    if expected_format is not None:
        encoded = place.encoded(id)
        assert encoded is not None and encoded.format == expected_format
    return again


# Plain values.

atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters())
    | st.binary()
    | st.datetimes()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.timedeltas()
    | st.decimals()
    | st.uuids()
)
hashable = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
plain = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=20)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=5)
        | st.sets(hashable, max_size=5)
        | st.frozensets(hashable, max_size=5)
    ),
    max_leaves=20,
)


@given(plain)
def test_plain_values_come_back(value: object) -> None:
    round_trip(value, "plain", trusted=False)


@given(st.lists(st.sampled_from([1, 2**70, True, 1.0, "a", None]), min_size=16, max_size=40))
def test_long_lists_keep_their_types(value: list[object]) -> None:
    again = round_trip(value, "plain")
    assert list(map(type, again)) == list(map(type, value))


@given(st.lists(st.text(st.characters()), min_size=16, max_size=30))
def test_long_lists_of_text(value: list[str]) -> None:
    assert round_trip(value, "plain") == value


@given(st.data())
def test_any_graph_of_shared_containers_comes_back(data: st.DataObject) -> None:
    """Containers that appear in several places, and inside themselves."""
    pool: list[Any] = [[], {}, [np.arange(3)], bytearray(b"x"), (1, [2])]
    for number in range(data.draw(st.integers(1, 12))):
        target = data.draw(st.sampled_from([item for item in pool if type(item) in (list, dict)]))
        member = data.draw(st.sampled_from(pool))
        if type(target) is list:
            target.append(member)
        else:
            target[number] = member
        if data.draw(st.booleans()):
            pool.append((member, target))
    round_trip(pool)


def test_tuples_that_double_stay_small() -> None:
    value: Any = (1,)
    for _ in range(60):
        value = (value, value)
    again = round_trip(value)
    assert again[0] is again[1]


def test_equal_members_stay_two_and_one_member_stays_one() -> None:
    big = np.arange(10_000.0)
    one, same, equal = round_trip([big, big, big.copy()])
    assert one is same
    assert one is not equal
    assert not np.shares_memory(one, equal)
    equal[0] = 99.0
    assert one[0] == 0.0


def test_large_members_are_stored_once() -> None:
    place = vault()
    big = np.arange(10_000.0)
    for value in (big, [big], {"a": big, "b": (big, big)}):
        place.put(value)
    ids = [id for id, size, _ in place.blobs.ids() if size > 10_000]
    assert ids == [fingerprint(big)]


def test_what_is_too_deep_is_refused_not_broken() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(UnsupportedValue):
        FormatRegistry(trusted=False).encode(value, fingerprint(0))
    while value:
        value = value.pop()  # A deep list must not be freed in one recursion.


# Arrays.

dtypes = (
    npst.boolean_dtypes()
    | npst.integer_dtypes(endianness="?")
    | npst.floating_dtypes(endianness="?")
    | npst.complex_number_dtypes(endianness="?")
    | npst.datetime64_dtypes(endianness="?")
    | npst.timedelta64_dtypes(endianness="?")
    | npst.byte_string_dtypes(min_len=1)
    | npst.unicode_string_dtypes(min_len=1)
)
all_dtypes = dtypes | npst.array_dtypes(dtypes, max_size=3, allow_subarrays=False)
shapes = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@given(npst.arrays(all_dtypes, shapes))
def test_arrays_come_back(value: np.ndarray) -> None:
    again = round_trip(value, "array", trusted=False)
    assert (again.dtype, again.shape, again.flags.writeable) == (value.dtype, value.shape, True)


@given(st.data())
def test_layouts_come_back(data: st.DataObject) -> None:
    shape = data.draw(npst.array_shapes(max_dims=4, max_side=5))
    array = np.arange(np.prod(shape, dtype=int), dtype=data.draw(dtypes_of_numbers)).reshape(shape)
    index = data.draw(npst.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    view = np.asarray(array[index])
    view = view.transpose(data.draw(st.permutations(range(view.ndim))))
    if data.draw(st.booleans()):
        view = np.broadcast_to(view, (2, *view.shape))
    again = round_trip(view, "array")
    assert np.array_equal(again, view)
    assert layout.describe(again) == layout.describe(view)


dtypes_of_numbers = st.sampled_from(["f8", "f4", "i2", "u1", ">i4", "c16"])


def test_arrays_load_without_parsing_and_writable() -> None:
    again = round_trip(np.asfortranarray(np.random.default_rng(0).random((300, 40))), "array")
    assert again.flags.f_contiguous and again.flags.writeable


def test_object_arrays_of_text() -> None:
    value = np.array([["a", None], ["Σ", 1.5]], dtype=object)
    assert round_trip(value, "object-array", trusted=False).tolist() == value.tolist()
    round_trip(np.asfortranarray(value), "object-array")
    round_trip(np.array([], dtype=object), "object-array")


@pytest.mark.parametrize(
    "value",
    [np.float32(1.5), np.float64("nan"), np.int8(-1), np.bool_(True), np.complex64(1j),
     np.datetime64("2020-01-01"), np.datetime64("NaT"), np.timedelta64(5, "s"), np.str_("Σ"),
     np.bytes_(b"a\0"), np.longdouble(1) / 3, np.str_(""), np.str_("a\0"),
     np.bytes_(b"")],
    ids=repr,
)  # fmt: skip
def test_scalars_come_back(value: np.generic) -> None:
    round_trip(value, "scalar", trusted=False)
    round_trip({"auc": value}, "plain", trusted=False)


def test_dtypes_that_are_more_than_bytes_are_not_taken_for_them() -> None:
    odd = np.dtype({"names": ["a"], "formats": ["i4"], "offsets": [4], "itemsize": 16})
    round_trip(np.zeros(3, odd))
    round_trip(np.zeros(3, np.dtype([("a", "u1"), ("b", "f8")], align=True)))
    round_trip(np.array(["a", "bc"], dtype=np.dtypes.StringDType()))
    round_trip(np.ma.masked_array([1, 2], [True, False]))
    round_trip(np.array([[1], [2, 3]], dtype=object))


# Values of the user's own.


@dataclass
class Config:
    depth: int
    weights: np.ndarray


class Colour(Enum):
    RED = 1


Point = namedtuple("Point", "x y")


def double(x: int) -> int:
    return 2 * x


OWN: list[Any] = [
    Config(3, np.arange(50_000.0)), Colour.RED, Point(1, [2]), double, Counter("abca"),
    defaultdict(list, a=[1]), [Config(1, np.zeros(2)), Colour.RED], slice(1, 2),
    {"config": Config(1, np.zeros(2)), "big": np.arange(10_000.0)},
]  # fmt: skip


@pytest.mark.parametrize("value", OWN, ids=lambda value: type(value).__name__)
def test_own_values_need_trust(value: object) -> None:
    place = vault()
    id, _ = place.put(value)
    encoded = place.encoded(id)
    assert encoded is not None and encoded.trusted_only
    assert fingerprint(place.get(id)) == id
    shared = ValueVault(place.blobs, FormatRegistry(trusted=False), fingerprint)
    with pytest.raises(UnsafeLoad):
        shared.get(id)
    with pytest.raises(UnsupportedValue):
        vault(trusted=False).put(value)


def test_what_own_values_share_stays_shared() -> None:
    config = Config(1, np.arange(5.0))
    first, second, weights = round_trip([config, config, config.weights])
    assert first is second
    assert first.weights is weights


def test_own_values_are_private() -> None:
    place = vault()
    id, _ = place.put(Config(3, np.arange(50_000.0)))
    first: Any = place.get(id)
    first.weights[:] = -1.0
    assert fingerprint(place.get(id)) == id


def test_ordered_dictionaries_and_decimals_need_no_trust() -> None:
    value = OrderedDict(b=decimal.Decimal("1.50"), a=[OrderedDict()])
    assert round_trip(value, "plain", trusted=False) == value


def test_time_zones_with_rules_come_back() -> None:
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        zone = zoneinfo.ZoneInfo("Europe/Vienna")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zones")
    place = vault()
    value = [dt.datetime(2024, 7, 1, tzinfo=zone), dt.datetime(2024, 7, 1)]
    try:
        id, _ = place.put(value)
    except TypeError:
        pytest.skip("zones with rules have no content id")
    assert place.get(id) == value
