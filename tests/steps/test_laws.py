"""The law of reuse: with it or without it, a program gives the same, whatever was edited."""

from __future__ import annotations

import random
from collections.abc import Callable

import hypothesis.strategies as st
from hypothesis import given, settings

import clew

OPERATIONS: dict[str, Callable[[int], Callable[..., object]]] = {
    "add": lambda k: lambda *xs: sum(_numbers(xs)) + k,
    "list": lambda k: lambda *xs: [*_numbers(xs), k],
    "mutate": lambda k: lambda *xs: _appended(list(xs), k),
    "pair": lambda k: lambda *xs: (sum(_numbers(xs)), k),
    "draw": lambda k: lambda *xs: sum(_numbers(xs)) + random.randrange(k + 2),
}


def _numbers(value: object) -> list[int]:
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in _numbers(item)]
    return [value]


def _appended(values: list[object], k: int) -> object:
    for value in values:
        if isinstance(value, list):
            value.append(k)
    return values


Program = list[tuple[str, int, int | None, tuple[int, ...]]]
"""Lines of a program: operation, constant in its code, seed, lines whose results it takes."""


@st.composite
def programs(draw: st.DrawFn) -> Program:
    lines: Program = []
    for index in range(draw(st.integers(1, 6))):
        sources = draw(st.lists(st.integers(-1, index - 1), max_size=3))
        operation = draw(st.sampled_from(sorted(OPERATIONS)))
        seed = draw(st.integers(0, 2)) if operation == "draw" else None
        lines.append((operation, draw(st.integers(0, 2)), seed, tuple(sources)))
    return lines


@st.composite
def edited(draw: st.DrawFn) -> list[Program]:
    """A program and some later versions of it."""
    versions = [draw(programs())]
    for _ in range(draw(st.integers(1, 3))):
        lines = list(versions[-1])
        where = draw(st.integers(0, len(lines) - 1))
        operation, _, seed, sources = lines[where]
        lines[where] = (operation, draw(st.integers(0, 2)), seed, sources)
        versions.append(lines)
    return versions


def plain(program: Program) -> list[object]:
    import copy

    results: list[object] = []
    for operation, k, seed, sources in program:
        taken = [copy.deepcopy(results[i]) if i >= 0 else 7 for i in sources]
        if seed is not None:
            random.seed(seed)
        results.append(OPERATIONS[operation](k)(*taken))
    return results


def with_reuse(program: Program, engine: str) -> tuple[list[object], int]:
    @clew.flow
    def flow() -> list[object]:
        results: list[object] = []
        for operation, k, seed, sources in program:
            step = clew.step(seed=seed)(OPERATIONS[operation](k))
            results.append(step(*[results[i] if i >= 0 else 7 for i in sources]))
        return results

    run = flow.start({}, engine=engine, workers=3)
    return run.result, len(run.computed)


@settings(max_examples=40)
@given(edited(), st.sampled_from(["inline", "threads"]))
def test_reuse_gives_what_plain_execution_gives_across_edits(
    versions: list[Program], engine: str
) -> None:
    for version in [*versions, versions[0]]:
        assert with_reuse(version, engine)[0] == plain(version)
    assert with_reuse(versions[0], engine)[1] == 0
