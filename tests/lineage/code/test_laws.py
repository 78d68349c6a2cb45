"""Laws of the normal form, on generated names and on the standard library's own code."""

from __future__ import annotations

import ast
import importlib
import keyword
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.lineage.code.bytecode import every
from clew.lineage.code.literals import literal
from clew.lineage.code.scopes import FunctionNode
from clew.lineage.code.source import text_of
from clew.lineage.code.tree import normal_form

CO_NEWLOCALS = 2
MODULES = ("argparse", "dataclasses", "difflib", "enum", "functools", "statistics", "tempfile")
TEMPLATE = """
def function(x, *rest, key=None):
    import json as {a}
    {b} = x + 1
    def inner(y):
        nonlocal {b}
        {b} += y
        return [{c} for {c} in rest if {c} != {b}]
    for {d} in inner(x):
        with open({d}) as {e}:
            {b} = {a}.load({e})
    return ({f} := {b}), {f}, key, lambda z: ({f}, z)
"""
NAMES = st.from_regex(r"[a-z_]{1,6}[0-9]?", fullmatch=True).filter(
    lambda name: (
        not keyword.iskeyword(name)
        and name
        not in {"function", "inner", "x", "y", "z", "rest", "key", "open", "locals", "vars"}
        and name not in {"eval", "exec", "dir", "json"}
    )
)


def _functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, FunctionNode)]


def _form(text):
    return normal_form(_functions(ast.parse(text))[0], ())


@given(st.lists(NAMES, min_size=6, max_size=6, unique=True))
def test_renaming_locals_changes_nothing(names):
    plain = dict(zip("abcdef", ("p1", "p2", "p3", "p4", "p5", "p6"), strict=True))
    renamed = dict(zip("abcdef", names, strict=True))
    assert _form(TEMPLATE.format(**renamed)) == _form(TEMPLATE.format(**plain))


@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=2))
def test_which_local_is_used_counts(picked):
    body = "def function(x):\n    a, b, c, d = x\n    return {}\n"
    first, second = (_form(body.format(name)) for name in picked)
    assert (first == second) == (picked[0] == picked[1])


@pytest.mark.parametrize("name", MODULES)
def test_formatting_changes_nothing_and_every_function_finds_its_text(name):
    module = importlib.import_module(name)
    with open(module.__file__, encoding="utf-8") as file:
        content = file.read()
    tree = ast.parse(content)
    again = ast.parse(ast.unparse(tree))
    for left, right in zip(_functions(tree), _functions(again), strict=True):
        assert normal_form(left, ()) == normal_form(right, ())
    compiled = compile(content, module.__file__, "exec", dont_inherit=True)
    functions = [code for code in every(compiled) if code.co_flags & CO_NEWLOCALS]
    named = [c for c in functions if not c.co_name.startswith("<") or c.co_name == "<lambda>"]
    missing = [code.co_qualname for code in named if text_of(code, {}) is None]
    assert named
    assert missing == []


LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)


def _same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, complex):
        return _same(left.real, right.real) and _same(left.imag, right.imag)
    return left == right


@given(LITERALS, LITERALS)
def test_literals_share_bytes_only_if_they_are_the_same(left, right):
    if literal(left) == literal(right):
        assert _same(left, right)
    assert literal(left) == literal(left)
    assert literal((left,)) != literal(left)
