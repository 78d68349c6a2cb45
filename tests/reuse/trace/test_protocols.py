"""A traced array behaves as the ndarray that it stands for."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import MutatedArgument, Unhashable, WrongType
from clew.reuse.trace import TracedArray, explain, session, trace

rng = np.random.default_rng(0)
A = rng.normal(size=(6, 4))
V = rng.normal(size=4)

CALLS = {
    "add": lambda x: x + 1,
    "reflected": lambda x: 2.0 - x,
    "plain operand": lambda x: x * V,
    "plain on the left": lambda x: V * x,
    "power": lambda x: abs(x) ** 0.5,
    "comparison": lambda x: (x > 0) & ~(x > 1),
    "matmul": lambda x: x.T @ x,
    "matmul with plain": lambda x: V @ x.T,
    "reduce": lambda x: x.sum(axis=0),
    "keepdims": lambda x: np.mean(x, axis=1, keepdims=True),
    "scalar": lambda x: x.max() - x.min(),
    "ufunc method": lambda x: np.add.reduce(x, axis=1),
    "outer": lambda x: np.multiply.outer(x[0], x[1]),
    "accumulate": lambda x: np.cumsum(x, axis=0),
    "where": lambda x: np.where(x > 0, x, -1.0),
    "ufunc where": lambda x: np.add(x, 1.0, where=x > 0, out=np.zeros_like(x)),
    "concatenate": lambda x: np.concatenate([x, x[:2]], axis=0),
    "column_stack": lambda x: np.column_stack([x[:, 0], x, np.ones(6)]),
    "vstack": lambda x: np.vstack([x, V]),
    "hstack": lambda x: np.hstack([x, x]),
    "stack": lambda x: np.stack([x, x + 1]),
    "split": lambda x: np.split(x, 3)[1],
    "fancy": lambda x: x[[3, 1, 1]],
    "mask": lambda x: x[x[:, 0] > 0],
    "columns": lambda x: x[:, [2, 0]],
    "pairs": lambda x: x[[0, 1], [2, 1]],
    "mask and column": lambda x: x[x[:, 0] > 0, 1],
    "newaxis": lambda x: x[:, None, 1:],
    "ellipsis": lambda x: x[..., -1],
    "negative step": lambda x: x[::-2, ::-1],
    "reshape": lambda x: x.reshape(4, 6).ravel(),
    "transpose": lambda x: x.T.T.transpose(1, 0),
    "astype": lambda x: x.astype(np.float32),
    "sort": lambda x: np.sort(x, axis=0),
    "argsort": lambda x: x.argsort(axis=1),
    "unique": lambda x: np.unique(np.round(x)),
    "einsum": lambda x: np.einsum("ij,ij->i", x, x),
    "einsum of two": lambda x: np.einsum("ij,kj->ik", x, A),
    "linalg": lambda x: np.linalg.inv(x.T @ x),
    "svd": lambda x: np.linalg.svd(x, full_matrices=False).S,
    "eigh": lambda x: np.linalg.eigh(x.T @ x).eigenvectors,
    "lstsq": lambda x: np.linalg.lstsq(x, np.arange(6.0), rcond=None)[0],
    "norm": lambda x: np.linalg.norm(x, axis=1),
    "diag": lambda x: np.diag(x.T @ x),
    "clip": lambda x: x.clip(-1, 1),
    "std": lambda x: x.std(axis=0, ddof=1),
    "divmod": lambda x: divmod(x, 0.3)[1],
    "isnan": lambda x: np.isnan(x).any(),
    "interp": lambda x: np.interp(x, [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]),
    "fft": lambda x: np.fft.rfft(x, axis=0),
    "percentile": lambda x: np.percentile(x, [25, 75], axis=0),
    "zeros_like": lambda x: np.zeros_like(x),
    "full_like": lambda x: np.full_like(x, 3.0),
    "nan_to_num": lambda x: np.nan_to_num(x / 0.0, posinf=1.0, neginf=2.0),
    "argmax": lambda x: np.argmax(x, axis=0),
    "quantile of scalar": lambda x: np.quantile(x, 0.5),
    "tile": lambda x: np.tile(x, (2, 1)),
    "take": lambda x: np.take(x, [0, 2], axis=1),
}


@pytest.mark.parametrize("name", CALLS)
def test_same_bits_type_and_layout_as_numpy(name):
    with np.errstate(all="ignore"), session():
        expected = CALLS[name](A.copy())
        got = CALLS[name](trace(A))
        again = CALLS[name](trace(A))
    for value in (got, again):
        assert isinstance(value, TracedArray)
        array = np.asarray(value)
        assert array.dtype == expected.dtype
        assert array.shape == np.shape(expected)
        assert array.tobytes() == np.asarray(expected).tobytes()
        if array.ndim == 2:
            assert array.flags.f_contiguous == np.asarray(expected).flags.f_contiguous


@pytest.mark.parametrize("name", CALLS)
def test_repeated_operations_are_reused(name):
    with np.errstate(all="ignore"), session() as here:
        x = trace(A)
        first = CALLS[name](x)
        misses = here.stats.misses
        again = CALLS[name](x)
        assert here.stats.misses == misses
        assert again.lineage is first.lineage


def test_python_protocols():
    x = trace(A)
    assert len(x) == 6
    assert [float(row[0]) for row in x] == A[:, 0].tolist()
    assert f"{x[0, 0]:.3f}" == f"{A[0, 0]:.3f}"
    assert bool(x[0, 0] > -9)
    assert int(trace(np.array(3))) == 3
    assert list(range(5))[trace(np.array(3))] == 3
    assert round(x[0, 0], 2) == round(A[0, 0], 2)
    assert x.item(0) == A.item(0)
    assert x.tolist() == A.tolist()
    assert hash(x[0, 0]) == hash(A[0, 0])
    assert A[0, 0] in x
    assert repr(trace(np.arange(2))) == "TracedArray([0, 1])"
    with pytest.raises(TypeError):
        len(x[0, 0])
    with pytest.raises(TypeError):
        hash(x)
    with pytest.raises(ValueError):
        bool(x > 0)
    with pytest.raises(IndexError):
        x[9]
    with pytest.raises(AttributeError):
        x.no_such_attribute


def test_copies_and_pickles():
    x = trace(A)
    assert copy.deepcopy(x).lineage is x.lineage
    back = pickle.loads(pickle.dumps(x))
    assert type(back) is np.ndarray
    assert np.array_equal(back, A)


def test_arrays_given_out_are_read_only():
    x = trace(A)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0, 0] = 1.0
    own = np.array(x)
    own[0, 0] = 9.0
    assert x[0, 0] == A[0, 0]


def test_source_changed_after_tracing_does_not_matter():
    source = A.copy()
    x = trace(source)
    source[:] = 0
    assert np.array_equal(x @ V, A @ V)


def test_shared_source_that_changes_is_noticed():
    source = A.copy()
    x = trace(source, copy=False)
    assert np.array_equal((x * 2)[0], A[0] * 2)
    view = x[1:].T
    source[0, 0] = 5.0
    for use in (lambda: x * 2, lambda: np.asarray(x), lambda: view + 1, lambda: x.T @ x):
        with pytest.raises(MutatedArgument):
            use()
    assert trace(source)[0, 0] == 5.0


def test_plain_operand_that_changes_is_read_anew():
    with session():
        x = trace(A)
        operand = np.ones((6, 4))
        big = np.ones((600, 4000))
        wide = trace(np.ones(4000))
        assert (x * operand).sum() == pytest.approx(A.sum())
        total = float((big * wide).sum())
        operand[:] = 2
        big[0, 0] = 0
        assert (x * operand).sum() == pytest.approx(2 * A.sum())
        assert float((big * wide).sum()) == total - 1


def test_put_off_copies_do_not_see_later_changes():
    with session(defer_bytes=0):
        x = trace(A)
        column = np.arange(6.0)
        joined = np.column_stack([x, column])
        column[:] = -1
        assert np.array_equal(np.asarray(joined)[:, -1], np.arange(6.0))


def test_identity_tells_dtype_layout_and_type_of_literals_apart():
    ids = {
        trace(array).lineage.id
        for array in (
            A, A.astype(np.float32), np.asfortranarray(A), A.T, A[::-1], A.reshape(4, 6),
            A.view(np.int64), -A,
        )
    }  # fmt: skip
    assert len(ids) == 8
    assert trace(A[:, 1:3]).lineage is trace(A[:, 1:3].copy()).lineage
    x = trace(A)
    literals = [1, 1.0, True, np.float32(1), np.int8(1), np.float64(1), -0.0, 0.0, 1 + 0j]
    assert len({np.add(x, one).lineage.id for one in literals}) == len(literals)


def test_what_cannot_be_traced():
    with pytest.raises(Unhashable):
        trace(np.array([object()]))
    with pytest.raises(WrongType):
        trace(np.ma.array([1.0]))
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(WrongType):
        trace(sparse.eye_array(3))


def test_unsupported_operations_run_on_numpy_and_say_so():
    with session() as here:
        x = trace(A)
        assert np.array_equal(np.apply_along_axis(lambda row: row[:1], 1, x), A[:, :1])
        assert np.array_equal(np.frompyfunc(lambda v: v + 1, 1, 1)(x).astype(float), A + 1)
        assert np.allclose(x, A)
        notes = [str(note) for note in explain(here)]
    assert len(notes) == 3
    assert "apply_along_axis" in notes[0]
    assert here.stats.fallbacks == 3
    assert "allclose" in x.explain()


def test_other_libraries_keep_their_operators():
    pd = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    x = trace(np.arange(3.0))
    assert ((x + pd.Series([1.0, 2, 3])) == pd.Series([1.0, 3, 5])).all()
    matrix = sparse.csr_array(np.eye(3))
    assert np.array_equal(matrix @ x, np.arange(3.0))
    assert np.array_equal(x @ matrix, np.arange(3.0))


def test_array_namespace():
    with session() as here:
        x = trace(A, session=here)
        xp = x.__array_namespace__()
        ones = xp.ones((6, 1))
        assert isinstance(ones, TracedArray)
        joined = xp.concat([x, ones], axis=1)
        assert np.array_equal(joined, np.concatenate([A, np.ones((6, 1))], axis=1))
        assert xp.asarray(x) is x
        assert xp.astype(x, np.float32).dtype == np.float32
    with pytest.raises(ValueError):
        x.__array_namespace__(api_version="1999.01")


def test_different_error_state_does_not_reuse():
    with session():
        x = trace(np.array([1.0, 0.0]))
        with np.errstate(divide="ignore"):
            kept = 1 / x
        with np.errstate(all="raise"), pytest.raises(FloatingPointError):
            1 / x
        assert np.isinf(kept[1])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_programs_equal_numpy(data):
    steps = data.draw(st.lists(st.sampled_from(sorted(PROGRAM)), min_size=1, max_size=8))
    seed = data.draw(st.integers(0, 5))
    start = np.random.default_rng(seed).normal(size=(5, 5))
    with np.errstate(all="ignore"), session(defer_bytes=0, rewrite_work=0, exact_only=True):
        plain, traced = start.copy(), trace(start)
        for step in steps:
            plain = PROGRAM[step](plain)
            traced = PROGRAM[step](traced)
        assert np.asarray(traced).tobytes() == np.asarray(plain).tobytes()


def _in_place(x):
    x = x.copy()
    x += 1.5
    x[0] = 2.0
    return x


def _through_view(x):
    x = x.copy()
    row = x[1:3].T
    row *= 2.0
    x[:, 0][2] = 7.0
    return x


PROGRAM = {
    "scale": lambda x: x * 1.25,
    "gram": lambda x: x.T @ x,
    "rows": lambda x: np.concatenate([x[3:], x[:3]]),
    "columns": lambda x: np.column_stack([x[:, 1:], x[:, 0]]),
    "select": lambda x: x[[4, 0, 2, 1, 3]],
    "centre": lambda x: x - x.mean(axis=0),
    "extreme": lambda x: np.minimum(x, x.max(axis=1)[:, None]),
    "exp": lambda x: np.exp(-abs(x)),
    "in place": _in_place,
    "through view": _through_view,
    "flip": lambda x: x.T[::-1],
}
