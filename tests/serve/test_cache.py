"""The prediction cache: an entry belongs to one model and one row, and the used ones stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clew.serve.cache import PredictionCache, row_key

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(-3, 3), st.text(max_size=2)
)


@given(
    first=st.lists(VALUES, min_size=1, max_size=3), second=st.lists(VALUES, min_size=1, max_size=3)
)
def test_rows_share_a_key_only_if_they_are_the_same(
    first: list[object], second: list[object]
) -> None:
    same = [(type(v), repr(v)) for v in first] == [(type(v), repr(v)) for v in second]
    assert (row_key(b"m", first) == row_key(b"m", second)) == same
    assert row_key(b"m", first) != row_key(b"n", first)


@given(
    size=st.integers(1, 8),
    asked=st.lists(st.integers(0, 20), max_size=200),
)
def test_what_is_found_is_what_was_kept(size: int, asked: list[int]) -> None:
    cache = PredictionCache(size)
    for number in asked:
        key = row_key(b"m", [number])
        found = cache.get(key)
        assert found in (None, number * 10)
        if found is None:
            cache.put(key, number * 10)
        assert cache.get(key) == number * 10
        assert len(cache) <= size


def test_the_used_ones_stay() -> None:
    cache = PredictionCache(3)
    for name in "abc":
        cache.put(name.encode(), name)
    assert cache.get(b"a") == "a"
    cache.put(b"d", "d")
    assert cache.get(b"a") == "a"
    assert cache.get(b"b") is None
