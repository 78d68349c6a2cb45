"""The worst slices are exactly those that trying all of them finds."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.debug.slices import Index, coded, find_slices, index
from clew.debug.slices.index import counts, packed, unpacked
from clew.errors import InvalidParameter


def by_trying(
    rows: Index, errors: np.ndarray, count: int, alpha: float, predicates: int, least: int
) -> list[float]:
    """Return the best scores of all slices there are."""
    masks = unpacked(rows.bits, rows.rows)
    scores = []
    for size in range(1, predicates + 1):
        for sets in combinations(range(len(rows.values)), size):
            if len({int(rows.columns[value]) for value in sets}) < size:
                continue
            inside = masks[list(sets)].all(axis=0)
            n, total = int(inside.sum()), float(errors[inside].sum())
            if n < least or total == 0:
                continue
            worse = total / n / errors.mean() - 1
            score = alpha * worse - (1 - alpha) * (len(errors) / n - 1)
            if score > 1e-9:
                scores.append(score)
    scores.sort(reverse=True)
    if len(scores) > count:
        scores = [score for score in scores if score >= scores[count - 1] - 1e-9]
    return scores


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(3, 120),
    columns=st.integers(1, 5),
    values=st.integers(1, 4),
    alpha=st.sampled_from([0.5, 0.8, 0.95, 1.0]),
    predicates=st.integers(1, 4),
    least=st.integers(1, 10),
    count=st.integers(1, 12),
    real=st.booleans(),
)
def test_the_best_are_found(
    seed: int,
    rows: int,
    columns: int,
    values: int,
    alpha: float,
    predicates: int,
    least: int,
    count: int,
    real: bool,
) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(0, values, (rows, columns))
    errors = random.exponential(size=rows) if real else (random.random(rows) < 0.3).astype(float)
    if errors.sum() == 0:
        return
    found = coded(codes, [f"c{at}" for at in range(columns)])
    asked = {"alpha": alpha, "predicates": predicates, "least_rows": least, "count": count}
    best = find_slices(found, errors, **asked)
    expected = by_trying(found, errors, count, alpha, predicates, least)
    scores = [one.score for one in best]
    assert scores == pytest.approx(expected[: len(scores)])
    assert len(scores) >= min(count, len(expected))
    masks = dict(zip(found.values, unpacked(found.bits, rows), strict=True))
    for one in best:
        inside = np.all([masks[value] for value in one.where], axis=0)
        assert one.rows == inside.sum()
        assert one.errors == pytest.approx(errors[inside].sum())
        assert one.largest == errors[inside].max()
    half = rows // 2
    if half and errors[:half].sum():
        earlier = find_slices(
            coded(codes[:half], [f"c{at}" for at in range(columns)]), errors[:half], **asked
        )
        again = find_slices(found, errors, **asked, before=earlier)
        assert [one.score for one in again] == pytest.approx(scores)


@pytest.mark.slow
@pytest.mark.parametrize("predicates", [2, 3])
def test_the_librarys_scores_are_reached(predicates: int) -> None:
    slicefinder = pytest.importorskip("sliceline.slicefinder")
    random = np.random.default_rng(0)
    codes = random.integers(0, 5, (2000, 6))
    errors = ((codes[:, 0] == 1) & (codes[:, 1] < 2) | (random.random(2000) < 0.1)).astype(float)
    peer = slicefinder.Slicefinder(alpha=0.9, k=5, max_l=predicates, min_sup=20, verbose=False)
    peer.fit(codes + 1, errors)
    found = find_slices(
        coded(codes, [str(at) for at in range(6)]),
        errors,
        count=5,
        alpha=0.9,
        predicates=predicates,
        least_rows=20,
    )
    scores = [one["slice_score"] for one in peer.top_slices_statistics_]
    assert [one.score for one in found] == pytest.approx(scores)


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_bits_come_back(mask: list[bool]) -> None:
    words = packed(np.array(mask))
    assert unpacked(words, len(mask)).tolist() == mask
    assert counts(words) == sum(mask)


@given(
    values=st.lists(
        st.one_of(st.floats(-1e6, 1e6), st.just(0.0), st.just(float("nan"))),
        min_size=1,
        max_size=80,
    ),
    bins=st.integers(1, 12),
)
def test_every_row_has_one_value_of_each_column(values: list[float], bins: int) -> None:
    found = index({"x": np.array(values), "y": np.arange(len(values)) % 3}, bins=bins)
    masks = unpacked(found.bits, len(values))
    for column in (0, 1):
        assert (masks[found.columns == column].sum(axis=0) == 1).all()
    for row, code in enumerate(found.codes[:, 0]):
        assert masks[code, row]
    every, _, bits = found.ranges()
    for value, mask in zip(every, unpacked(bits, len(values)), strict=True):
        if value.column == "x" and value.sign != "=":
            inside = {v for v, is_in in zip(values, mask, strict=True) if is_in}
            outside = {v for v, is_in in zip(values, mask, strict=True) if not is_in and v == v}
            low, high = (inside, outside) if value.sign == "<" else (outside, inside)
            assert not low or not high or max(low) < min(high)


def test_a_column_that_is_nearly_always_zero_is_told_apart() -> None:
    values = np.concatenate([np.zeros(900), np.arange(1, 101)])
    found = index({"gain": values}, bins=6)
    assert str(found.values[0]) == "gain=0"
    assert 5 <= len(found.values) <= 7


def test_tables_of_any_kind_are_read() -> None:
    frame = pd.DataFrame(
        {
            "word": ["a", "b", None, "a"] * 10,
            "number": np.arange(40.0),
            "kind": pd.Categorical(["x", "y"] * 20),
            "flag": [True, False] * 20,
        }
    )
    found = index(frame, bins=4)
    assert {str(value) for value in found.values} >= {
        "word=a", "word=(missing)", "kind=x", "flag=True", "number=[0, 10)", "number=[30, 39]",
    }  # fmt: skip
    many = index({"id": np.array([f"v{at % 90}" for at in range(400)])}, most=8)
    assert len(many.values) == 9
    assert many.values[-1].text == "(other)"


@pytest.mark.parametrize(
    ("errors", "options"),
    [
        ([-1.0, 0.0, 1.0], {}),
        ([np.nan, 0.0, 1.0], {}),
        ([0.0, 1.0], {}),
        ([0.0, 1.0, 1.0], {"alpha": 0.0}),
        ([0.0, 1.0, 1.0], {"predicates": 0}),
        ([0.0, 1.0, 1.0], {"count": 0}),
    ],
)
def test_what_makes_no_sense_is_refused(errors: list[float], options: dict[str, float]) -> None:
    with pytest.raises(InvalidParameter):
        find_slices({"a": np.array([0, 1, 1])}, np.array(errors), **options)


def test_no_errors_have_no_slices_and_columns_fit_together() -> None:
    assert find_slices({"a": np.array([0, 1])}, np.zeros(2)) == ()
    for wrong in ({"a": np.arange(3), "b": np.arange(2)}, {}):
        with pytest.raises(InvalidParameter):
            index(wrong)
    with pytest.raises(InvalidParameter):
        coded(np.array([[-1]]), ["a"])


def test_all_pairs_of_two_columns_are_covered() -> None:
    codes = np.array(list(product(range(3), range(3))) * 5)
    errors = (codes == [1, 2]).all(axis=1).astype(float)
    (best, *_) = find_slices(coded(codes, ["a", "b"]), errors, alpha=0.9, least_rows=1)
    assert [str(value) for value in best.where] == ["a=1", "b=2"]
    assert best.mean == 1.0
