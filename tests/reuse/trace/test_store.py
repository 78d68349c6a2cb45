"""Dear results outlive the session through the store, and what is not the same is computed."""

import itertools
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clew
from clew.errors import UnsafeLoad
from clew.reuse.trace import function, linalg, rng, serialise, session, trace
from clew.steps.runtime import current

DTYPES = ["f4", "f8", "c16", "i8", "u2", ">f8", "bool"]
NUMBERS = itertools.count()


@pytest.fixture
def dear(monkeypatch):
    """Let every operation seem to take two seconds."""
    ticks = itertools.count(step=2)
    for module in ("clew.reuse.trace.session", "clew.reuse.trace.function"):
        monkeypatch.setattr(sys.modules[module], "perf_counter", lambda: float(next(ticks)))


def _array(seed, dtype="f8", order="C", shape=(5, 4)):
    values = np.random.default_rng(seed).normal(size=shape) * 10
    return np.asarray(values.astype(dtype), order=order)


def _floats(x):
    return x.real.astype("f8")


OPERATIONS = {
    "matmul": lambda x: x.T @ x,
    "put off": lambda x: x @ x.T,
    "sort": lambda x: np.sort(x, axis=0),
    "ufunc": lambda x: np.maximum(x, x[::-1]),
    "several": lambda x: np.linalg.svd(_floats(x))[1],
    "named": lambda x: np.linalg.qr(_floats(x)).R,
    "named, whole": lambda x: np.linalg.eigh(_floats(x.T @ x)).eigenvectors,
    "scalar": lambda x: x.sum(),
    "nested": lambda x: np.histogram(_floats(x))[0],
    "scipy": lambda x: linalg.qr(_floats(x))[1],
}


@pytest.mark.parametrize("name", OPERATIONS)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1000), dtype=st.sampled_from(DTYPES), order=st.sampled_from("CF"))
def test_what_is_found_is_what_was_computed(dear, name, seed, dtype, order):
    plain = _array(seed, dtype, order)
    with np.errstate(all="ignore"):
        try:
            expected = np.asarray(OPERATIONS[name](plain))
        except (TypeError, np.linalg.LinAlgError, ValueError):
            return
        with session(store="default", exact_only=True):
            first = OPERATIONS[name](trace(plain))
        with session(store="default", exact_only=True) as here:
            again = OPERATIONS[name](trace(plain))
    for got in (first, again):
        value = np.asarray(got)
        assert (value.dtype, value.shape) == (expected.dtype, expected.shape)
        assert value.tobytes() == expected.tobytes()
        assert value.flags.f_contiguous == expected.flags.f_contiguous
        assert not value.flags.writeable
    assert again.lineage is first.lineage
    if expected.dtype.kind not in "fc" or np.isfinite(expected).all():
        assert here.stats.recalled >= 1


def test_draws_go_on_where_they_were(dear):
    with session(store="default") as here:
        generator = rng(7, session=here)
        expected = [np.asarray(generator.normal(size=3)) for _ in range(3)]
    with session(store="default") as here:
        generator = rng(7, session=here)
        got = [np.asarray(generator.normal(size=3)) for _ in range(4)]
        assert here.stats.recalled == 3
    plain = np.random.default_rng(7)
    for value in got:
        assert value.tobytes() == plain.normal(size=3).tobytes()
    assert [v.tobytes() for v in got[:3]] == [v.tobytes() for v in expected]


@pytest.mark.parametrize(
    "other",
    [
        lambda x: np.where(x == x[2, 1], np.nextafter(x, 100), x),
        lambda x: x.astype("f4"),
        lambda x: x.astype(">f8"),
        lambda x: np.asfortranarray(x),
        lambda x: x.reshape(4, 5),
        lambda x: x.T,
    ],
)
def test_other_content_dtype_shape_or_layout_is_computed(dear, other):
    plain = _array(1)
    changed = other(plain)
    with session(store="default") as here:
        np.sort(trace(plain), axis=0)
        assert here.stats.kept == 1
    with session(store="default") as here:
        got = np.sort(trace(changed), axis=0)
        assert here.stats.recalled == 0
    assert np.asarray(got).tobytes() == np.sort(changed, axis=0).tobytes()


def test_other_builds_threads_and_settings_are_computed(dear, monkeypatch):
    from clew.reuse.trace import tier

    plain = _array(2)

    def run():
        with session(store="default") as here:
            np.sort(trace(plain), axis=0)
            return here.stats.recalled

    assert [run(), run()] == [0, 1]
    record = tier._Builds.record
    monkeypatch.setattr(tier._Builds, "record", lambda self: record(self) | {"num_threads 0": "64"})
    assert [run(), run()] == [0, 1]
    with np.errstate(under="raise"):
        assert run() == 0


def _define(body):
    """Return the function of a module of the user's that says this."""
    name = f"user_module_{next(NUMBERS)}"
    code = compile(textwrap.dedent(body), name, "exec")
    namespace = {"__name__": "user_module", "np": np}
    exec(code, namespace)
    return namespace


def test_an_edited_function_is_run_and_the_same_one_is_not(dear, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    plain = _array(3)

    def run(text):
        (tmp_path / "their_steps.py").write_text(textwrap.dedent(text))
        sys.modules.pop("their_steps", None)
        import importlib

        importlib.invalidate_caches()
        module = importlib.import_module("their_steps")
        with session(store="default", exact_only=True) as here:
            got = module.fit(trace(plain))
            return np.asarray(got[0]), got[1], here.stats.recalled, here.stats.function_hits, got

    source = """
        import clew, numpy as np

        def helper(x):
            return x * 2.0

        @clew.step(level="function")
        def fit(x):
            return np.sort(helper(x), axis=0) + 1.0, "text"
    """
    value, text, recalled, hits, first = run(source)
    assert (text, recalled, hits) == ("text", 0, 0)
    again, text, recalled, hits, second = run(source)
    # The one look-up of the call, and none of what is inside.
    assert (text, recalled, hits) == ("text", 1, 1)
    assert again.tobytes() == value.tobytes() == (np.sort(plain * 2.0, axis=0) + 1.0).tobytes()
    assert serialise(second[0].lineage) == serialise(first[0].lineage)
    edited, _, _, hits, _ = run(source.replace("x * 2.0", "x * 3.0"))
    assert hits == 0
    assert edited.tobytes() == (np.sort(plain * 3.0, axis=0) + 1.0).tobytes()


def test_a_function_that_gives_a_product_that_is_put_off_is_remembered(dear):
    @function
    def kernel(x):
        return x @ x.T

    plain = _array(11, shape=(400, 30))
    for recalled in (0, 1):
        with session(store="default") as here:
            x = trace(plain)
            got = [kernel(x), kernel(x)]
            assert (here.stats.recalled, here.stats.function_hits) == (recalled, 1 + recalled)
        for one in got:
            assert np.asarray(one).tobytes() == (plain @ plain.T).tobytes()


def test_a_function_that_reads_the_world_is_not_kept(dear, tmp_path):
    place = tmp_path / "number.txt"

    @function(code_id=lambda body: b"the same")
    def scaled(x):
        return x * float(place.read_text())

    plain = _array(4)
    for number in (2.0, 3.0):
        place.write_text(str(number))
        with session(store="default") as here:
            assert np.asarray(scaled(trace(plain))).tobytes() == (plain * number).tobytes()
            assert here.stats.function_hits == 0
            assert any("reads files" in str(note) for note in here.notes)


def test_what_is_inexact_not_finite_or_a_view_is_not_kept(dear):
    plain = _array(5)
    with session(store="default", rewrite_work=0, defer_bytes=0) as here:
        x = trace(plain)
        before = x.T @ x
        both = np.concatenate([x, x + 1])
        got = both.T @ both
        assert not got.exact
        assert here.stats.rules
    with session(store="default", exact_only=True) as here:
        x = trace(plain)
        both = np.concatenate([x, x + 1])
        joined = np.concatenate([plain, plain + 1])
        assert np.asarray(both.T @ both).tobytes() == (joined.T @ joined).tobytes()
    with np.errstate(all="ignore"), session(store="default") as here:
        x = trace(plain)
        np.log(x)
        x.reshape(2, 10)
        np.real(x)
        assert here.stats.kept == 0
    del before


def test_what_gave_a_warning_gives_it_again(dear):
    singular = np.zeros((3, 3))

    @function
    def factors(x):
        return linalg.lu_factor(x)

    for run in (linalg.lu_factor, factors):
        for _ in range(2):
            with session(store="default") as here, pytest.warns(match="singular|exactly zero"):
                run(trace(singular))
            assert here.stats.recalled == 0


def test_a_later_process_rewrites_from_what_an_earlier_one_kept(dear):
    plain = _array(6, shape=(40, 6))
    more = np.concatenate([plain, plain[:3] + 1])
    with session(store="default") as here:
        x = trace(plain)
        kept = x.T @ x
        assert here.stats.kept >= 1
    del kept, x
    with session(store="default", rewrite_work=0, defer_bytes=0) as here:
        x, new = trace(plain), trace(plain[:3] + 1)
        rows = np.concatenate([x, new])
        got = rows.T @ rows
        assert here.stats.rules["product.inner_parts"] == 1
        assert here.stats.recalled == 1
    assert np.allclose(np.asarray(got), more.T @ more, rtol=1e-12)


def test_what_was_dropped_is_computed_and_kept_again(dear):
    plain = _array(7)
    runtime = current()

    def run():
        with session(store="default") as here:
            got = np.sort(trace(plain), axis=0)
            assert np.asarray(got).tobytes() == np.sort(plain, axis=0).tobytes()
            return here.stats.recalled, here.stats.kept

    assert [run(), run()] == [(0, 1), (1, 0)]
    for node in runtime.store.history("clew.reuse.trace:kept", 10):
        runtime.vault.blobs.delete(node.output("result"))
    assert [run(), run()] == [(0, 1), (1, 0)]


def test_the_budget_of_the_store_holds(dear, monkeypatch):
    monkeypatch.setattr(current().materialiser, "budget_bytes", 0)
    with session(store="default") as here:
        np.sort(trace(_array(8)), axis=0)
        assert here.stats.kept == 0


def test_nothing_cheap_is_kept():
    with session(store="default") as here:
        x = trace(_array(9, shape=(300, 20)))
        for _ in range(5):
            x = np.sort(x + 1.0, axis=0)
        assert (here.stats.kept, here.stats.recalled) == (0, 0)
    assert not current().store.history("clew.reuse.trace:kept", 10)


def test_a_result_has_a_thread_to_the_arrays_it_was_made_of(dear):
    plain = _array(10)
    with session(store="default"):
        np.sort(trace(plain) + 1.0, axis=0)
    nodes = current().store.history("clew.reuse.trace:kept", 10)
    assert len(nodes) == 2
    for node in nodes:
        assert [edge.value for edge in node.inputs] == [clew.lineage.fingerprint.fingerprint(plain)]


def test_a_folder_of_others_is_refused(tmp_path):
    place = tmp_path / "open"
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    with pytest.raises(UnsafeLoad), session(store=place):
        pass


def test_a_later_process_finds_it(tmp_path):
    script = textwrap.dedent("""
        import numpy as np, sys, time
        import clew
        from clew.reuse.trace import session, trace

        @clew.step(level="function")
        def solve(x):
            time_is_up = sum(range(4_000_000))
            return np.linalg.inv(x.T @ x)

        with session(store=sys.argv[1], exact_only=True) as here:
            got = solve(trace(np.random.default_rng(0).normal(size=(300, 40))))
            print(here.stats.recalled, here.stats.kept, np.asarray(got).tobytes().hex()[:400])
    """)
    place = tmp_path / "solve.py"
    place.write_text(script)

    def run():
        command = [sys.executable, str(place), str(tmp_path / "store")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    first, again = run(), run()
    assert (first[0], again[0]) == ("0", "1")
    assert first[2] == again[2]
