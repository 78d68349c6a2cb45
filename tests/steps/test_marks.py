"""A mark says of the global generators what their own functions say."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.lineage.fingerprint import fingerprint
from clew.steps import marks, rng

DRAWS = {
    "random": random.random,
    "gauss": lambda: random.gauss(0, 1),
    "shuffle": lambda: random.shuffle([1, 2, 3]),
    "uniform": np.random.random,
    "normal": np.random.standard_normal,
    "legacy": lambda: np.random.normal(size=3),
    "binomial": lambda: np.random.binomial(10, 0.5),
    "long": lambda: (random.getrandbits(32 * 700), np.random.bytes(4 * 700)),
}
LEGACY: Any = np.random


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delitem(sys.modules, "torch", raising=False)  # with it there are no marks
    standing = rng.snapshot()
    yield
    rng.restore(standing)


def plain(states: dict[str, Any]) -> bytes:
    return fingerprint({name: rng.plain(state) for name, state in states.items()})


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(sorted(DRAWS)), max_size=8))
def test_a_mark_holds_the_states(seed: int, draws: list[str]) -> None:
    before = rng.snapshot()
    random.seed(seed)
    np.random.seed(seed)
    for name in draws:
        DRAWS[name]()
    mark = marks.take()
    assert mark is not None
    assert plain(marks.states(mark)) == plain(rng.snapshot())
    rng.restore(before)


@pytest.mark.parametrize("spare", [False, True])
@pytest.mark.parametrize("name", sorted(DRAWS))
def test_every_draw_is_seen(name: str, spare: bool) -> None:
    random.seed(3)
    np.random.seed(3)
    if spare:
        random.gauss(0, 1)
        np.random.standard_normal()
    standing = rng.Standing()
    before = rng.snapshot()
    DRAWS[name]()
    moved = standing.moved()
    assert moved
    assert plain(standing.states) == plain(before)
    rng.restore({name: standing.states[name] for name in moved})
    assert plain(rng.snapshot()) == plain(before)
    assert standing.moved() == {}


def test_a_spare_draw_that_was_put_back_by_hand_is_seen() -> None:
    """The bits are the same; only the kept half of a pair differs."""
    np.random.seed(0)
    np.random.standard_normal()
    kept = LEGACY.get_state()
    np.random.standard_normal()
    standing = rng.Standing()
    LEGACY.set_state(kept)
    assert list(standing.moved()) == ["numpy.random"]


def test_another_bit_generator_has_no_mark() -> None:
    before = LEGACY.get_bit_generator()
    LEGACY.set_bit_generator(np.random.PCG64(1))
    try:
        assert marks.take() is None
        standing = rng.Standing()
        assert standing.moved() == {}
        np.random.random()
        assert list(standing.moved()) == ["numpy.random"]
    finally:
        LEGACY.set_bit_generator(before)


def test_where_the_layout_is_unknown_states_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_layout", lambda: None)
    standing = rng.Standing()
    assert standing.moved() == {}
    random.random()
    assert list(standing.moved()) == ["random"]


def test_this_interpreter_has_marks() -> None:
    assert marks._layout() is not None
