"""What is kept, for how long, and by whom it is computed."""

import contextlib
import threading
import time

import numpy as np
import pytest

from clew.errors import InvalidParameter
from clew.reuse.trace import Session, TracedArray, linalg, recompute, session, stats, trace
from clew.reuse.trace.cache import Entry, MemoryCache
from clew.reuse.trace.cell import Cell
from clew.reuse.trace.item import make

A = np.random.default_rng(0).normal(size=(60, 8))


def _entry(size_bytes, cost_s):
    cell = Cell(make("read", (), f"(i{size_bytes})"), np.zeros(1))
    return Entry((cell,), cost_s, size_bytes)


def test_results_are_kept_when_nobody_holds_them():
    with session() as here:
        x = trace(A)
        float((x.T @ x).sum())
        float((x.T @ x).sum())
        assert here.stats.hits == 2
        assert here.stats.saved_s > 0
        assert stats(here) is here.stats


def test_the_budget_is_never_passed():
    with session(budget_bytes=100_000) as here:
        x = trace(A)
        for step in range(200):
            np.linalg.inv(x.T @ x + float(step))
            assert here.cache.size_bytes <= 100_000
    with pytest.raises(InvalidParameter):
        Session(budget_bytes=-1)


def test_no_budget_keeps_nothing_and_stays_right():
    with session(budget_bytes=0) as here:
        x = trace(A)
        for _ in range(2):
            assert np.array_equal(np.exp(x).sum(axis=0), np.exp(A).sum(axis=0))
        assert here.cache.size_bytes == 0
        assert here.stats.hits == 0


def test_what_is_dear_for_its_size_stays():
    cache = MemoryCache(10_000)
    assert cache.admit(b"dear", _entry(5_000, 9.0))
    assert cache.admit(b"cheap", _entry(5_000, 0.1))
    assert cache.admit(b"new", _entry(5_000, 1.0))
    assert cache.get(b"dear") and cache.get(b"new") and not cache.get(b"cheap")
    assert not cache.admit(b"worse", _entry(5_000, 0.2))
    assert not cache.admit(b"too large", _entry(10_001, 100.0))
    assert cache.size_bytes == 10_000
    cache.clear()
    assert cache.size_bytes == len(cache) == 0


def test_uses_count_for_staying():
    cache = MemoryCache(10_000)
    cache.admit(b"used", _entry(5_000, 0.1))
    cache.admit(b"unused", _entry(5_000, 0.5))
    cache.get(b"used").hits = 50
    assert cache.admit(b"new", _entry(5_000, 1.0))
    assert cache.get(b"used")
    assert not cache.get(b"unused")


def test_cheap_bulky_results_are_kept_at_second_sight():
    cache = MemoryCache(1 << 30)
    assert not cache.admit(b"bulky", _entry(1 << 20, 1e-4))
    assert cache.admit(b"bulky", _entry(1 << 20, 1e-4))
    assert cache.get(b"bulky").misses == 2


def test_sessions_share_nothing():
    with session() as one:
        x = trace(A)
        kept = x.T @ x
    with session() as other:
        again = trace(A).T @ trace(A)
        assert other.stats.hits == 0
    assert one.stats.misses == 1
    assert kept.lineage is again.lineage


def test_threads_wait_for_one_another():
    started = threading.Barrier(4)
    calls = []

    def slow(value):
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return value * 2

    here = Session()
    cell = trace(A, session=here)._cell
    results = []

    def work():
        started.wait()
        results.append(here.evaluate("test.slow", slow, "(@0)", [cell], [cell])[0][0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert all(result is results[0] for result in results)


def test_a_failed_operation_lets_the_waiting_try():
    here = Session()
    x = trace(A, session=here)
    inside = threading.Event()
    outcomes = []

    def failing(value):
        inside.set()
        time.sleep(0.02)
        raise ValueError("no")

    def work():
        try:
            here.evaluate("test.failing", failing, "(@0)", [x._cell], [x._cell])
        except ValueError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside.is_set()
    assert outcomes == ["no"] * 3
    assert len(here.flights) == 0


def test_many_threads_on_the_same_work_agree_with_numpy():
    here = Session(budget_bytes=200_000)
    x = trace(A, session=here)
    expected = [np.linalg.inv(A.T @ A + step * np.eye(8)).sum() for step in range(20)]
    failures = []

    def work():
        for _ in range(3):
            for step in range(20):
                got = np.linalg.inv(x.T @ x + step * np.eye(8)).sum()
                if float(got) != expected[step]:
                    failures.append(step)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


LINALG = {
    "solve": lambda la, x: la.solve(x.T @ x, x[0], assume_a="pos"),
    "cholesky": lambda la, x: la.cho_solve(la.cho_factor(x.T @ x), x[0]),
    "inv": lambda la, x: la.inv(x.T @ x, overwrite_a=True),
    "eigh": lambda la, x: la.eigh(x.T @ x)[1],
    "svd": lambda la, x: la.svd(x, full_matrices=False)[1],
    "qr": lambda la, x: la.qr(x, mode="economic")[0],
    "lstsq": lambda la, x: la.lstsq(x, x[:, 0])[0],
    "norm": lambda la, x: la.norm(x),
    "toeplitz": lambda la, x: la.toeplitz(x[0]),
    "solve_toeplitz": lambda la, x: la.solve_toeplitz(x[0] + 9, x[1]),
    "block_diag": lambda la, x: la.block_diag(x, x.T),
    "ldl": lambda la, x: la.ldl(x.T @ x)[1],
    "hessenberg": lambda la, x: la.hessenberg(x.T @ x),
    "sylvester": lambda la, x: la.solve_sylvester(x.T @ x, x.T @ x, x.T @ x),
    "tridiagonal": lambda la, x: la.eigh_tridiagonal(x[0], x[1, 1:])[0],
    "banded": lambda la, x: la.solve_banded((1, 1), x[:3] + 9, x[3]),
    "cosm": lambda la, x: la.cosm(x.T @ x * 0.01),
    "lu": lambda la, x: la.lu_solve(la.lu_factor(x.T @ x), x[0]),
    "angles": lambda la, x: la.subspace_angles(x[:, :2], x[:, 2:4]),
    "procrustes": lambda la, x: la.orthogonal_procrustes(x, x + 1)[0],
    "triangular": lambda la, x: la.solve_triangular(la.cholesky(x.T @ x, lower=True), x[0]),
}


@pytest.mark.parametrize("name", LINALG)
def test_scipy_linalg(name):
    scipy_linalg = pytest.importorskip("scipy.linalg")
    expected = np.asarray(LINALG[name](scipy_linalg, A.copy()))
    with session() as here:
        got = LINALG[name](linalg, trace(A))
        misses = here.stats.misses
        with linalg.patched():
            again = LINALG[name](scipy_linalg, trace(A))
        assert here.stats.misses == misses
        assert here.stats.fallbacks == 0
        assert again.lineage is got.lineage
        assert np.asarray(got).tobytes() == expected.tobytes()
        assert np.asarray(recompute(got)).tobytes() == expected.tobytes()
    assert scipy_linalg.solve is not linalg.solve
    assert np.asarray(LINALG[name](linalg, A.copy())).tobytes() == expected.tobytes()


LEAVING = {
    "logm": lambda la, x: la.logm(x.T @ x),
    "companion": lambda la, x: la.companion(x[0]),
    "qr_insert": lambda la, x: la.qr_insert(*la.qr(x), x[0], 0, overwrite_qru=True)[1],
    "issymmetric": lambda la, x: la.issymmetric(x.T @ x),
}


@pytest.mark.parametrize("name", LEAVING)
def test_other_functions_of_scipy_run_on_plain_arrays_and_say_so(name):
    scipy_linalg = pytest.importorskip("scipy.linalg")
    expected = np.asarray(LEAVING[name](scipy_linalg, A.copy()))
    for module, block in ((linalg, contextlib.nullcontext()), (scipy_linalg, linalg.patched())):
        with session() as here, block:
            got = LEAVING[name](module, trace(A))
            assert type(got) is not TracedArray
            assert np.asarray(got).tobytes() == expected.tobytes()
            (note,) = here.notes
            assert (note.operation, here.stats.fallbacks) == (f"scipy.linalg.{name}", 1)
            assert "materialised" in note.reason
    with pytest.raises(AttributeError):
        linalg.no_such_function


def test_every_function_named_is_one_of_scipy():
    scipy_linalg = pytest.importorskip("scipy.linalg")
    assert set(linalg.NAMES) <= set(scipy_linalg.__all__)
