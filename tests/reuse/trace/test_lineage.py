"""Items, their text, their programs, and folded loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import InvalidParameter, NotFound
from clew.lineage.canonical import digest
from clew.lineage.fingerprint import fingerprint
from clew.reuse.trace import (
    dedup,
    first_difference,
    function,
    loop,
    parse,
    program,
    recompute,
    rng,
    same,
    serialise,
    session,
    trace,
    walk,
)
from clew.reuse.trace.literal import Hole, decode_call, encode_call, source

A = np.arange(12.0).reshape(4, 3)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(),
    st.complex_numbers(allow_nan=False), st.just(...), st.just(np.dtype("<f4")),
    st.sampled_from([np.float32(1.5), np.int8(-3), np.bool_(True), np.float64, float, np.add]),
    st.builds(slice, st.integers(0, 5), st.none() | st.integers(0, 9)),
    st.builds(Hole, st.integers(0, 9)),
)  # fmt: skip
literals = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.tuples(inner),
    max_leaves=8,
)


@given(st.lists(literals, max_size=4), st.dictionaries(st.sampled_from(["axis", "b"]), literals))
def test_arguments_read_back_and_as_source(args, kwargs):
    text = encode_call(args, kwargs)
    assert "\n" not in text
    back = decode_call(text)
    assert encode_call(*back) == text
    assert back == (tuple(args), kwargs)
    names = [f"v{n}" for n in range(10)]
    scope = {"numpy": np, "struct": __import__("struct"), **{n: Hole(int(n[1:])) for n in names}}
    for value in args:
        assert encode_call([eval(source(value, names), scope)], {}) == encode_call([value], {})


def test_special_floats_keep_their_bits():
    for value in (float("nan"), -0.0, float("inf"), 5e-324):
        (back,), _ = decode_call(encode_call([value], {}))
        assert np.float64(back).tobytes() == np.float64(value).tobytes()


def test_format_is_frozen():
    with session():
        x = trace(A)
        y = np.sum(x * 0.5, axis=0)
    assert x.lineage.id.hex() == "cdf5a73601f173103f0a704b3d4acb1e6efb3a83"
    assert y.lineage.id.hex() == "ff509019cbb1b5b77a68805a6342d959173d20e1"
    assert x.lineage.data == f"(b{fingerprint(A).hex()};)"
    assert y.lineage.id == digest(
        "trace-item", 1, [b"numpy.sum", b"(@0,axis=i0)", (x * 0.5).lineage.id]
    )
    lines = serialise(y.lineage).splitlines()
    assert lines[2:] == [
        "1 numpy.multiply 0 (@0,f0x1.0000000000000p-1)",
        "2 numpy.sum 1 (@0,axis=i0)",
        f"root 2 {y.lineage.id.hex()}",
    ]


def test_equal_computations_are_one_object():
    with session():
        left, right = trace(A) @ A.T, trace(A.copy()) @ A.T
    assert left.lineage is right.lineage
    assert same(left.lineage, right.lineage)


def test_first_difference_names_where_two_traces_part():
    with session():
        x = trace(A)
        left = np.exp(x * 2.0).sum()
        right = np.exp(x * 3.0).sum()
    a, b = first_difference(left.lineage, right.lineage)
    assert (a.opcode, a.data) == ("numpy.multiply", "(@0,f0x1.0000000000000p+1)")
    assert b.data == "(@0,f0x1.8000000000000p+1)"
    assert first_difference(left.lineage, left.lineage) is None


def _model(X, generator):
    X = np.column_stack([X, np.ones(len(X))])
    noise = generator.normal(size=X.shape)
    order = generator.permutation(len(X))
    X = (X + noise)[order]
    u, s, vt = np.linalg.svd(X, full_matrices=False)
    X = u * s @ vt
    X[0] = 1.0
    X.T[1] += 2
    weights = np.linalg.solve(X.T @ X + np.eye(4), X.T @ np.arange(4.0))
    return np.where(weights > 0, weights, np.nan).astype(np.float32)


def test_program_gives_the_same_bits():
    with session():
        got = _model(trace(A), rng(7))
        text = program(got)
        scope = {}
        exec(compile(text, "<program>", "exec"), scope)
        leaves = {i.data[2:-2]: i.value for i in walk([got.made]) if i.opcode == "read"}
        assert scope["compute"](leaves.__getitem__).tobytes() == np.asarray(got).tobytes()
    assert np.asarray(recompute(got)).tobytes() == np.asarray(got).tobytes()
    body = text.partition("def compute(read):")[2]
    assert not any(word in body for word in ("for ", "if ", "while "))
    assert "clew" not in text
    plain = _model(A, np.random.default_rng(7))
    assert plain.tobytes() == np.asarray(got).tobytes()


def test_program_without_its_data_says_so():
    with session():
        big = np.zeros(200_000)
        got = trace(A).sum() + big
        with pytest.raises(NotFound):
            recompute(parse(serialise(got.made)))
        leaf = next(i for i in walk([got.made]) if i.opcode == "read" and i.value is None)
        value = recompute(got, {leaf.data[2:-2]: big})
        assert np.array_equal(value, got)


def test_damaged_text_is_refused():
    with session():
        text = serialise((trace(A) * 2.0 + 1.0).lineage)
    for broken in ("", "other", text.replace("p+1", "p+2"), text[:-60], text.replace("0 (", "9 (")):
        with pytest.raises(InvalidParameter):
            parse(broken)
    hostile = text.replace("numpy.multiply", "os.system")
    with pytest.raises(InvalidParameter):
        recompute(parse(hostile[: hostile.index("root")] + _root(hostile)))


def _root(text):
    from clew.reuse.trace.item import make

    leaf, first, second = (line.split(" ") for line in text.splitlines()[1:4])
    item = make(leaf[1], (), leaf[3])
    item = make(first[1], (item,), first[3])
    item = make(second[1], (item,), second[3])
    return f"root 2 {item.id.hex()}\n"


def _steps(x, indices):
    for step in indices:
        y = x * 0.5
        x = np.tanh(y) + step if step % 3 else np.sqrt(abs(y) + 1.0)
    return x


def test_folded_loop_is_the_plain_trace():
    with session():
        folded = _steps(trace(A), loop(range(200)))
        text = serialise(folded.lineage)
        plain = serialise(folded.lineage, plain=True)
        id = folded.lineage.id
    with session():
        unfolded = _steps(trace(A), range(200))
        assert unfolded.lineage.id == id
        assert serialise(unfolded.lineage, plain=True) == plain
    assert len(text) * 3 < len(plain)
    assert parse(text).id == parse(plain).id == id


def test_steady_loop_is_one_line():
    with session(budget_bytes=0):
        x = trace(np.ones(2))
        for step in loop(range(10_000)):
            x = np.sin(x) * 0.5 + step
        text = serialise(x.lineage)
    assert len(text) < 400
    assert parse(text).id == x.lineage.id


def test_folded_items_give_their_inputs_back():
    with session():
        x = trace(A)
        for _ in loop(range(5)):
            x = x * 0.5 + 1.0
        chain = list(walk([x.lineage]))
        assert len(chain) == 11
        assert np.array_equal(recompute(x), x)
        assert parse(serialise(x.lineage)) is x.lineage


def test_nested_loops_and_blocks():
    with session():
        x = trace(A)
        for outer in loop(range(4)):
            for inner in loop(range(3)):
                x = x * 0.5 + float(inner)
            x = x + float(outer)
        with dedup():
            x = abs(x) - 1.0
        assert parse(serialise(x.lineage)).id == x.lineage.id
        id = x.lineage.id
    with session():
        x = trace(A)
        for outer in range(4):
            for inner in range(3):
                x = x * 0.5 + float(inner)
            x = x + float(outer)
        assert (abs(x) - 1.0).lineage.id == id


def test_loop_left_early_stays_sound():
    with session():
        x = trace(A)
        for step in loop(range(9)):
            x = x * 0.5 + 1.0
            if step == 3:
                break
        y = x * 2.0
        assert parse(serialise(y.lineage)).id == y.lineage.id


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 3), st.booleans()), max_size=25))
def test_any_folded_computation_reads_back(plan):
    with session(budget_bytes=0):
        pool = [trace(A), trace(A + 1)]
        for which, number, renew in loop(plan):
            made = pool[which % len(pool)] * float(number)
            made = made + (pool[-1] if renew else number)
            pool.append(abs(made))
            del pool[:-3]
        text = serialise(pool[-1].lineage)
        assert parse(text).id == pool[-1].lineage.id


def test_deep_chains_do_not_recurse():
    with session(budget_bytes=0):
        x = trace(np.zeros(1))
        for _ in range(30_000):
            x = x + 1.0
        text = serialise(x.lineage)
        assert parse(text).id == x.lineage.id
        assert first_difference(x.lineage, (x + 1.0).lineage) is not None
        assert text.count("\n") == 30_003
        views = trace(np.zeros(3000))
        for _ in range(2000):
            views = views[1:]
        views[0] = 1.0
        assert float(views.sum()) == 1.0
    del x, views


def test_draws_are_recorded_and_reused():
    with session() as here:
        generator, plain = rng(5), np.random.default_rng(5)
        first = [generator.normal(size=3), generator.integers(0, 9, size=2), generator.random()]
        expected = [plain.normal(size=3), plain.integers(0, 9, size=2), plain.random()]
        for a, b in zip(first, expected, strict=True):
            assert np.array_equal(a, b)
        misses = here.stats.misses
        twin = rng(5)
        again = [twin.normal(size=3), twin.integers(0, 9, size=2)]
        assert here.stats.misses == misses
        assert again[1].lineage is first[1].lineage
        # After hits the generator stands where it would.
        assert float(twin.random()) == float(first[2])
        assert twin.normal(size=2).lineage is generator.normal(size=2).lineage
        other = rng(5)
        other.uniform()
        assert not np.array_equal(other.integers(0, 9, size=2), first[1])
    with pytest.raises(TypeError):
        rng(None)
    with pytest.raises(AttributeError):
        generator.shuffle


FACTOR = 2.0


@function
def _fit(X, y, *, strength=1.0):
    left = X.T @ X * FACTOR
    for column in range(left.shape[0]):
        left[column, column] += strength
    return np.linalg.solve(left, X.T @ y), left.trace()


def test_functions_are_reused_whole(monkeypatch):
    y = np.arange(4.0)
    with session() as here:
        X = trace(A)
        weights, total = _fit(X, y)
        misses = here.stats.misses
        again, same_total = _fit(trace(A.copy()), y.copy(), strength=1.0)
        assert here.stats.misses == misses
        assert here.stats.function_hits == 1
        assert again.lineage is weights.lineage
        assert float(total) == float(same_total)
        _fit(X, y, strength=2.0)
        _fit(X, y + 1)
        assert here.stats.function_hits == 1
        monkeypatch.setitem(_fit.__wrapped__.__globals__, "FACTOR", 3.0)
        other, _ = _fit(X, y)
        assert here.stats.function_hits == 1
        assert not np.array_equal(other, weights)
    plain, _ = _fit(A, y)
    assert type(plain) is np.ndarray


def test_functions_with_effects_on_arguments_run_again():
    @function
    def clear(X):
        X[0] = 0.0
        return X.sum()

    with session() as here:
        for _ in range(2):
            X = trace(A)
            clear(X)
            assert float(X[0].sum()) == 0.0
        assert here.stats.function_hits == 0
