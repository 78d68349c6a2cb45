"""A model behind a cache: what is remembered waits for nobody, and is a prediction of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from clew.errors import ClewError
from clew.serve import compile_model
from clew.serve.compile import Compiled
from clew.serve.hosted import Hosted
from clew.serve.journal import Journal, JournalWriter
from clew.serve.journal.frame import Batch
from clew.serve.journal.write import Ulids


@pytest.fixture(scope="module")
def doubling() -> Compiled:
    X = np.arange(8.0).reshape(-1, 1)
    return compile_model(LinearRegression().fit(X, 2 * X[:, 0]), X)


def test_a_remembered_row_is_answered_while_a_batch_runs(
    doubling: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = Hosted("m", "1", "content", doubling, cache_size=10)
    goes_on = threading.Event()
    score = hosted.batcher._run

    def held(rows: object) -> object:
        assert goes_on.wait(60)
        return score(rows)  # type: ignore[arg-type]

    async def ask() -> None:
        (first,) = await hosted.answer([[1.0]])
        monkeypatch.setattr(hosted.batcher, "_run", held)
        hosted.batcher._typical_s = 1e-2  # dear: in a thread
        other = asyncio.ensure_future(hosted.answer([[2.0]]))
        (again,) = await hosted.answer([[1.0]])
        assert not other.done()
        assert again.prediction == first.prediction
        assert again.number != first.number
        goes_on.set()
        await other
        await hosted.batcher.drain()

    try:
        asyncio.run(ask())
    finally:
        goes_on.set()
    assert hosted.cache is not None
    assert (hosted.cache.hits, hosted.cache.misses, hosted.batcher.counts.rows) == (1, 2, 2)


@given(
    requests=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=1, max_size=12),
    size=st.integers(1, 5),
    together=st.booleans(),
)
def test_answers_are_those_without_a_cache_and_every_one_is_kept(
    doubling: Compiled,
    tmp_path_factory: pytest.TempPathFactory,
    requests: list[list[int]],
    size: int,
    together: bool,
) -> None:
    folder: Path = tmp_path_factory.mktemp("predictions")
    writer = JournalWriter(folder)
    hosted = Hosted("m", "1", "content", doubling, cache_size=size, journal=writer)

    async def ask() -> list[object]:
        waiting = [hosted.answer([[float(n)] for n in asked]) for asked in requests]
        if together:
            return list(await asyncio.gather(*waiting))
        return [await one for one in waiting]

    given_answers = asyncio.run(ask())
    writer.close()
    numbers = set()
    for asked, answers in zip(requests, given_answers, strict=True):
        assert [a.prediction for a in answers] == pytest.approx([2 * n for n in asked])  # type: ignore[attr-defined]
        numbers |= {a.number for a in answers}  # type: ignore[attr-defined]
    assert len(numbers) == sum(map(len, requests))
    kept = {
        int.from_bytes(entry.first) + at
        for entry in Journal(folder)
        if isinstance(entry, Batch)
        for at in range(len(entry.labels))
    }
    assert kept == numbers


def test_a_row_that_is_no_row_is_refused_as_without_a_cache(doubling: Compiled) -> None:
    hosted = Hosted("m", "1", "content", doubling, cache_size=10)
    deep: object = 1.0
    for _ in range(5000):
        deep = [deep]
    for row in ([1.0, 2.0], ["a"], [None], deep):
        with pytest.raises(ClewError):
            asyncio.run(hosted.answer([row]))  # type: ignore[list-item]


def test_threads_share_no_id() -> None:
    ulids = Ulids()
    ulids._last = 1 << 127  # every number is the one after the last
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: ulids.take(1)[1], range(4000)))
    assert len(set(taken)) == len(taken)
