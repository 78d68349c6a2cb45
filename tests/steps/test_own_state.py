"""A step that moves what it reads outside itself goes on from there, as without clew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import clew


class Holder:
    count = 0


def start() -> None:
    """Begin as a fresh process does."""
    global generator, iterator, items, number, log, closure
    generator = np.random.default_rng(0)
    iterator = iter([1, 2, 3, 4])
    items, log = [], []
    number = Holder.count = 0
    closure = counter()


def counter() -> Callable[[], int]:
    n = 0

    def count() -> int:
        nonlocal n
        n += 1
        return n

    return count


generator: np.random.Generator
iterator: Iterator[int]
items: list[int]
log: list[int]
number: int
closure: Callable[[], int]


def draws(x: int) -> float:
    return float(generator.random())


def advances(x: int) -> int:
    return next(iterator)


def fills(x: int) -> int:
    items.append(x)
    return len(items)


def counts(x: int) -> int:
    global number
    number += 1
    return number


def counts_in_a_class(x: int) -> int:
    Holder.count += 1
    return Holder.count


def calls(x: int) -> int:
    return closure()


MOVERS = [draws, advances, fills, counts, counts_in_a_class, calls]


@pytest.mark.parametrize("function", MOVERS, ids=lambda function: function.__name__)
def test_state_that_a_step_moves_moves_on(function: Callable[[int], float]) -> None:
    start()
    expected = [function(1) for _ in range(4)]
    step = clew.step(function)
    for _ in range(2):
        start()
        assert [step(1), step(1), function(1), step(1)] == expected
    assert "changes what it reads" in step.why().text


def test_a_list_that_is_only_filled_is_no_input() -> None:
    start()

    @clew.step
    def logs(x: int) -> int:
        log.append(x)
        return x

    logs(1)
    logs(1)
    assert logs.why().code == "same-call"
