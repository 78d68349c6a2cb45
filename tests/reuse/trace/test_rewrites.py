"""Every rewrite answers what executing the operation answers, within what it declares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.reuse.trace import recompute, register, rule, rules, session, trace, unregister

ROWS, WIDTH = 40, 6


FOLD = np.r_[0:10, 20:40]
MASK = np.arange(ROWS) % 3 > 0
KEEP = [4, 0, 3]

# Rule: operations on (X, Y, y); all but the last prepare, the last one must be answered by it.
CASES = {
    "product.transposed": [lambda X, Y, y: X.T @ Y, lambda X, Y, y: Y.T @ X],
    "product.rows": [
        lambda X, Y, y: X @ Y.T[:, :5],
        lambda X, Y, y: X[[3, 1, 2]] @ Y.T[:, :5],
    ],
    "product.columns": [
        lambda X, Y, y: X.T @ Y,
        lambda X, Y, y: X.T @ Y[:, KEEP[0] : KEEP[0] + 2],
    ],
    "product.left_parts": [
        lambda X, Y, y: X @ Y.T,
        lambda X, Y, y: np.concatenate([X, Y[:7]]) @ Y.T,
    ],
    "product.right_parts": [
        lambda X, Y, y: X.T @ Y,
        lambda X, Y, y: X.T @ np.column_stack([Y, y]),
    ],
    "product.inner_parts": [
        lambda X, Y, y: X.T @ X,
        lambda X, Y, y: np.concatenate([X, Y]).T @ np.concatenate([X, Y]),
    ],
    "product.row_subset": [
        lambda X, Y, y: X.T @ Y,
        lambda X, Y, y: X[FOLD].T @ Y[FOLD],
    ],
    "product.blocks": [
        lambda X, Y, y: [Y.T @ Y, Y.T @ X, X.T @ X],
        lambda X, Y, y: np.column_stack([Y, X[:, KEEP]]).T @ np.column_stack([Y, X[:, KEEP]]),
    ],
    "product.ones": [
        lambda X, Y, y: X.sum(axis=0),
        lambda X, Y, y: X.T @ np.ones((ROWS, 1)),
    ],
    "product.scaled_rows": [lambda X, Y, y: np.diag(y) @ X],
    "product.scaled_columns": [lambda X, Y, y: X.T @ np.diag(y)],
    "product.put_off": [lambda X, Y, y: X @ Y.T],
    "product.diagonal": [lambda X, Y, y: np.diag(X @ Y.T)],
    "product.trace": [lambda X, Y, y: np.trace(X @ Y.T)],
    "product.slice": [lambda X, Y, y: (X @ Y.T)[3:9]],
    "product.slice ": [lambda X, Y, y: (X @ Y.T)[:, [5, -1, 2]]],
    "product.slice  ": [lambda X, Y, y: (X @ Y.T)[::-3]],
    "product.slice   ": [lambda X, Y, y: (X @ Y.T)[np.arange(ROWS) % 4 == 1]],
    "product.associated": [lambda X, Y, y: (X @ Y.T) @ y],
    "aggregate.of_product": [lambda X, Y, y: (X @ Y.T).sum(axis=0)],
    "aggregate.of_product ": [lambda X, Y, y: (X @ Y.T).sum(axis=1)],
    "einsum.product": [
        lambda X, Y, y: X.T @ Y,
        lambda X, Y, y: np.einsum("ij,ij->j", X, Y),
    ],
    "einsum.product ": [
        lambda X, Y, y: X.T @ Y,
        lambda X, Y, y: np.einsum("ab,ac->bc", X, Y),
    ],
    "einsum.product  ": [
        lambda X, Y, y: X.T @ Y,
        lambda X, Y, y: np.einsum("ij,ij->", X, Y),
    ],
    "aggregate.var_of_parts": [
        lambda X, Y, y: X.var(axis=0),
        lambda X, Y, y: np.concatenate([X, Y]).var(axis=0),
    ],
    "aggregate.of_all": [
        lambda X, Y, y: X.sum(axis=0),
        lambda X, Y, y: np.concatenate([X, Y]).sum(),
    ],
    "aggregate.parts_exact": [
        lambda X, Y, y: X.max(axis=0),
        lambda X, Y, y: np.concatenate([X, Y]).max(axis=0),
    ],
    "aggregate.parts": [
        lambda X, Y, y: X.sum(axis=1),
        lambda X, Y, y: np.column_stack([X, Y]).sum(axis=1),
    ],
    "aggregate.mean_of_parts": [
        lambda X, Y, y: X.mean(axis=0),
        lambda X, Y, y: np.concatenate([X, Y, X[:3]]).mean(axis=0),
    ],
    "aggregate.across_parts": [
        lambda X, Y, y: X.std(axis=0),
        lambda X, Y, y: np.column_stack([X, y]).std(axis=0, keepdims=True),
    ],
    "aggregate.across_selected": [
        lambda X, Y, y: X.var(axis=0),
        lambda X, Y, y: X[:, KEEP].var(axis=0),
    ],
    "aggregate.transposed": [lambda X, Y, y: X.mean(axis=0), lambda X, Y, y: X.T.mean(axis=1)],
    "elementwise.parts": [
        lambda X, Y, y: X * 3.0,
        lambda X, Y, y: np.concatenate([X, Y]) * 3.0,
    ],
    "elementwise.selection": [
        lambda X, Y, y: X - X.mean(axis=0),
        lambda X, Y, y: X[MASK] - X.mean(axis=0),
    ],
    "elementwise.selection ": [
        lambda X, Y, y: Y + 1.0,
        lambda X, Y, y: Y[:, 1:4] + 1.0,
    ],
    "elementwise.transpose": [lambda X, Y, y: abs(X), lambda X, Y, y: abs(X.T)],
    "elementwise.parts_rounded": [
        lambda X, Y, y: np.sin(X),
        lambda X, Y, y: np.sin(np.column_stack([X, Y])),
    ],
    "elementwise.selection_rounded": [
        lambda X, Y, y: np.tanh(X),
        lambda X, Y, y: np.tanh(X[:, KEEP]),
    ],
    "elementwise.transpose_rounded": [
        lambda X, Y, y: np.log(abs(X)),
        lambda X, Y, y: np.log(abs(X).T),
    ],
}

BY_NAME = {found.name: found for found in rules()}


def test_every_rule_has_a_case():
    assert {name.strip() for name in CASES} == set(BY_NAME)


def _arrays(seed, scale=1.0, rows=ROWS):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, WIDTH)) * rng.choice([scale, 1.0], size=WIDTH)
    return X, rng.normal(size=(rows, WIDTH)) + 1, rng.normal(size=rows)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1.0, 1e-6, 1e6]))
def test_answers_within_what_it_declares(name, seed, scale):
    arrays = _arrays(seed, scale)
    expected = np.asarray(CASES[name][-1](*arrays))
    with session(defer_bytes=0, rewrite_work=0) as here:
        traced = [trace(array) for array in arrays]
        kept = [operation(*traced) for operation in CASES[name][:-1]]
        got = CASES[name][-1](*traced)
        assert here.stats.rules[name.strip()] >= 1, here.stats.rules
        again = np.asarray(recompute(got))
    del kept
    value = np.asarray(got)
    assert value.dtype == expected.dtype
    assert value.shape == expected.shape
    if BY_NAME[name.strip()].exact:
        assert got.exact
        assert value.tobytes() == expected.tobytes()
        assert value.flags.c_contiguous == expected.flags.c_contiguous
        assert value.flags.f_contiguous == expected.flags.f_contiguous
    else:
        absolute = CASES[name][-1](*(abs(array) for array in arrays))
        largest = max(np.abs(expected).max(), np.abs(absolute).max())
        assert np.abs(value - expected).max() <= BY_NAME[name.strip()].tolerance * largest
        assert not got.exact
        assert "not bit by bit" in got.explain()
    assert again.tobytes() == value.tobytes()


@pytest.mark.parametrize("name", CASES)
def test_exact_only_gives_the_bits_of_numpy(name):
    arrays = _arrays(3)
    expected = np.asarray(CASES[name][-1](*arrays))
    with session(defer_bytes=0, rewrite_work=0, exact_only=True) as here:
        traced = [trace(array) for array in arrays]
        kept = [operation(*traced) for operation in CASES[name][:-1]]
        got = CASES[name][-1](*traced)
    del kept
    assert np.asarray(got).tobytes() == expected.tobytes()
    assert got.exact
    assert all(BY_NAME[used].exact for used in here.stats.rules)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, ROWS), st.integers(0, ROWS)).map(sorted), min_size=2, max_size=6
    ),
    st.booleans(),
)
def test_products_over_any_sequence_of_row_subsets(spans, scattered):
    X, _, y = _arrays(1)
    with session(defer_bytes=0, rewrite_work=0):
        Xt, yt = trace(X), trace(y)
        for start, stop in spans:
            rows = np.r_[0:start, stop:ROWS]
            if scattered:
                rows = np.random.default_rng(start).permutation(ROWS)[: stop + 1]
            for left, right, plain_left, plain_right in (
                (Xt[rows].T, Xt[rows], X[rows].T, X[rows]),
                (Xt[rows].T, yt[rows], X[rows].T, y[rows]),
                (Xt[:stop].T, Xt[:stop], X[:stop].T, X[:stop]),
            ):
                got, expected = np.asarray(left @ right), plain_left @ plain_right
                assert np.allclose(got, expected, rtol=0, atol=1e-9 * ROWS)


def test_repeated_rows_are_counted_twice():
    X, _, _ = _arrays(2)
    rows = [0, 1, 1, 2] * 9
    with session(defer_bytes=0, rewrite_work=0):
        x = trace(X)
        kept = x.T @ x
        assert np.allclose(x[rows].T @ x[rows], X[rows].T @ X[rows])
        del kept


def test_rows_selected_differently_on_both_sides_do_not_meet():
    X, _, y = _arrays(2)
    first, second = np.arange(0, 30), np.arange(5, 35)
    with session(defer_bytes=0, rewrite_work=0):
        x, t = trace(X), trace(y)
        kept = x.T @ t
        assert np.allclose(x[first].T @ t[second], X[first].T @ y[second])
        del kept


@pytest.mark.parametrize("spoiled", [1e12, np.inf, np.nan])
def test_total_minus_fold_is_not_taken_where_it_would_cancel(spoiled):
    X, _, _ = _arrays(5)
    X[3] = spoiled
    rows = np.r_[0:2, 5:ROWS]
    with np.errstate(invalid="ignore"), session(defer_bytes=0, rewrite_work=0):
        x = trace(X)
        kept = x.T @ x
        got = np.asarray(x[rows].T @ x[rows])
        del kept
    assert np.allclose(got, X[rows].T @ X[rows], rtol=1e-9, atol=1e-12)


def test_extremes_of_zeros_and_nan_are_computed_directly():
    parts = np.array([[0.0, -0.0, np.nan]]), np.array([[-0.0, 0.0, 1.0]])
    with session(defer_bytes=0, rewrite_work=0) as here:
        a, b = (trace(part) for part in parts)
        kept = a.min(axis=0), b.min(axis=0)
        got = np.concatenate([a, b]).min(axis=0)
        del kept
        assert here.stats.partial == 0
    assert np.asarray(got).tobytes() == np.concatenate(parts).min(axis=0).tobytes()


def test_batches_that_never_overlap_do_not_make_the_whole_computed():
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(400, 20)), rng.normal(size=(20, 10))
    with session(rewrite_work=0) as here:
        x, w = trace(X), trace(W)
        for start in range(0, 400, 50):
            assert np.allclose(x[start : start + 50] @ w, X[start : start + 50] @ W)
        assert here.stats.partial == 0


def test_leaving_one_fold_out_computes_each_fold_about_once():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1600, 40))
    with session(rewrite_work=0, defer_bytes=0) as here:
        x = trace(X)
        for fold in range(16):
            out = slice(fold * 100, fold * 100 + 100)
            rows = np.concatenate([x[: out.start], x[out.stop :]])
            plain = np.concatenate([X[: out.start], X[out.stop :]])
            assert np.allclose(rows.T @ rows, plain.T @ plain)
        assert here.stats.rules["product.row_subset"] == 16
        # Never were the folds put together in memory.
        assert here.stats.forced == 0


def test_users_can_add_rules():
    @rule("test.trace_of_product", ["numpy.trace"], tolerance=1e-12, law="tr(Xᵀ) = tr(X)")
    def of_transpose(call):
        return call.session.known("numpy.trace", "(@0)", call.cells[0].form.base)

    try:
        with session(rewrite_work=0) as here:
            x = trace(np.arange(16.0).reshape(4, 4))
            kept = np.trace(x)
            assert float(np.trace(x.T)) == float(kept)
            assert here.stats.rules["test.trace_of_product"] == 1
        with pytest.raises(InvalidParameter):
            register(next(found for found in rules() if found.name == "test.trace_of_product"))
    finally:
        unregister("test.trace_of_product")


def test_a_product_that_is_put_off_is_made_when_it_is_read_and_when_slices_add_up():
    X, Y, _ = _arrays(8)
    with session(defer_bytes=0, rewrite_work=0) as here:
        x, y = trace(X), trace(Y)
        whole = x @ y.T
        assert here.stats.deferred == 1
        assert np.allclose(whole[:5], (X @ Y.T)[:5])
        assert here.stats.forced == 0
        part = whole[5:10]
        part[0] = 7.0
        expected = X @ Y.T
        expected[5] = 7.0
        assert np.allclose(np.asarray(whole), expected)
        again = x @ y.T
        for start in range(0, ROWS, 5):
            assert np.allclose(again[start : start + 5], (X @ Y.T)[start : start + 5])
        assert here.stats.forced >= 1
        assert np.asarray(again).tobytes() == (X @ Y.T).tobytes()


@pytest.mark.parametrize("spoiled", [1e200, np.inf, np.nan])
def test_what_could_warn_is_not_put_off(spoiled):
    X, Y, y = _arrays(8)
    X[2, 3] = Y[1, 1] = spoiled
    with np.errstate(all="ignore"), session(defer_bytes=0, rewrite_work=0) as here:
        x, t = trace(X), trace(y)
        got = np.asarray(x @ trace(Y).T)
        scaled = np.asarray(np.diag(t) @ x)
        assert got.tobytes() == (X @ Y.T).tobytes()
        assert np.array_equal(scaled, np.diag(y) @ X, equal_nan=True) or np.isfinite(spoiled)
        assert here.stats.rules["product.put_off"] == 0


def test_more_weights_beside_those_that_were_multiplied_before():
    rng = np.random.default_rng(0)
    rows, weights, more = (rng.normal(size=size) for size in ((4000, 200), (200, 60), (200, 3)))
    with session() as here:
        X, first, second = trace(rows), trace(weights), trace(more)
        known = [X @ first, X @ first]
        both = np.hstack([first, second])  # small: joined at once, and known by its parts
        answer = X @ both
        assert here.stats.rules["product.right_parts"] == 1 and known
        grown = first
        for _ in range(500):  # known by its last parts only, and no deeper
            grown = np.hstack([grown, second[:, :1]])
        assert np.asarray(X[:2] @ grown).shape == (2, 560)
    np.testing.assert_allclose(np.asarray(answer), rows @ np.hstack([weights, more]), rtol=1e-9)


def test_an_array_that_grows_in_a_loop_is_copied_together_once_in_a_while():
    """Not for each candidate that is joined to it, when it has become too deep to be followed."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, 4))
    with session() as here:
        X = trace(rows)
        grown = np.column_stack([X[:, 0], X[:, 1]])
        for step in range(150):
            candidates = [np.column_stack([grown, X[:, k]]) for k in range(4)]
            grown = candidates[step % 4]
        assert here.stats.misses == 0  # no join is done at once
        columns = [0, 1, *(step % 4 for step in range(150))]
        assert np.asarray(grown).tobytes() == np.ascontiguousarray(rows[:, columns]).tobytes()
