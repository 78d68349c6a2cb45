"""Instances, callables and classes; what refuses to be copied refuses to be named."""

from __future__ import annotations

import collections
import copy
import functools
import io
import itertools
import operator
import pickle
import random
import re
import socket
import threading
import types
import weakref
from dataclasses import dataclass, field

import pandas as pd
import pytest

from clew.errors import Unhashable
from clew.lineage.fingerprint import encode, fingerprint, register, register_lazy


@dataclass
class Point:
    x: int
    y: list[int] = field(default_factory=list)


@dataclass
class Spot:
    x: int
    y: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fixed:
    x: int


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Thrifty:
    """Says itself that its cache is no part of it."""

    def __init__(self, content):
        self.content, self.lock = content, threading.Lock()

    def __getstate__(self):
        return {"content": self.content}

    def __setstate__(self, state):
        self.__init__(state["content"])


class Liar:
    def __reduce__(self):
        return "nowhere_to_be_found"


class Single:
    def __reduce__(self):
        return "SINGLE"


SINGLE = Single()


class Labelled(set):
    pass


class Word(str):
    pass


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def closure(n):
    return lambda x: x + n


DISTINCT = [
    *(Point(1), Point(2), Point(1, [1]), Spot(1), Fixed(1), Fixed(2), Slotted(1), Slotted(2)),
    *(Point, Spot, Fixed, add, subtract, closure(1), closure(2), Point(1).__repr__),
    *(functools.partial(add, 1), functools.partial(add, b=1), functools.partial(add, 2)),
    *(len, [].append, [1].append, "a".upper, "b".upper, operator.add, operator.itemgetter(1)),
    *(Thrifty(1), Thrifty(2), SINGLE, Labelled("ab"), Labelled("a"), Word("a")),
    *(collections.deque([1]), collections.deque([1], 3), collections.Counter("a")),
    *(collections.defaultdict(list), collections.defaultdict(int), collections.ChainMap({})),
    *(types.SimpleNamespace(a=1), types.MappingProxyType({"a": 1}), random.Random(1)),
    *(random.Random(2), re.compile("a"), re.compile("a", re.IGNORECASE), io.BytesIO(b"a")),
    *(list[int], list[str], ValueError("a"), KeyError("a"), property(len)),
]


def test_values_that_can_be_told_apart_have_different_ids():
    seen: dict[bytes, object] = {}
    for value in DISTINCT:
        found = fingerprint(value)
        assert found not in seen, f"{value!r} and {seen.get(found)!r}"
        assert found == fingerprint(value)
        seen[found] = value


@pytest.mark.parametrize("value", [Point(1, [2]), Fixed(1), Slotted(1), Thrifty([1]), Word("a")])
def test_copies_share_an_id(value):
    assert fingerprint(copy.deepcopy(value)) == fingerprint(value)
    assert fingerprint(pickle.loads(pickle.dumps(value))) == fingerprint(value)


def test_an_added_attribute_counts():
    for value in (Point(1), Labelled("a"), Word("a"), functools.partial(add)):
        before = fingerprint(value)
        value.extra = 1
        assert fingerprint(value) != before


def test_the_state_of_a_random_source_counts():
    source = random.Random(1)
    before = fingerprint(source)
    source.random()
    assert fingerprint(source) != before


HERE, THERE = object(), object()


def test_sentinels_are_told_apart_by_the_name_that_holds_them():
    assert fingerprint(HERE) == fingerprint(HERE) != fingerprint(THERE)
    assert fingerprint([HERE, HERE]) != fingerprint([HERE, THERE])
    with pytest.raises(Unhashable, match="nothing but itself"):
        fingerprint({"a": object()})


def test_an_edited_class_changes_its_instances():
    def build(body):
        space = {"__name__": "made"}
        exec(f"class Model:\n    def predict(self): {body}\n", space)
        return space["Model"]()

    assert fingerprint(build("return 1")) != fingerprint(build("return 2"))


REFUSED = {
    "itertools": lambda: itertools.count(1),
    "generator": lambda: (i for i in range(3)),
    "lock": threading.Lock,
    "thread": threading.Thread,
    "local": threading.local,
    "weak": lambda: weakref.ref(Point),
    "liar": Liar,
    "map": lambda: map(str, (i for i in range(3))),
    "in_object": lambda: Point(threading.Lock()),
    "in_dict": lambda: {"a": [threading.Lock()]},
    "in_set": lambda: {(1, Fixed(threading.Lock()))},
    "in_partial": lambda: functools.partial(add, threading.Lock()),
    "bound_to_lock": lambda: threading.Lock().acquire,
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_copied_is_refused(make):
    with pytest.raises(Unhashable):
        fingerprint(make())


def test_open_files_and_sockets_are_refused(tmp_path):
    with (tmp_path / "f").open("w") as file, pytest.raises(Unhashable):
        fingerprint(file)
    with socket.socket() as connection, pytest.raises(Unhashable):
        fingerprint(connection)


class Angle:
    def __init__(self, degrees):
        self.degrees = degrees


class Turn(Angle):
    pass


def test_registered_handlers():
    raw = fingerprint(Angle(0))
    register(Angle, shared=False)(lambda value, ctx: encode(value.degrees % 360, ctx))
    assert fingerprint(Angle(0)) == fingerprint(Angle(360)) != raw
    assert fingerprint(Turn(0)) != fingerprint(Turn(360)), "a subclass may hold more"
    register(Angle, subclasses=True)(lambda value, ctx: encode(value.degrees % 360, ctx))
    assert fingerprint(Turn(0)) == fingerprint(Turn(360)) != fingerprint(Angle(0))


def test_a_name_is_looked_up_when_its_package_shows_up():
    module = types.ModuleType("late_package")
    module.Thing = type("Thing", (), {"__module__": "late_package.inner"})
    register("late_package.Thing", tag="thing")(lambda value, ctx: b"named")
    impostor = type("Thing", (), {"__module__": "late_package"})
    import sys

    sys.modules["late_package"] = module
    try:
        assert fingerprint(module.Thing()) == fingerprint(module.Thing())
        one, other = module.Thing(), module.Thing()
        one.x, other.x = 1, 2
        assert fingerprint(one) == fingerprint(other), "the handler does not look at x"
        one, other = impostor(), impostor()
        one.x, other.x = 1, 2
        assert fingerprint(one) != fingerprint(other), "a class of the same name is not it"
    finally:
        del sys.modules["late_package"]


def test_lazy_loaders_run_once_and_only_when_needed():
    calls = []
    register_lazy("lazy_package", lambda: calls.append(1))
    fingerprint(Point(1))
    assert not calls
    kind = type("Kind", (), {"__module__": "lazy_package.deep"})
    fingerprint(kind())
    fingerprint(type("Other", (), {"__module__": "lazy_package"})())
    assert calls == [1]


def test_a_loader_that_fails_fails_again():
    def broken():
        raise ImportError("half installed")

    register_lazy("broken_package", broken)
    kind = type("Kind", (), {"__module__": "broken_package"})
    for _ in range(2):
        with pytest.raises(Unhashable, match="half installed"):
            fingerprint(kind())


def test_a_code_hook_of_ones_own():
    names = [fingerprint(add, code=lambda code: b"x"), fingerprint(add, code=lambda code: b"y")]
    assert names[0] != names[1]
    assert names[0] == fingerprint(add, code=lambda code: b"x") != fingerprint(add)


def test_the_name_of_a_function_counts_as_a_value():
    def made(name):
        def spread(column):
            return column.max() - column.min()

        spread.__name__ = name
        return spread

    rows = pd.DataFrame({"a": [1, 3]})
    assert list(rows.agg([made("spread")]).index) != list(rows.agg([made("range")]).index)
    assert fingerprint(made("spread")) == fingerprint(made("spread"))
    assert fingerprint(made("spread")) != fingerprint(made("range"))
