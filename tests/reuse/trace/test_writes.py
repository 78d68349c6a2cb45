"""Writes to traced arrays reach names and views as in NumPy, and never a cached value."""

import numpy as np
import pytest

from clew.reuse.trace import recompute, session, trace

A = np.arange(24.0).reshape(6, 4)


def _assign(x):
    x[1, 2] = -1.0
    x[x > 20] = 0.0
    x[:, [0, 3]] = 5
    return x


def _alias(x):
    y = x
    y += 1.0
    return x


def _view_of_view(x):
    v = x[2:].T[1]
    v[:2] = 99.0
    v *= 2
    return x


def _base_reaches_view(x):
    v = x[:, 1]
    x[3] = -7.0
    return v


def _reshape_view(x):
    x.reshape(-1)[5] = 8.0
    x.ravel()[6] = 9.0
    return x


def _split_views(x):
    left, right = np.split(x, 2)
    right[0] = -3.0
    left += 1
    return x


def _functions(x):
    np.fill_diagonal(x, 3.0)
    np.put(x, [1, 2], 4.0)
    np.copyto(x, 0.5, where=x > 20)
    x.sort(axis=0)
    x[:2].fill(1.0)
    np.add.at(x, ([0, 0], [1, 1]), 2.0)
    return x


def _out(x):
    np.multiply(x, 2.0, out=x)
    np.cumsum(x, axis=0, out=x)
    np.sum(x, axis=0, out=x[0])
    return x


def _integer_in_place(x):
    k = np.round(x).astype(np.int64)
    k //= 2
    k <<= 1
    return k


def _copy_is_apart(x):
    y = x.copy()
    z = x[[0, 1]]
    x[:] = 0
    return y + np.concatenate([z, z, z])


WRITES = [
    _assign, _alias, _view_of_view, _base_reaches_view, _reshape_view, _split_views, _functions,
    _out, _integer_in_place, _copy_is_apart,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITES)
def test_as_in_numpy(write):
    with session():
        expected = write(A.copy())
        for _ in range(2):
            assert np.array_equal(np.asarray(write(trace(A))), expected)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_reconstructs(write):
    with session():
        written = write(trace(A))
        assert np.asarray(recompute(written)).tobytes() == np.asarray(written).tobytes()


def test_a_write_leaves_cached_values_alone():
    with session():
        x = trace(A)
        first = x * 2
        kept = np.asarray(first)
        first[0] = -1
        first += 5
        assert np.array_equal(kept, A * 2)
        assert np.array_equal(x * 2, A * 2)
        assert not np.array_equal(first, A * 2)


def test_casting_rules_hold():
    k = trace(np.arange(3))
    with pytest.raises(TypeError):
        k += 0.5
    with pytest.raises(ValueError):
        k[0:2] = np.arange(5)
    assert np.array_equal(k, np.arange(3))


def test_scalars_are_values():
    total = trace(A).sum()
    other = total
    other += 1.0
    assert float(total) == A.sum()
    assert float(other) == A.sum() + 1


def test_broadcast_views_refuse_writes():
    x, _ = np.broadcast_arrays(trace(A), np.ones(4))
    with pytest.raises(ValueError):
        x[0] = 1.0


def test_writing_into_a_plain_array():
    with session() as here:
        out = np.zeros(4)
        assert np.sum(trace(A), axis=0, out=out) is out
        assert np.array_equal(out, A.sum(axis=0))
        assert here.stats.fallbacks == 1
