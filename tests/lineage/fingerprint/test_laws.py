"""Laws that hold for every value: equal copies share an id, any change gives another."""

from __future__ import annotations

import copy
import importlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from clew.lineage.fingerprint import fingerprint

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(codec=None), max_size=8)
    | st.binary(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.decimals()
    | st.fractions()
    | st.uuids()
)
KEYS = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.binary(max_size=4)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.frozensets(KEYS, max_size=4)
        | st.sets(KEYS | st.tuples(KEYS, KEYS), max_size=4)
    ),
    max_leaves=20,
)
ARRAYS = hnp.arrays(
    dtype=hnp.scalar_dtypes() | hnp.nested_dtypes(max_itemsize=64),
    shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)


@given(VALUES)
def test_a_copy_has_the_same_id(value):
    assert fingerprint(copy.deepcopy(value)) == fingerprint(value)
    assert fingerprint(pickle.loads(pickle.dumps(value))) == fingerprint(value)


@given(VALUES)
def test_wrapping_always_gives_another_id(value):
    wrapped = [value, [value], (value,), {"": value}, [[value]], [value, value], [value, ...]]
    assert len({fingerprint(w) for w in wrapped}) == len(wrapped)


@given(st.lists(VALUES, min_size=1, max_size=6), st.data())
def test_a_changed_item_changes_the_id(items, data):
    position = data.draw(st.integers(0, len(items) - 1))
    changed = list(items)
    changed[position] = (items[position], "changed")
    assert fingerprint(changed) != fingerprint(items)


@given(st.dictionaries(KEYS, VALUES, min_size=2, max_size=5))
def test_the_order_of_keys_counts(mapping):
    turned = dict(reversed(mapping.items()))
    assert fingerprint(turned) != fingerprint(mapping)


@given(st.lists(KEYS | st.tuples(KEYS, KEYS), max_size=8))
def test_the_order_of_insertion_into_a_set_does_not(items):
    kept = list(set(items))
    turned = kept[::-1]
    assert fingerprint(set(kept)) == fingerprint(set(turned))
    assert fingerprint(frozenset(kept)) == fingerprint(frozenset(turned))


@given(ARRAYS)
def test_an_array_equals_its_copy(array):
    assert fingerprint(array.copy(order="K")) == fingerprint(array)
    room = np.zeros((2, *array.shape), array.dtype)
    room[1] = array
    assert fingerprint(room[1, ...]) == fingerprint(array.copy(order="C"))


@given(ARRAYS, st.data())
def test_the_same_view_of_equal_arrays_has_one_id(array, data):
    index = data.draw(hnp.basic_indices(array.shape, allow_newaxis=True))
    room = np.zeros((3, *array.shape), array.dtype)
    room[1] = array
    assert fingerprint(room[1, ...][index]) == fingerprint(array.copy(order="C")[index])


@given(hnp.arrays("f8", st.integers(1, 40), elements=st.floats()), st.data())
def test_any_changed_bit_of_an_array_counts(array, data):
    before = fingerprint(array)
    bits = array.view(np.uint8)
    position = data.draw(st.integers(0, bits.size - 1))
    bits[position] ^= 1 << data.draw(st.integers(0, 7))
    assert fingerprint(array) != before


PROGRAM = """
from clew.lineage.fingerprint import fingerprint
value = {"a": {f"w{i}" for i in range(50)}, "b": frozenset({("x", "y"), "z", None, 1})}
print(fingerprint(value).hex())
"""


def test_sets_do_not_depend_on_the_seed_of_string_hashes(monkeypatch):
    found = set()
    for seed in ("0", "1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        found.add(subprocess.check_output([sys.executable, "-c", PROGRAM], text=True))
    assert len(found) == 1


MODELS = """
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from clew.app.frameworks import register_frameworks
from clew.lineage.fingerprint import fingerprint
register_frameworks()
X = np.random.default_rng(0).normal(size=(50, 3))
forest = make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0))
words = CountVectorizer(stop_words=["the", "a"]).fit(["the red clew", "a blue one"])
table = pd.DataFrame({"a": ["x", "y"], "b": pd.Categorical(["p", "q"])})
for value in (forest.fit(X, X[:, 0] > 0), words, table, {"x", "y", "z"}, str.upper):
    print(fingerprint(value).hex())
"""
THREADS = """
import threading, numpy as np, pandas as pd, pyarrow as pa
from clew.app.frameworks import register_frameworks
from clew.lineage.fingerprint import fingerprint
register_frameworks()
start, found = threading.Barrier(8), []
value = [pd.DataFrame({"a": [1]}), np.arange(3), pa.array([1]), pd.NA]
def work():
    start.wait()
    found.append(fingerprint(value))
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads], [t.join() for t in threads]
print(len(found), len(set(found)), found[0] == fingerprint(value))
"""


def test_another_process_finds_the_same_ids(monkeypatch):
    found = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        found.append(subprocess.check_output([sys.executable, "-c", MODELS], text=True).split())
    assert found[0] == found[1]
    assert len(set(found[0])) == 5


def test_threads_that_meet_a_package_at_once_agree():
    found = subprocess.check_output([sys.executable, "-c", THREADS], text=True)
    assert found.split() == ["8", "1", "True"]


FORK = """
import os, signal, numpy as np
from clew.lineage.fingerprint import fingerprint
data = np.ones(4_000_000)
before = fingerprint(data)
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if fingerprint(data.copy()) == before else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_can_hash_what_is_large():
    """The hasher's threads stay behind in the parent; waiting for them would never end."""
    command = [sys.executable, "-W", "ignore", "-c", FORK]
    assert subprocess.check_output(command, text=True, timeout=60).strip() == "0"


FIRST = """
import {module}
from clew.app.frameworks import register_frameworks
from clew.lineage.fingerprint import fingerprint
register_frameworks()
print(len({{fingerprint([{value}]), fingerprint([{value}])}}), fingerprint([{value}]).hex())
"""


@pytest.mark.parametrize(
    ("module", "value"),
    [
        ("pandas", "pandas.NA"),
        ("pandas", "pandas.NaT"),
        ("pandas", "pandas.Timestamp(0)"),
        ("numpy", "numpy.float64(1)"),
        ("pathlib", "pathlib.Path('/nowhere/at/all')"),
    ],
)
def test_the_first_value_of_a_package_is_no_exception(module, value):
    """Handlers are loaded when it shows up; it must not slip past them."""
    program = FIRST.format(module=module, value=value)
    found = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    imported = importlib.import_module(module)
    assert found == ["1", fingerprint([eval(value, {module: imported})]).hex()]


def test_importing_it_does_not_import_numpy():
    program = (
        "import sys, clew.app.frameworks, clew.lineage.fingerprint as f; f.fingerprint({'a': [1]});"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy', 'pandas', 'pyarrow'}))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
