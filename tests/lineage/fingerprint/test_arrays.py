"""NumPy: dtype, shape, layout and elements count; ownership, flags and padding do not."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint
from clew.lineage.fingerprint.arrays import layout
from clew.lineage.fingerprint.memo import MEMO

PADDED = np.dtype([("a", "i1"), ("b", "f8")], align=True)
NESTED = np.dtype([("p", PADDED, (2,)), ("q", "u2")])
EXTENDED = pytest.mark.skipif(np.finfo("g").nmant != 63, reason="other long doubles")
BASE = np.arange(24.0).reshape(4, 6)

DISTINCT = [
    *(np.arange(6, dtype=kind) for kind in ("i1", "u1", "i4", "i8", ">i8", "f4", "f8", ">f8")),
    *(np.arange(6).astype(kind) for kind in ("c16", "f2", "g", "m8[s]", "m8[ms]", "M8[s]")),
    *(np.arange(6).astype(kind) for kind in ("S2", "S3", "U2", "U3", ">U2", object, "V2")),
    *(np.arange(6.0).reshape(shape) for shape in ((6, 1), (1, 6), (2, 3), (3, 2), (1, 2, 3))),
    *(BASE, np.asfortranarray(BASE), BASE.T, BASE[:, ::2], BASE[::-1], BASE[:, ::-1]),
    *(BASE[::2], BASE[:, :5], BASE[:, 0], BASE[:, 0].copy(), np.broadcast_to(1.0, (3, 4))),
    *(np.zeros(0), np.zeros((0, 3)), np.zeros(()), np.float64(0), np.zeros(1), np.zeros((1, 1))),
    *(np.zeros(2, PADDED), np.zeros(2, [("a", "i1"), ("b", "f8")]), np.zeros(2, NESTED)),
    *(np.zeros(2, [("b", "i1"), ("a", "f8")]), np.zeros(2, PADDED)[0], np.zeros(2, PADDED)["a"]),
    *(
        np.ones((1, 1)).view(np.matrix),
        np.ma.masked_array([1.0], [0]),
        np.ma.masked_array([1.0], [1]),
    ),
    *(np.ma.masked_array([1.0], fill_value=3)),
    *(np.rec.array([(1, 2.0)], dtype=PADDED), np.array([(1, 2.0)], dtype=PADDED)),
    *(np.array(items, object) for items in (["a", "b"], ["a", None], ["a", np.nan], ["a", 1])),
    *(np.array(items, object) for items in ([1, 2], [1.0, 2.0], [True, False], [1, True], [[], 1])),
    *(np.array(["a", "b"], np.dtypes.StringDType()), np.array([], object), np.dtype("f8")),
    *(np.dtype("f4"), np.dtype(">f8"), np.dtype("M8[s]"), PADDED, NESTED, np.float64, np.add),
    *(np.subtract, np.mean, np.add.reduce, np.datetime64("2020"), np.datetime64("2020-01")),
    *(np.random.default_rng(0), np.random.default_rng(1), np.random.RandomState(0)),
    *(np.random.PCG64(0), np.random.MT19937(0), np.random.SeedSequence(0)),
]


def test_values_that_can_be_told_apart_have_different_ids():
    seen: dict[bytes, object] = {}
    for value in DISTINCT:
        found = fingerprint(value)
        assert found not in seen, f"{value!r} and {seen.get(found)!r}"
        assert found == fingerprint(value)
        seen[found] = value


def test_a_view_equals_a_copy_of_its_layout():
    pairs = [
        (BASE[1:3], BASE[1:3].copy()),
        (BASE.T, np.array(BASE.T, order="F")),
        (BASE.T[1:], np.hstack([BASE[:, :1], BASE]).T[2:]),
        (BASE[:, :5], np.hstack([BASE, BASE])[:, :5]),
        (BASE[:, ::2], np.repeat(BASE[:, ::2], 2, axis=1)[:, ::2]),
        (BASE[:1], BASE[:1, :].T.copy().T),
        (BASE[::-1], BASE[::-1].copy()[::-1].copy()[::-1]),
    ]
    for view, twin in pairs:
        assert (view == twin).all()
        assert fingerprint(view) == fingerprint(twin), layout(view)


def test_a_large_strided_array_equals_its_twin_and_not_its_copy():
    wide = np.random.default_rng(0).normal(size=(3000, 200))
    view, twin = wide[:, :150], np.hstack([wide, wide])[:, :150]
    assert fingerprint(view) == fingerprint(twin) != fingerprint(view.copy())
    before = fingerprint(view)
    wide[2999, 149] += 1
    assert fingerprint(view) != before == fingerprint(twin)


@pytest.mark.parametrize("size", [10, 50_000])
def test_flags_ownership_and_mapping_do_not_count(tmp_path, size):
    array = np.arange(size, dtype="f8")
    frozen = array.copy()
    frozen.flags.writeable = False
    np.save(tmp_path / "a.npy", array)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    borrowed = np.frombuffer(array.tobytes())
    unaligned = np.frombuffer(b"x" + array.tobytes(), offset=1)
    ids = {fingerprint(a) for a in (array, frozen, mapped, borrowed, unaligned)}
    assert len(ids) == 1


def spread(dtype, places):
    """Return zeros of a type whose bytes outside `places` are set."""
    raw = np.full((5, dtype.itemsize), 255, "u1")
    raw[:, places] = 0
    return raw.reshape(-1).view(dtype)


@pytest.mark.parametrize(
    ("dtype", "places"),
    [
        (PADDED, [0, *range(8, 16)]),
        (NESTED, [0, *range(8, 17), *range(24, 34)]),
        pytest.param(np.dtype("g"), range(10), marks=EXTENDED),
        pytest.param(np.dtype("G"), [*range(10), *range(16, 26)], marks=EXTENDED),
    ],
    ids=str,
)
def test_padding_does_not_count(dtype, places):
    clean, dirty = np.zeros(5, dtype), spread(dtype, list(places))
    assert clean.tobytes() != dirty.tobytes()
    assert fingerprint(dirty) == fingerprint(clean)
    assert fingerprint(dirty[0]) == fingerprint(clean[0])


def test_object_arrays_count_every_element_and_its_type():
    words = [f"w{i % 5}" for i in range(200)]
    ids = set()
    for end in ("w0", "x", "", None, float("nan"), 1, True, 1.0, b"w0", ["w0"], np.str_("w0")):
        array = np.empty(201, object)
        array[:200], array[200] = words, end
        assert fingerprint(array) == fingerprint(copy.deepcopy(array))
        ids.add(fingerprint(array))
    assert len(ids) == 11


def test_object_arrays_of_mutable_elements_count_aliases():
    one = [1]
    same, copies = np.empty(2, object), np.empty(2, object)
    same[:] = [one, one]
    copies[:] = [one, [1]]
    assert fingerprint(same) != fingerprint(copies)
    before = fingerprint(copies)
    copies[1].append(2)
    assert fingerprint(copies) != before


def test_subclasses_count_with_their_attributes():
    class Signal(np.ndarray):
        rate = None

    plain = np.arange(3.0)
    signal, faster = plain.view(Signal), plain.view(Signal)
    faster.rate = 2
    assert len({fingerprint(a) for a in (plain, signal, faster)}) == 3


def test_looking_at_a_masked_array_does_not_change_it():
    masked = np.ma.masked_array([1.0, 2.0], [0, 1])
    before = fingerprint(masked)
    str(masked), masked.fill_value, masked + 1
    assert fingerprint(masked) == before
    assert fingerprint(pickle.loads(pickle.dumps(masked))) == before
    masked.data[1] = 9
    assert fingerprint(masked) != before, "what lies under the mask can be read"


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_where_a_generator_is_counts(make):
    source, twin = make(1), make(1)
    start = fingerprint(source)
    assert start == fingerprint(twin) == fingerprint(pickle.loads(pickle.dumps(source)))
    source.normal()
    assert fingerprint(source) != start
    twin.normal()
    assert fingerprint(source) == fingerprint(twin)


def test_the_children_a_generator_has_had_count():
    source = np.random.default_rng(1)
    start = fingerprint(source)
    source.spawn(1)
    assert fingerprint(source) != start


def test_a_ufunc_of_ones_own_is_refused():
    with pytest.raises(Unhashable, match="ufunc"):
        fingerprint(np.frompyfunc(lambda x: x + 1, 1, 1))


def test_a_changed_large_array_is_noticed_every_time():
    array = np.zeros(100_000)
    ids = [fingerprint(array)]
    for position in (0, 50_000, 99_999):
        array[position] = 1
        ids.append(fingerprint(array))
    assert len(set(ids)) == 4
    MEMO.clear()
    assert fingerprint(array) == ids[-1]
    array.dtype = "i8"
    assert fingerprint(array) != ids[-1]
    array = array.view("f8")
    array.shape = (100, 1000)
    assert fingerprint(array) not in ids


def test_a_changed_large_object_array_is_noticed():
    array = np.array([f"w{i}" for i in range(20_000)], object)
    before = fingerprint(array)
    assert fingerprint(array) == before
    array[777] = "other"
    after = fingerprint(array)
    assert after != before == fingerprint(np.array([f"w{i}" for i in range(20_000)], object))
    MEMO.clear()
    assert fingerprint(array) == after
