"""A walk that is spared gives what a walk would give, whatever the program changed meanwhile."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clew.lineage.code import code_id, identify
from clew.lineage.code.guards import Guards

SOURCE = """
import math
import numbers_of
from numbers_of import halve

LIMIT = 10
TABLE = {"a": 1}

def helper(x, by=2):
    return x * by + LIMIT

def closing(factor):
    def inner(x):
        return x * factor
    return inner

def plain(x):
    return helper(x) + math.sqrt(abs(x))

def through_module(x):
    return numbers_of.double(x) + numbers_of.SHIFT + halve(x)

def of_table(x):
    return TABLE["a"] + x

def importing(x):
    import json
    return json.dumps(x)

inner = closing(3)
"""
OTHER = """
SHIFT = 1

def double(x):
    return 2 * x

def halve(x):
    return x / 2
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    identify._walked.clear()
    for name, text in (("numbers_of", OTHER), ("project_of", SOURCE)):
        module = types.ModuleType(name)
        module.__file__ = f"/home/somebody/{name}.py"
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, module.__file__, "exec"), vars(module))
    yield sys.modules["project_of"]
    identify._walked.clear()


def fresh(function: Callable[..., Any]) -> bytes:
    kept = dict(identify._walked)
    identify._walked.clear()
    found = code_id(function)
    identify._walked.clear()
    identify._walked.update(kept)
    return found


def other() -> Any:
    return sys.modules["numbers_of"]


CHANGES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "a constant": ("plain", lambda p: setattr(p, "LIMIT", 11)),
    "a constant of another type": ("plain", lambda p: setattr(p, "LIMIT", 10.0)),
    "a helper": ("plain", lambda p: setattr(p, "helper", p.of_table)),
    "a helper's code": ("plain", lambda p: setattr(p.helper, "__code__", p.plain.__code__)),
    "a helper's defaults": ("plain", lambda p: setattr(p.helper, "__defaults__", (3,))),
    "a helper's keywords": ("plain", lambda p: setattr(p.helper, "__kwdefaults__", {"k": 1})),
    "a helper's attribute": ("plain", lambda p: setattr(p.helper, "mode", "x")),
    "a name that hides a built-in": ("plain", lambda p: setattr(p, "abs", p.of_table)),
    "a name that is gone": ("plain", lambda p: delattr(p, "helper")),
    "the library": ("plain", lambda p: setattr(p, "math", other())),
    "a closure": ("inner", lambda p: setattr(p.inner.__closure__[0], "cell_contents", 4)),
    "a function of another module": (
        "through_module",
        lambda p: setattr(other(), "double", p.of_table),
    ),
    "a constant of another module": ("through_module", lambda p: setattr(other(), "SHIFT", 2)),
    "a function by its own name": ("through_module", lambda p: setattr(p, "halve", p.of_table)),
    "inside a table": ("of_table", lambda p: p.TABLE.update(a=2)),
    "the function's own code": (
        "plain",
        lambda p: setattr(p.plain, "__code__", p.of_table.__code__),
    ),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_every_change_is_seen(project: Any, what: str) -> None:
    name, change = CHANGES[what]
    function = getattr(project, name)
    before = code_id(function)
    assert code_id(function) == before == fresh(function)
    change(project)
    assert code_id(function) == fresh(function) != before


def test_a_library_that_is_patched_is_seen(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_id(project.plain)
    monkeypatch.setattr(math, "sqrt", project.of_table)
    assert code_id(project.plain) == fresh(project.plain) != before


def test_another_version_of_a_library_is_seen(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy

    vars(project)["np"] = numpy
    exec("def mean(x):\n    return np.mean(x)\n", vars(project))
    before = code_id(project.mean)
    monkeypatch.setattr(numpy, "__version__", "0.1")
    assert code_id(project.mean) == fresh(project.mean) != before


@pytest.mark.parametrize("name", ["plain", "through_module", "inner"])
def test_a_walk_is_spared(project: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = getattr(project, name)
    before = code_id(function)
    monkeypatch.setattr(identify, "_walk", lambda *_: pytest.fail("walked again"))
    assert code_id(function) == before


@pytest.mark.parametrize("name", ["of_table", "importing"])
def test_what_can_change_inside_is_always_walked(project: Any, name: str) -> None:
    code_id(getattr(project, name))
    assert id(getattr(project, name)) not in identify._walked


def test_another_function_at_the_same_address_is_not_taken_for_it(project: Any) -> None:
    guards = Guards()
    identify._walked[id(project.plain)] = (project.helper, guards, b"other")  # type: ignore
    assert code_id(project.plain) == fresh(project.plain)
