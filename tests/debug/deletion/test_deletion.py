"""A deletion gives what a refit gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

from clew.debug.deletion import Annotated, LinearModel
from clew.errors import InvalidParameter, InvalidState, NotFound

SOURCES = ("a", "b", "c", "d")


def made(seed: int, rows: int, features: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, features)) * random.uniform(0.1, 50, features) + 100
    y = X @ random.normal(size=features) + random.normal(size=rows) + 7
    return X, y, list(random.choice(SOURCES, rows))


def equal(model: LinearModel, X: np.ndarray, y: np.ndarray, alpha: float) -> None:
    peer = Ridge(alpha=alpha, solver="cholesky") if alpha else LinearRegression()
    peer.fit(X, y)
    scale = np.abs(peer.coef_).max()
    assert model.coef_ == pytest.approx(peer.coef_, rel=1e-8, abs=1e-8 * scale)
    assert model.predict(X) == pytest.approx(peer.predict(X), rel=1e-8)


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(30, 200),
    features=st.integers(1, 5),
    gone=st.sets(st.sampled_from(SOURCES), max_size=3),
    part=st.floats(0, 0.4),
    alpha=st.sampled_from([0.0, 1.0, 100.0]),
)
def test_what_is_left_is_what_a_refit_gives(
    seed: int, rows: int, features: int, gone: set[str], part: float, alpha: float
) -> None:
    X, y, sources = made(seed, rows, features)
    model = LinearModel.fit(X, y, sources=sources, alpha=alpha)
    equal(model, X, y, alpha)
    deleted = np.random.default_rng(seed).choice(rows, int(part * rows), replace=False)
    keep = ~np.isin(sources, sorted(gone))
    keep[deleted] = False
    if keep.sum() < 3 * features + 3:
        return
    left = model.without(sources=gone, rows=deleted)
    equal(left, X[keep], y[keep], alpha)
    assert (left.kept == keep).all()
    in_two = model.without(rows=deleted).without(sources=gone, rows=deleted[:1])
    assert in_two.coef_ == pytest.approx(left.coef_, rel=1e-7, abs=1e-9)


def test_the_source_that_bends_the_model_has_the_most_influence() -> None:
    X, y, sources = made(0, 400, 3)
    bent = y + np.where(np.array(sources) == "c", 40 * X[:, 0], 0)
    found = LinearModel.fit(X, bent, sources=sources).influence()
    assert [one.source for one in found][0] == "c"  # noqa: RUF015
    assert sum(one.rows for one in found) == 400


def test_what_cannot_be_is_refused() -> None:
    X, y, sources = made(0, 40, 3)
    model = LinearModel.fit(X, y, sources=sources)
    with pytest.raises(NotFound, match="source"):
        model.without(sources=["z"])
    with pytest.raises(NotFound, match="row"):
        model.without(rows=[40])
    with pytest.raises(InvalidState, match="no row is left"):
        model.without(sources=SOURCES)
    with pytest.raises(InvalidState, match="determine"):
        model.without(rows=range(38))
    with pytest.raises(InvalidState, match="determine"):
        LinearModel.fit(np.column_stack([X, X[:, 0]]), y)
    for wrong in ((X[:3], y), (X * np.nan, y)):
        with pytest.raises(InvalidParameter):
            LinearModel.fit(*wrong)
    with pytest.raises(InvalidParameter):
        LinearModel.fit(X, y, sources=["a"])


matrices = st.lists(
    st.tuples(st.sets(st.sampled_from(SOURCES), max_size=2), st.integers(0, 1000)),
    min_size=1,
    max_size=5,
)


def summed(parts: list[tuple[set[str], int]]) -> tuple[Annotated, dict[frozenset[str], np.ndarray]]:
    plain: dict[frozenset[str], np.ndarray] = {}
    for names, seed in parts:
        matrix = np.random.default_rng(seed).normal(size=(3, 3))
        plain[frozenset(names)] = plain.get(frozenset(names), 0) + matrix
    return Annotated(plain), plain


@given(one=matrices, two=matrices, gone=st.sets(st.sampled_from(SOURCES)))
def test_deleting_before_and_after_is_the_same(
    one: list[tuple[set[str], int]], two: list[tuple[set[str], int]], gone: set[str]
) -> None:
    a, b = summed(one)[0], summed(two)[0]

    def both(x: Annotated, y: Annotated) -> np.ndarray:
        return ((x @ y.T) * 2.0 + y).total()

    def left(x: Annotated) -> Annotated:
        return Annotated.of((), x.without(gone).total())

    after = ((a @ b.T) * 2.0 + b).without(gone).total()
    assert after == pytest.approx(both(left(a), left(b)))
    assert both(a, b) == pytest.approx(2 * a.total() @ b.total().T + b.total())
    assert a.without(gone).sources.isdisjoint(gone)


def test_parts_have_one_shape() -> None:
    with pytest.raises(InvalidParameter, match="one shape"):
        Annotated.of("a", np.eye(2)) + Annotated.of("b", np.eye(3))
