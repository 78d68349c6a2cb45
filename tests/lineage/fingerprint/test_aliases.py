"""The same mutable value twice is not two equal values; cycles and depth are no obstacle."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint


class Box:
    def __init__(self, content=None):
        self.content = content


@pytest.mark.parametrize("make", [list, dict, set, bytearray, Box, lambda: np.zeros(3)])
def test_one_mutable_value_twice_differs_from_two_copies(make):
    one = make()
    assert fingerprint([one, one]) != fingerprint([one, copy.deepcopy(one)])
    assert fingerprint([one, one]) == fingerprint(copy.deepcopy([one, one]))
    assert fingerprint([make(), make()]) == fingerprint([make(), make()])


@pytest.mark.parametrize("value", [(1, 2), "text" * 300, frozenset({1}), range(3), np.dtype("f4")])
def test_aliases_of_immutable_values_do_not_count(value):
    twin = pickle.loads(pickle.dumps(value))
    assert fingerprint([value, value]) == fingerprint([value, twin])


def test_which_value_is_the_alias_counts():
    a, b = [1], [1]
    aliased = [[a, b, a], [a, b, b], [a, a, b], [a, a, a]]
    assert len({fingerprint(value) for value in aliased}) == len(aliased)


def test_cycles():
    def ring(length):
        nodes = [Box() for _ in range(length)]
        for node, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
            node.content = following
        return nodes[0]

    assert fingerprint(ring(3)) == fingerprint(ring(3))
    assert len({fingerprint(ring(n)) for n in (1, 2, 3, 4)}) == 4
    knot = {}
    knot["me"] = (knot, [knot])
    assert fingerprint(knot) == fingerprint(copy.deepcopy(knot))


def test_aliases_between_elements_of_a_set_and_the_rest():
    def build(shared):
        inner = [1]
        key = (1, Box(inner))
        return [{key, (2, Box([2]))}, inner if shared else [1]]

    assert fingerprint(build(True)) == fingerprint(build(True))
    assert fingerprint(build(True)) != fingerprint(build(False))


def test_a_set_of_values_that_refer_to_the_set():
    def build():
        group = set()
        group |= {Box(group), Box((group, 1))}
        return group

    assert fingerprint(build()) == fingerprint(build())


def nested(depth, leaf):
    value = leaf
    for level in range(depth):
        value = [value] if level % 2 else {"in": (value,)}
    return value


@pytest.mark.parametrize("depth", [1, 6, 7, 50, 500, 5000])
def test_a_difference_at_any_depth_counts(depth):
    assert fingerprint(nested(depth, 1)) == fingerprint(nested(depth, 1))
    assert fingerprint(nested(depth, 1)) != fingerprint(nested(depth, 2))
    assert fingerprint(nested(depth, 1)) != fingerprint(nested(depth + 1, 1))


def test_a_long_chain_of_objects():
    def chain(length, last):
        head = Box(last)
        for _ in range(length):
            head = Box(head)
        return head

    assert fingerprint(chain(3000, 1)) == fingerprint(chain(3000, 1))
    assert fingerprint(chain(3000, 1)) != fingerprint(chain(3000, 2))


def test_absurd_depth_is_refused_not_crashed():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(Unhashable, match="levels deep"):
        fingerprint(value)
    while value:  # take it apart gently: the interpreter's own clean-up recurses
        value = value.pop()


def test_called_from_deep_inside_a_program():
    def descend(levels):
        return fingerprint(nested(30, 1)) if levels == 0 else descend(levels - 1)

    assert descend(850) == fingerprint(nested(30, 1))


def test_shared_tuples_take_linear_time():
    pure, impure = (1,), ([],)
    for _ in range(200):
        pure, impure = (pure, pure), (impure, impure)
    assert fingerprint(pure) != fingerprint(impure)


def test_an_error_deep_inside_says_where():
    with pytest.raises(Unhashable, match=r"at value\['a'\]\[1\]\.content: a generator") as caught:
        fingerprint({"a": [1, Box(i for i in "x")]})
    assert caught.value.got == "generator"
    with pytest.raises(Unhashable, match=" … "):
        fingerprint(nested(200, (i for i in "x")))
