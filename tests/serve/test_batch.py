"""Batches: every request gets its own answers, whatever travels with it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import InvalidParameter
from clew.serve.batch import Aimd, Batcher, BatchLimit, Fixed, LatencyFit, Overloaded


def double(items: Sequence[int]) -> list[int]:
    if any(item < 0 for item in items):
        raise ValueError("negative")
    return [2 * item for item in items]


@given(
    requests=st.lists(st.lists(st.integers(-1, 50), min_size=1, max_size=6), max_size=30),
    limit=st.integers(1, 20),
    slow=st.booleans(),
)
def test_every_request_gets_its_own_answers(
    requests: list[list[int]], limit: int, slow: bool
) -> None:
    """Also with requests that fail: they fail alone."""
    batcher: Batcher[int, int] = Batcher(double, Fixed(limit))
    batcher._typical_s = 1.0 if slow else 0.0

    async def all_of_them() -> list[object]:
        waiting = [batcher.submit(items) for items in requests]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        await batcher.drain()
        return list(answers)

    for items, answer in zip(requests, asyncio.run(all_of_them()), strict=True):
        if min(items) < 0:
            assert isinstance(answer, ValueError)
        else:
            assert answer == double(items)
    assert batcher.counts.rows == sum(map(len, requests))


def test_what_arrives_together_runs_together() -> None:
    sizes: list[int] = []

    def run(items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        return items

    async def ask() -> None:
        batcher: Batcher[int, int] = Batcher(run, Fixed(64))
        await asyncio.gather(*(batcher.submit([i]) for i in range(50)))
        await batcher.submit([1])

    asyncio.run(ask())
    assert sizes == [50, 1]


def test_the_queue_is_bounded() -> None:
    async def ask() -> None:
        batcher: Batcher[int, int] = Batcher(double, most_waiting=5)
        first = asyncio.ensure_future(batcher.submit([1] * 5))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="too many rows wait") as caught:
            await batcher.submit([1])
        assert caught.value.retry_after_s > 0
        assert await first == [2] * 5
        assert await batcher.submit([1]) == [2]

    asyncio.run(ask())


def test_a_request_that_was_given_up_is_not_run() -> None:
    seen: list[int] = []

    def run(items: Sequence[int]) -> Sequence[int]:
        seen.extend(items)
        return items

    async def ask() -> None:
        batcher: Batcher[int, int] = Batcher(run)
        gone = asyncio.ensure_future(batcher.submit([1]))
        kept = asyncio.ensure_future(batcher.submit([2]))
        await asyncio.sleep(0)
        gone.cancel()
        assert await kept == [2]

    asyncio.run(ask())
    assert 2 in seen


def test_a_dear_model_leaves_the_loop_free() -> None:
    def run(items: Sequence[int]) -> Sequence[int]:
        time.sleep(0.05)
        return items

    async def ask() -> int:
        batcher: Batcher[int, int] = Batcher(run, Fixed(1))
        await batcher.submit([0])  # now it is known to be dear
        running = asyncio.ensure_future(batcher.submit([1]))
        turns = 0
        while not running.done():
            await asyncio.sleep(0)
            turns += 1
        await batcher.drain()
        return turns

    assert asyncio.run(ask()) > 50


@given(
    fixed=st.floats(0, 0.004),
    each=st.floats(1e-6, 1e-3),
    seed=st.integers(0, 1000),
)
def test_the_fit_finds_the_cost_and_keeps_the_objective(
    fixed: float, each: float, seed: int
) -> None:
    limit, generator = LatencyFit(0.02), random.Random(seed)
    for _ in range(200):
        rows = generator.randint(1, 40)
        limit.observe(rows, fixed + each * rows)
    rows = limit.rows(0.0)
    assert rows == 1 or fixed + each * rows <= 0.0101
    assert rows >= min(int((0.01 - fixed) / each) * 0.9 - 1, 4000)


def test_a_wait_shortens_the_batch() -> None:
    limit = LatencyFit(0.02)
    for rows in range(1, 40):
        limit.observe(rows, 0.001 + 1e-4 * rows)
    assert limit.rows(0.0) > limit.rows(0.015) > 1
    assert limit.rows(0.5) == limit.rows(0.0)  # the objective is lost: catch up


def drive(limit: BatchLimit, fixed: float, each: float, batches: int = 500) -> int:
    for _ in range(batches):
        rows = limit.rows(0.0)
        limit.observe(rows, fixed + each * rows)
    return limit.rows(0.0)


def test_where_the_objective_cannot_be_kept_the_queue_is() -> None:
    """A batch of one costs 30 ms of 20: single rows would make 33 a second, batches make 500."""
    limit = LatencyFit(0.02)
    rows = drive(limit, 0.03, 1e-3)
    assert rows >= 25
    assert rows / (0.03 + 1e-3 * rows) > 400


def test_aimd_settles_below_its_objective() -> None:
    assert 150 <= drive(Aimd(0.02), 0.001, 1e-4) <= 200
    assert drive(Aimd(0.02), 0.03, 1e-5) == 1


def test_settings_are_checked() -> None:
    for make in (lambda: LatencyFit(0.0), lambda: Aimd(-1.0), lambda: Aimd(0.02, step=0)):
        with pytest.raises(InvalidParameter):
            make()
