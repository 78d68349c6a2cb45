"""Leaves of nested containers that share nothing with what lies around them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import Unhashable
from clew.lineage.fingerprint import fingerprint
from clew.lineage.fingerprint.sharing import leaves_apart

ROWS = [1, 2]


@dataclass
class Model:
    held: Any


SELF: list[Any] = []
SELF.append(SELF)
LEAF = Model([1])


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ([Model(ROWS), [3]], True),
        ([Model(ROWS), ROWS], False),
        ([Model(ROWS), {"deep": (ROWS,)}], False),
        ([Model(ROWS), Model(ROWS)], False),
        ([Model(ROWS), Model([1, 2])], True),
        ([LEAF, {"again": LEAF}], True),
        ([LEAF, Model(LEAF)], False),
        ([LEAF, np.array([LEAF, None], dtype=object)], False),
        ([Model(SELF), [3]], True),
        ([Model(SELF), SELF], False),
        ([ROWS, ROWS, 3, "text"], True),
        ({"key": [Model("text"), Model("text")]}, True),
    ],
)
def test_an_object_met_in_two_places_is_found(container: Any, expected: bool) -> None:
    assert leaves_apart(container) is expected


def test_a_leaf_without_content_id_is_refused() -> None:
    with pytest.raises(Unhashable):
        leaves_apart([(i for i in range(3))])


@given(st.data())
def test_private_copies_of_leaves_that_are_apart_make_the_same_value(data: st.DataObject) -> None:
    pool: list[Any] = [[], Model([])]
    for _ in range(data.draw(st.integers(1, 6))):
        kind = data.draw(st.sampled_from([list, Model]))
        pool.append(kind(data.draw(st.lists(st.sampled_from(pool), max_size=3))))
    container = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4))
    same = fingerprint(severed(container, {})) == fingerprint(container)
    assert same == leaves_apart(container)


def severed(value: Any, done: dict[int, Any]) -> Any:
    """Return a container with a private copy of each leaf."""
    if id(value) not in done:
        if isinstance(value, list):
            done[id(value)] = made = []
            made.extend(severed(item, done) for item in value)
        else:
            done[id(value)] = copy.deepcopy(value)
    return done[id(value)]
